"""Random plans: days, lists and trees of steps."""

from __future__ import annotations

import copy
from collections.abc import Iterator

from tests.model.pools import OUTCOMES, UPDATES, USERS, Raw, condition
from tests.model.source import Chooser, Source
from tests.model.themes import Theme

KEYS = ["a", "b", "c", "d", "e"]
LENGTHS: list[Raw] = [
    {"days": 1},
    {"hours": 4},
    {"hours": 20},
    {"days": 1, "hours": 4},
    {"days": 2},
    {"minutes": 30},
    {"minutes": 5},
]
MAIL_FACTS = ["sent", "opened", "clicked", "replied", "bounced"]


class Plans(Chooser):
    """Draws the plans of one sequence; ``kinds`` are the step kinds that may occur."""

    def __init__(self, source: Source, theme: Theme, kind: str, kinds: list[str], general: list[Raw]) -> None:
        super().__init__(source)
        self.theme = theme
        self.kind = kind
        self.kinds = [one for one in theme.steps if one in kinds] or kinds
        self.general = [*general, *theme.asked * (len(general) // 2)]

    def plan(self, keep: dict[str, str] | None = None, others: list[str] | None = None) -> list[Raw]:
        """The steps of one plan. ``keep``: keys and kinds that must occur; ``others``: sequences to advance to."""
        if self.kind == "adaptive":
            return self.tree(keep or {}, others or [])
        chosen = dict(keep or {})
        for key in self.some(KEYS, *self.theme.step_count):
            chosen.setdefault(key, self.pick(self.kinds))
        steps = [self.step(key, kind) for key, kind in chosen.items()]
        for step in steps:
            if self.kind == "classic":
                step["day"] = self.pick(self.theme.days)
            self.ask(step, chosen)
        for step in steps[1:]:
            if self.one_in(8):
                step["off"] = True
        return self.source.shuffled(steps)

    def step(self, key: str, kind: str) -> Raw:
        step: Raw = {"key": key, "kind": kind}
        if kind in ("email", "email_reminder"):
            step["template"] = self.pick(self.theme.templates)
        if kind == "email" and self.one_in(4):
            step["from"] = self.pick(["owner", "contact_owner", USERS[1]])
        if kind == "sms":
            step["text"] = self.pick(["Hello", "Hello {{ first_name }}"])
        if kind == "sms_reminder":
            step["text"] = "Hello {{ first_name }}"
        if kind == "task" and self.coin():
            step["type"] = "Lunch"
        return step

    def ask(self, step: Raw, kinds: dict[str, str]) -> None:
        """Gives a step conditions now and then, also on later steps and on itself."""
        conditions = self.conditions(kinds, 8 if self.one_in(40) else self.pick(self.theme.asks))
        if conditions:
            step["conditions"] = conditions
            if self.coin():
                step["match"] = "any"

    def conditions(self, kinds: dict[str, str], count: int) -> list[Raw]:
        possible = [*self.general, *self.step_conditions(kinds), *self.step_conditions(kinds)]
        return [self.pick(possible) for _ in range(count)]

    def step_conditions(self, kinds: dict[str, str]) -> list[Raw]:
        found: list[Raw] = []
        for key, kind in kinds.items():
            if kind in ("email", "email_reminder"):
                found += [
                    condition(f"step.{key}.{fact}", "is", yes) for fact in MAIL_FACTS for yes in (True, False)
                ]
            if kind == "call":
                found += [condition(f"step.{key}.outcome", "in", [OUTCOMES[0], "busy"])]
                found += [condition(f"step.{key}.outcome", "is", OUTCOMES[1])]
        return found

    # trees

    def tree(self, keep: dict[str, str], others: list[str]) -> list[Raw]:
        self.left = [key for key in [*"abcdefghij", *(f"k{n}" for n in range(90))] if key not in keep]
        self.made: dict[str, str] = {}
        self.others = others
        steps = [
            self.node(kind, key, 2) for key, kind in keep.items() if kind not in ("condition", "advance")
        ]
        steps += self.arm(2, at_least=1)
        return self.mended(steps, is_open=False) or [{"key": "z", "kind": "task"}]

    def changed_tree(self, steps: list[Raw]) -> list[Raw]:
        """The same tree with new steps in it and its own in another order: those who are moved find theirs in it."""
        self.made, self.others = kinds_of(steps), []
        self.left = [key for key in [*"abcdefghij", *(f"n{n}" for n in range(90))] if key not in self.made]
        body = copy.deepcopy(steps)
        last = [body.pop()] if body[-1]["kind"] == "advance" else []
        body = self.source.shuffled([*body, *self.arm(1)])
        return self.mended([*body, *last], is_open=False) or [{"key": "z", "kind": "task"}]

    def arm(self, depth: int, at_least: int = 0) -> list[Raw]:
        count = self.source.count(at_least, 3)
        kinds = [*self.kinds, "wait", "update_field", *["condition" if depth else "wait"] * 4]
        steps: list[Raw] = []
        for _ in range(count):
            asks = (
                depth and steps and steps[-1]["kind"] in ("email", "email_reminder", "call") and self.coin()
            )
            steps.append(self.node("condition" if asks else self.pick(kinds), self.left.pop(0), depth))
        may_advance = self.others and self.made and (steps or depth < 2)
        if may_advance and self.one_in(8):
            sequence = self.pick(self.others)
            steps.append({"key": self.left.pop(0), "kind": "advance", "sequence": sequence})
        return steps

    def node(self, kind: str, key: str, depth: int) -> Raw:
        node = self.adaptive_step(key, kind, depth)
        self.made[key] = kind
        if kind == "condition":
            node["yes"], node["no"] = self.arm(depth - 1), self.arm(depth - 1)
        return node

    def adaptive_step(self, key: str, kind: str, depth: int) -> Raw:
        if kind == "wait":
            return {"key": key, "kind": kind, "for": self.length()}
        if kind == "update_field":
            field, value = self.pick(UPDATES)
            return {"key": key, "kind": kind, "field": field, "value": value}
        return {"key": key, "kind": kind, **self.question()} if kind == "condition" else self.step(key, kind)

    def question(self) -> Raw:
        mails = [key for key, kind in self.made.items() if kind in ("email", "email_reminder")]
        calls = [key for key, kind in self.made.items() if kind == "call"]
        which = self.pick(["fields", *["mail"] * 2 * bool(mails), *["call"] * bool(calls)])
        if which == "mail":
            event = self.pick(["opened", "clicked", "replied"])
            asked = {"of": self.pick([*mails, *mails[-1:] * 3]), "event": event, "within": self.length()}
            return asked | ({"at_limit": True} if self.coin() else {})
        if which == "call":
            return {"of": self.pick(calls), "outcomes": ["CONNECTED"]}
        return {"conditions": self.conditions(self.made, self.source.count(1, 2))}

    def length(self) -> Raw:
        return self.pick(LENGTHS)

    def mended(self, steps: list[Raw], *, is_open: bool) -> list[Raw]:
        """Without a wait that nothing follows."""
        while steps and steps[-1]["kind"] == "wait" and not is_open:
            steps = steps[:-1]
        for n, step in enumerate(steps):
            follows = is_open or n < len(steps) - 1
            for arm in ("yes", "no"):
                if arm in step:
                    step[arm] = self.mended(step[arm], is_open=follows)
        return steps


def kinds_of(steps: list[Raw]) -> dict[str, str]:
    """Key → kind of every step, arms included."""
    return {step["key"]: step["kind"] for step in every(steps)}


def every(steps: list[Raw]) -> Iterator[Raw]:
    for step in steps:
        yield step
        yield from every(step.get("yes", []))
        yield from every(step.get("no", []))
