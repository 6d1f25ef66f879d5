"""Random scenario files, valid by construction: what the engine and the naive model are compared on.

    @given(scenario_files())
    def test_the_engine_does_as_the_model(text):
        scenario = read_scenario(text, file="drawn")
        assert engine_trace(scenario) == simulate_naively(scenario)

Everything comes from small pools, so that addresses, times and instants meet; whatever the rules make subtle is drawn
more often than people would do it. ``file_of_seed`` spreads more evenly than Hypothesis does, but shrinks nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from hypothesis import strategies as st

from sequences.files.scenario import read_scenario
from sequences.files.writing import dump
from tests.model.asking import Asking
from tests.model.happenings import Happenings
from tests.model.plans import Plans, kinds_of
from tests.model.pools import (
    ACCOUNT_VALUES,
    BARE,
    CLOCKS,
    CONTACT_VALUES,
    OPPORTUNITY_VALUES,
    RUN_TIMES,
    SHORT_HOURS,
    STARTS,
    TEMPLATES,
    USERS,
    ZONES,
    Raw,
    condition,
    conditions_about,
)
from tests.model.simulate import simulate
from tests.model.source import Chooser, Drawn, Seeded, Source
from tests.model.themes import THEMES, TREES, Theme

CLASSIC = ("classic",)
EVERY_KIND = ("classic", "smart", "adaptive")
FIRST_STEPS = ("email", "email", "email", "call", "task", "email_reminder")
EVERY_STEP = (*FIRST_STEPS, "sms", "sms_reminder", "linkedin")
SWITCHES = ("all_steps", "replied", "unsubscribed", "bounced", "colleague_replied")
IDS = ["mo", "Al", "zo", "bi", "k9", "Ed", "yo", "cy"]
"""They do not sort in the order of creation, so that nobody relies on their spelling."""
LIVELY, TRIES = 6, 3
MOMENTS = ("last_sent_at", "last_opened_at", "last_clicked_at", "last_replied_at", "last_activity_at")


def scenario_files(
    kinds: tuple[str, ...] = CLASSIC, steps: tuple[str, ...] = FIRST_STEPS
) -> st.SearchStrategy[str]:
    """Texts of files with sequences of these kinds and steps of these kinds, and a timeline."""

    @st.composite
    def files(draw: Any) -> str:
        return dump(_File(Drawn(draw), list(kinds), list(steps)).raw())

    return files()


def file_of_seed(seed: int, *, is_small: bool = False) -> str:
    """The text of one file of any kind, the same for the same seed.

    Where by the model little happens, another is drawn instead, but for every fourth: those show what the engine does
    where it should do nothing.
    """
    source = Seeded(seed)
    for _ in range(TRIES):
        text = dump(_File(source, list(EVERY_KIND), list(EVERY_STEP), is_small=is_small).raw())
        if seed % 4 == 0 or len(simulate(read_scenario(text, file="drawn")).trace) >= LIVELY:
            break
    return text


def small(theme: Theme) -> Theme:
    """The same on fewer people and days: what takes the time of a file is how many runs and events it has."""
    few, many = theme.contacts
    return replace(
        theme,
        contacts=(min(few, 2), (few + many) // 2),
        length=(2, 4),
        events=(theme.events[0] // 3, theme.events[1] // 3),
        sequences=[1, 1, 1, 2],
        hours=SHORT_HOURS,
    )


class _File(Chooser):
    """One file while it is drawn."""

    def __init__(self, source: Source, kinds: list[str], steps: list[str], *, is_small: bool = False) -> None:
        super().__init__(source)
        self.kinds = kinds
        self.steps = steps
        start, self.zone = self.pick(STARTS)
        self.start = date.fromisoformat(start)
        theme = self.pick([*THEMES, *TREES * 6] if "adaptive" in kinds else THEMES)
        self.theme = small(theme) if is_small else theme
        self.days = [self.start + timedelta(days=n) for n in range(self.source.count(*self.theme.length) + 1)]
        self.plans: dict[str, list[dict[str, str]]] = {}
        self.kept: dict[str, dict[str, str]] = {}
        self.trees: dict[str, list[Raw]] = {}
        self.names = ["One", "Two", "Three"][: self.pick(self.theme.sequences)]

    def raw(self) -> Raw:
        raw: Raw = {
            "now": f"{self.start} {self.pick(CLOCKS)}",
            "timezone": self.zone,
            "until": f"{self.days[-1]} {self.pick(CLOCKS)}",
            "limits": {"emails_per_user_per_day": self.pick(self.theme.limits)},
            "users": [self.user(email) for email in USERS],
            "accounts": self.records("acc", ACCOUNT_VALUES, [2, 1, 2, 0]),
        }
        self.accounts = [account["id"] for account in raw["accounts"]]
        ids = self.some(IDS, *self.theme.contacts)
        raw["contacts"] = [{"id": id_, **self.contact_values()} for id_ in ids]
        raw["opportunities"] = self.opportunities(ids)
        self.asking = Asking(self.source, self.days, {"account": self.accounts, "contact": ids}, self.names)
        raw["views"] = self.views()
        raw["templates"] = TEMPLATES
        raw["sequences"] = [self.sequence(name) for name in self.names]
        raw["timeline"] = Happenings(self.source, self.theme, raw, self.days, self).timeline()
        used = set(words(raw["sequences"])) | set(words(raw["timeline"]))
        raw["templates"] = {name: one for name, one in TEMPLATES.items() if name in used}
        raw["views"] = [view for view in raw["views"] if view["name"] in used]
        return raw

    def user(self, email: str) -> Raw:
        user: Raw = {"email": email, "name": email[:2], "timezone": self.pick([self.zone, *ZONES])}
        if self.one_in(5):
            user["emails_per_day"] = self.pick([1, 2, 0])
        if self.one_in(8):
            user["signature"] = "<p>{{ sender.name }} for {{ contact.city }}</p>"
        return user

    def records(self, prefix: str, pools: dict[str, list[Any]], counts: list[int]) -> list[Raw]:
        return [{"id": f"{prefix}{n}", **self.values(pools)} for n in range(self.pick(counts))]

    def values(self, pools: dict[str, list[Any]]) -> Raw:
        found = {key: self.pick(pool) for key, pool in pools.items() if self.coin()}
        return {key: value for key, value in found.items() if value is not None}

    def contact_values(self) -> Raw:
        """Mostly leads, mostly with an address and an account."""
        values = self.values(CONTACT_VALUES)
        values["lifecycle_stage"] = self.pick(["Lead"] * 6 + ["lead", "Customer", "Lost"])
        if not self.one_in(8):
            values["email"] = self.pick([email for email in self.theme.emails if email])
        if self.accounts and not self.one_in(4):
            values["account"] = self.pick(self.accounts)
        if self.one_in(4):
            values[self.pick(MOMENTS)] = (
                f"{self.start - timedelta(days=self.source.count(1, 3))} {self.pick(CLOCKS)}"
            )
        return values

    def opportunities(self, contacts: list[str]) -> list[Raw]:
        found = self.records("opp", OPPORTUNITY_VALUES, [3, 4, 2, 0])
        for opportunity in found:
            opportunity.setdefault("stage", "Offer")
            if not self.one_in(6):
                opportunity["contact"] = self.pick(contacts)
        return found

    def views(self) -> list[Raw]:
        names = {"People": "contact", "Firms": "account", "Deals": "opportunity"}
        return [
            {"name": name, "record": record, "conditions": self.general(self.pick([0, 1, 1, 2]))}
            for name, record in names.items()
        ]

    def general(self, count: int) -> list[Raw]:
        """Conditions on anything: half of those that come out either way, half of all there are."""
        likely = conditions_about(self.start + timedelta(days=1))
        return [self.asking.any() if self.coin() else self.pick(likely) for _ in range(count)]

    def sequence(self, name: str) -> Raw:
        kind = self.pick(self.kinds)
        record = self.pick(self.theme.records)
        steps = self.plan(kind, record, name, {})
        kinds = kinds_of(steps)
        audience, exits = self.audience(record), self.exits(kind, kinds)
        self.kept[name] = named_steps(exits, kinds)
        self.plans[name], self.trees[name] = [kinds], steps
        sequence: Raw = {"name": name, "kind": kind, "record": record, "schedule": self.schedule(kind)}
        sequence |= {"audience": audience, "exit": exits, "steps": steps}
        sequence["owner"] = self.pick(USERS[: self.theme.users])
        sequence["from"] = self.pick(["owner", "owner", "contact_owner", USERS[1]])
        sequence["status"] = self.pick([*["active"] * 30, "draft", "paused", "archived"])
        sequence["out_of_office"] = self.pick(["pause", "pause", "ignore"])
        if self.one_in(self.theme.seldom_reentry):
            sequence["reentry"] = self.pick([1, 2, 0])
        if self.one_in(8):
            sequence["recipient_window"] = "08:00-18:00"
        return sequence

    def planner(self, kind: str, general: list[Raw]) -> Plans:
        return Plans(self.source, self.theme, kind, self.steps, general)

    def plan(self, kind: str, record: str, name: str, keep: dict[str, str]) -> list[Raw]:
        others = [other for other in self.names if other != name]
        return self.planner_of(kind, record).plan(keep, others)

    def planner_of(self, kind: str, record: str) -> Plans:
        bare = BARE[record] * (4 if record == "contact" else 24)
        drawn = [self.asking.any() for _ in range(8)] * 3
        return self.planner(kind, conditions_about(self.start) + bare + drawn)

    def new_plan(self, sequence: Raw) -> list[Raw]:
        """Another plan for a sequence, with the steps that its exits name."""
        name, kind, record = sequence["name"], sequence["kind"], sequence["record"]
        if kind == "adaptive" and not self.one_in(3):
            steps = self.planner_of(kind, record).changed_tree(self.trees[name])
        else:
            steps = self.plan(kind, record, name, self.kept[name])
        self.trees[name] = steps
        self.plans[name].append(kinds_of(steps))
        return steps

    def schedule(self, kind: str) -> Raw:
        schedule: Raw = {"exclude_weekends": True} if self.one_in(4) else {}
        if self.one_in(4):
            schedule["timezone"] = self.pick(ZONES)
        if self.one_in(4):
            schedule["holidays"] = self.some(self.days, 0, 2)
        if kind == "adaptive":
            return schedule | {"hours": self.pick(self.theme.hours)}
        if kind == "smart":
            schedule["every_days"] = self.pick([1, 1, 2, 3])
        return schedule | {"time": self.pick(RUN_TIMES)}

    def audience(self, record: str) -> Raw:
        audience: Raw = {"conditions": []}
        if not self.one_in(8):
            audience["conditions"] = [self.pick(BARE[record]), *self.general(self.pick([0, 0, 0, 1]))]
            audience["match"] = self.pick(["any", "any", "any", "all"])
        if self.one_in(3):
            audience["views"] = [{"contact": "People", "account": "Firms", "opportunity": "Deals"}[record]]
        if self.one_in(8):
            op = self.pick(["in", "not_in", "was_in", "never_in"])
            audience["conditions"].append(condition("sequence", op, self.pick(self.names)))
        return audience | {key: self.one_in(6) for key in ("unique_email", "exclusive")}

    def exits(self, kind: str, kinds: dict[str, str]) -> Raw:
        exits: Raw = {key: self.one_in(4) == (key == "colleague_replied") for key in SWITCHES}
        if self.one_in(self.theme.seldom_exit):
            asked = self.planner(kind, []).step_conditions(kinds)
            asked = [one for one in asked if one["value"] is not False]
            asked += [
                condition("contact.lifecycle_stage", "in", ["lost", "Customer"]),
                condition("contact.score", ">", 80),
                condition("contact.last_contacted_mode", "is", "Outgoing call"),
                condition("account.last_contacted_mode", "is", "Opened but no reply"),
            ] * 2
            asked = self.theme.exit_conditions or asked
            exits["conditions"] = [self.pick(asked), *self.general(self.pick([0, 0, 1]))]
            exits["match"] = self.pick(["any", "all"])
        return exits


def named_steps(exits: Raw, kinds: dict[str, str]) -> dict[str, str]:
    """Keys and kinds of the steps that exits name: no later plan may be without them."""
    keys = [
        one["field"].split(".")[1] for one in exits.get("conditions", []) if one["field"].startswith("step.")
    ]
    return {key: kinds[key] for key in keys}


def words(value: Any) -> Iterator[str]:
    """Every text in a part of a file."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for one in value:
            yield from words(one)
    elif isinstance(value, str):
        yield value
