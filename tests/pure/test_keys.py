"""The keys of steps and of the timeline in files (semantics 6.2, 6.7): what may, what must be said, nothing else."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from sequences.files.scenario import FaultyFile, read_scenario
from sequences.files.writing import dump

SOME = {
    "template": "t",
    "thread": "reply",
    "from": "contact_owner",
    "reply_to": "us@us.example",
    "cc": ["us@us.example"],
    "bcc": ["us@us.example"],
    "track_opens": True,
    "track_clicks": False,
    "unsubscribe": True,
    "text": "Hello",
    "title": "Call",
    "script": "Say hello",
    "outcomes": ["Connected"],
    "type": "Lunch",
    "action": "connect",
    "assignee": "owner",
    "due": {"days": 2},
    "priority": "high",
    "description": "Soon",
    "for": {"days": 2, "hours": 3, "minutes": 5},
    "field": "contact.city",
    "value": "Bonn",
    "sequence": "Other",
    "of": "intro",
    "event": "opened",
    "within": {"days": 3},
    "at_limit": False,
    "yes": [],
    "no": [],
    "conditions": [{"field": "contact.city", "op": "empty"}],
    "match": "any",
    "day": 2,
    "name": "A step",
}
"""A value for every key that a step can have."""

R = "title assignee due priority description"
MAIL = "template thread from reply_to cc bcc track_opens track_clicks unsubscribe"
CLASSIC = "name day conditions match"
TREE = "yes no"
KEYS = {
    "email": f"{MAIL} {CLASSIC}",
    "sms": f"text {CLASSIC}",
    "email_reminder": f"template {R} {CLASSIC}",
    "sms_reminder": f"text {R} {CLASSIC}",
    "call": f"script outcomes {R} {CLASSIC}",
    "task": f"type {R} {CLASSIC}",
    "linkedin": f"action text {R} {CLASSIC}",
    "wait": "name for",
    "update_field": "name field value",
    "advance": "name sequence",
    "condition": f"name of event within at_limit {TREE}",
}
"""The table of 6.2; of conditions the form on e-mails."""

NEEDED = {
    "email": ["template"],
    "wait": ["for"],
    "update_field": ["field"],
    "advance": ["sequence"],
    "condition": ["event", "within"],
}
ADAPTIVE = ("wait", "update_field", "advance", "condition")


def faults_of(kind: str, keys: list[str]) -> list[str]:
    """What is wrong with a file whose one sequence has an e-mail and then a step of this kind with these keys."""
    is_tree = kind in ADAPTIVE
    step: dict[str, Any] = {"key": "it", "kind": kind, **{key: SOME[key] for key in keys}}
    intro: dict[str, Any] = {"key": "intro", "kind": "email", "template": "t"}
    steps = [intro, step] + ([{"key": "end", "kind": "task"}] if kind == "wait" else [])
    if not is_tree:
        intro["day"], step["day"] = 1, step.get("day", 1)
    sequence = {
        "name": "S",
        "kind": "adaptive" if is_tree else "classic",
        "schedule": {"hours": "09:00-17:00"} if is_tree else {"time": "09:00"},
        "steps": steps,
    }
    other = {"name": "Other", "kind": "classic", "schedule": {"time": "09:00"}}
    other["steps"] = [{"key": "x", "kind": "task", "day": 1}]
    return faults({"sequences": [sequence, other]})


def faults(more: dict[str, Any]) -> list[str]:
    raw = {
        "now": "2026-05-04 08:00",
        "timezone": "Europe/Berlin",
        "until": "2026-05-09 12:00",
        "users": [{"email": "us@us.example", "name": "Us"}],
        "contacts": [{"id": "ann", "city": "Bonn"}],
        "accounts": [{"id": "acme"}],
        "opportunities": [{"id": "deal"}],
        "templates": {"t": {"subject": "Hello", "body": "<p>Hello</p>"}},
    }
    try:
        read_scenario(dump(raw | more), file="f.yaml")
    except FaultyFile as faulty:
        return [f"{fault.place}: {fault.reason}" for fault in faulty.faults]
    return []


@pytest.mark.parametrize("kind", KEYS)
def test_6_2_a_step_of_each_kind_takes_the_keys_of_its_row(kind: str) -> None:
    assert faults_of(kind, KEYS[kind].split()) == []


@pytest.mark.parametrize("kind", KEYS)
def test_6_2_a_step_takes_no_key_of_another_kind(kind: str) -> None:
    others = set(SOME) - set(KEYS[kind].split())
    others -= {"outcomes", "conditions", "match"} if kind == "condition" else set()
    assert {key for key in others if faults_of(kind, [*NEEDED.get(kind, []), key]) == []} == set()


@pytest.mark.parametrize(("kind", "key"), [(kind, key) for kind in NEEDED for key in NEEDED[kind]])
def test_6_2_what_a_kind_cannot_do_without_is_missed_at_its_step(kind: str, key: str) -> None:
    found = faults_of(kind, [one for one in KEYS[kind].split() if one != key])
    assert any("steps.it" in fault and key in fault for fault in found), found


def test_6_2_a_condition_asks_a_call_or_fields_instead() -> None:
    call = {"key": "ring", "kind": "call"}
    for asked in (
        {"of": "ring", "outcomes": ["Connected"]},
        {"conditions": SOME["conditions"], "match": "any"},
    ):
        steps = [call, {"key": "it", "kind": "condition", **asked, "yes": [], "no": []}]
        sequence = {"name": "S", "kind": "adaptive", "schedule": {"hours": "09:00-17:00"}, "steps": steps}
        assert faults({"sequences": [sequence]}) == []


DID: list[dict[str, Any]] = [
    {"do": "open", "contact": "ann"},
    {"do": "click", "contact": "ann", "step": "a"},
    {"do": "reply", "contact": "ann", "step": "a", "sequence": "S"},
    {"do": "unsubscribe", "contact": "ann"},
    {"do": "auto_reply", "contact": "ann", "until": date(2026, 5, 8)},
    {"do": "bounce", "contact": "ann", "hard": False},
    {"do": "sms_stop", "contact": "ann"},
    {"do": "complete", "contact": "ann", "step": "b", "sequence": "S", "outcome": "Connected"},
    {"do": "skip", "contact": "ann", "step": "b"},
    {"do": "add", "sequence": "S", "contact": "ann"},
    {"do": "remove", "sequence": "S", "contact": "ann"},
    {"do": "pause", "sequence": "S"},
    {"do": "resume", "sequence": "S", "contact": "ann"},
    {"do": "activate", "sequence": "S"},
    {"do": "archive", "sequence": "S", "inside": "end"},
    {"do": "template", "name": "t", "subject": "New", "body": "<p>New</p>"},
    {"do": "set", "contact": "ann", "field": "city", "value": "Rome"},
    {"do": "set", "account": "acme", "field": "industry", "value": "Paper"},
    {"do": "set", "opportunity": "deal", "field": "stage", "value": "Won"},
    {
        "do": "new",
        "contacts": [{"id": "new"}],
        "accounts": [{"id": "firm"}],
        "opportunities": [{"id": "one"}],
    },
    {"do": "mailbox", "state": "down", "user": "us@us.example"},
    {"do": "outage", "until": "2026-05-05 10:00"},
    {
        "do": "publish",
        "sequence": "S",
        "steps": [{"key": "c", "kind": "task", "day": 1}],
        "apply": "move",
        "schedule": {"time": "10:00"},
    },
]
"""One of each kind in the table of 6.7, with all that it takes."""


def faults_at(event: dict[str, Any]) -> list[str]:
    steps = [
        {"key": "a", "kind": "email", "template": "t", "day": 1},
        {"key": "b", "kind": "call", "day": 1},
    ]
    sequence = {"name": "S", "kind": "classic", "schedule": {"time": "09:00"}, "steps": steps}
    return faults({"sequences": [sequence], "timeline": [{"at": "2026-05-05 09:00", **event}]})


@pytest.mark.parametrize("event", DID, ids=lambda event: event["do"])
def test_6_7_everything_in_the_table_can_happen(event: dict[str, Any]) -> None:
    assert faults_at(event) == []


@pytest.mark.parametrize("event", DID, ids=lambda event: event["do"])
def test_6_7_nothing_is_said_of_what_happens_that_is_not_in_its_row(event: dict[str, Any]) -> None:
    assert faults_at({**event, "why": "x"}) != []
    assert (
        event["do"] == "outage" or faults_at({**event, "until": "2026-05-06 09:00"}) != [] or "until" in event
    )
