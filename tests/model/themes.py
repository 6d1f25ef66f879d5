"""What a drawn file is about: without a theme the subtle things would meet too seldom."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from tests.model.pools import EMAILS, HOURS, Raw, condition

ANY_VERB = (
    ["open", "click", "reply", "complete", "skip", "set", "set", "add", "remove", "pause_one"] * 4
    + ["unsubscribe", "bounce", "auto_reply", "auto_reply", "pause", "resume_one", "publish", "publish"] * 2
    + ["new", "outage", "mailbox"] * 2
    + ["archive", "activate", "resume", "template", "sms_stop"]
)


@dataclass(frozen=True)
class Theme:
    """The weights of one file: lists are drawn from, what stands in them often comes often."""

    name: str
    limits: list[int] = field(default_factory=lambda: [500, 500, 500, 1, 2, 3])
    templates: list[str] = field(default_factory=lambda: ["plain"] * 5 + ["named", "kind", "firm", "owned"])
    steps: tuple[str, ...] = ()
    step_count: tuple[int, int] = (1, 4)
    days: list[int] = field(default_factory=lambda: [1, 1, 1, 2, 2, 3, 4])
    asks: list[int] = field(default_factory=lambda: [0, 0, 1, 2])
    asked: list[Raw] = field(default_factory=list)
    emails: list[str] = field(default_factory=lambda: EMAILS)
    contacts: tuple[int, int] = (2, 6)
    length: tuple[int, int] = (4, 10)
    sequences: list[int] = field(default_factory=lambda: [1, 1, 2, 2, 3])
    records: list[str] = field(default_factory=lambda: ["contact"] * 5 + ["account", "opportunity"])
    verbs: list[str] = field(default_factory=lambda: ANY_VERB)
    events: tuple[int, int] = (6, 24)
    changes: list[tuple[str, str, Any]] = field(default_factory=list)
    exit_conditions: list[Raw] = field(default_factory=list)
    seldom_exit: int = 3
    users: int = 3
    seldom_reentry: int = 3
    hours: list[str] = field(default_factory=lambda: HOURS)


STAGE = [("contact", "lifecycle_stage", stage) for stage in ("Lead", "Customer", "Lost")]
LEAVES = [condition("contact.lifecycle_stage", "in", ["Customer", "lost"])]

THEMES = [
    Theme("anything"),
    Theme("anything"),
    Theme(
        "capacity",
        limits=[1, 1, 2, 3],
        templates=["plain"] * 8 + ["named"],
        steps=("email", "email", "email", "task"),
        step_count=(2, 4),
        days=[1, 1, 2, 2, 3, 4],
        asks=[0, 0, 1],
        asked=[condition("contact.score", ">=", 50), condition("contact.city", "empty")],
        emails=[f"{name}@x.example" for name in ("ann", "ben", "cem", "dot", "eva", "flo", "gus", "hal")],
        contacts=(4, 8),
        sequences=[1, 1, 2],
        records=["contact"],
        verbs=["set"] * 6 + ["new", "new", "add", "pause_one", "mailbox", "publish", "outage"],
        changes=STAGE,
        users=1,
    ),
    Theme(
        "addresses",
        templates=["plain"],
        steps=("email", "email", "email_reminder"),
        step_count=(2, 4),
        days=[1, 2, 3, 4],
        asks=[0, 0, 0, 1],
        emails=["ann@x.example", "Ann@X.example ", "ben@bücher.example", "ben@xn--bcher-kva.example"],
        contacts=(3, 6),
        length=(6, 10),
        records=["contact"],
        verbs=["set"] * 4 + ["unsubscribe"] * 3 + ["bounce"] * 2 + ["add", "new", "complete", "open"],
        changes=[
            ("contact", "email", email)
            for email in ("ann@x.example", "ben@x.example", "ben@bücher.example", "")
        ],
    ),
    Theme(
        "pauses",
        contacts=(3, 6),
        events=(10, 30),
        templates=["plain"] * 4 + ["named"],
        days=[1, 2, 3, 4, 5, 6],
        asks=[0, 0, 1],
        length=(7, 12),
        sequences=[1, 1, 2],
        records=["contact"],
        verbs=["auto_reply"] * 4
        + ["pause_one"] * 4
        + ["resume_one", "pause", "set", "set", "outage", "reply"],
        changes=STAGE,
        exit_conditions=LEAVES,
        seldom_exit=1,
    ),
    Theme(
        "reminders",
        templates=["plain"],
        steps=("call", "task", "email_reminder", "linkedin", "sms_reminder", "task"),
        step_count=(2, 5),
        days=[1, 1, 2, 3, 4, 5],
        asks=[0, 1, 1, 1],
        asked=[
            condition("contact.last_activity_type", "in", ["call", "LUNCH", "Task", "linkedin"]),
            condition("contact.last_contacted_mode", "in", ["Outgoing call", "Sales Activity"]),
            condition("account.last_contacted_mode", "is_not", "Not yet contacted"),
            condition("account.last_activity_type", "empty"),
            condition("contact.last_activity_at", "in_last_days", 1),
        ],
        contacts=(2, 5),
        sequences=[2, 3],
        records=["contact", "contact", "account"],
        verbs=["complete"] * 6
        + ["skip", "remove", "remove", "remove", "reply", "publish", "set", "open", "click"],
        events=(10, 30),
        changes=[("contact", "account", "acc0"), ("contact", "account", None)],
        exit_conditions=[condition("contact.last_contacted_mode", "is", "Outgoing call")],
    ),
    Theme(
        "firms and deals",
        templates=["plain", "plain", "firm"],
        days=[1, 2, 3, 4, 5],
        asks=[0, 1, 1, 2],
        contacts=(2, 4),
        events=(10, 30),
        records=["account", "account", "opportunity", "opportunity"],
        changes=[
            ("contact", "account", "acc0"),
            ("contact", "account", None),
            ("opportunity", "stage", "Won"),
            ("opportunity", "stage", "Talk"),
            ("opportunity", "amount", 5),
            ("account", "industry", "Steel"),
        ],
        verbs=["set"] * 8 + ["reply", "add", "add", "remove", "new", "publish", "open"],
        exit_conditions=[
            condition("opportunity.stage", "is", "won"),
            condition("account.industry", "is", "steel"),
        ],
        seldom_exit=2,
    ),
    Theme(
        "standstills",
        days=[1, 1, 2, 3],
        asks=[0, 0, 0, 1],
        length=(4, 7),
        sequences=[1, 2, 3],
        verbs=["outage"] * 6 + ["publish", "pause", "set", "add", "remove", "reply", "activate"],
        limits=[500, 500, 1, 2],
    ),
    Theme(
        "facts",
        seldom_reentry=1,
        templates=["plain"] * 6 + ["kind"],
        steps=("email", "email", "email_reminder", "call"),
        step_count=(3, 5),
        days=[1, 1, 2, 2, 3, 4],
        asks=[0, 1, 1, 2],
        contacts=(2, 5),
        sequences=[1, 1, 2],
        records=["contact"],
        verbs=["open"] * 4
        + ["click"] * 3
        + ["reply"] * 3
        + ["complete"] * 5
        + ["bounce", "remove", "skip", "add"],
        events=(10, 30),
    ),
]

TREES = [
    Theme(
        "trees",
        templates=["plain"] * 6 + ["named"],
        steps=("email", "email", "call", "task", "email_reminder"),
        contacts=(2, 5),
        length=(3, 5),
        sequences=[1, 1, 2],
        records=["contact"],
        limits=[500, 500, 1, 2],
        verbs=["click"] * 4
        + ["open"] * 4
        + ["complete"] * 5
        + ["pause_one"] * 3
        + ["pause", "publish", "publish", "mailbox", "set", "set", "add", "reply", "auto_reply"],
        events=(8, 24),
        changes=STAGE,
        exit_conditions=LEAVES,
    ),
    Theme(
        "trees that change",
        templates=["plain"] * 5 + ["named"],
        steps=("email", "email", "email", "call", "task", "email_reminder", "sms"),
        contacts=(3, 6),
        length=(3, 5),
        sequences=[1, 1, 2, 3],
        records=["contact", "contact", "account", "opportunity"],
        limits=[1, 1, 2, 500],
        users=1,
        verbs=["publish"] * 6
        + ["complete"] * 6
        + ["set"] * 3
        + ["click", "open", "add", "add", "pause_one", "pause", "mailbox", "outage", "reply", "auto_reply"],
        events=(10, 26),
        changes=STAGE,
        exit_conditions=LEAVES,
        seldom_exit=1,
        seldom_reentry=2,
    ),
]
"""Where there are adaptive sequences. In the second, trees are published over people, senders have no room left, and
updates on the path make exit conditions true just before a message."""
