"""Reading the steps of a sequence: a list of days, a list, or a tree (semantics 3.3, 4.2, 5.1, 6.2). Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from audience.conditions.faults import Fault, Place
from audience.conditions.parse import Group, Scope, StepField, find_field
from audience.conditions.types import FieldType
from audience.conditions.values import Refused
from audience.fields import Field
from sequences.files import reading
from sequences.files.kinds import ADAPTIVE_ONLY, OPTIONS
from sequences.files.reading import Keys
from sequences.files.setting import Setting
from sequences.files.specs import ADAPTIVE, CLASSIC, StepSpec
from sequences.files.trees import check_tree

MOST_STEPS = 25
MOST_DAYS = 90


def read_plan(keys: Keys, kind: str, record: str, setting: Setting) -> tuple[StepSpec, ...]:
    """The steps behind the key ``steps``, every fault named."""
    items = keys.items("steps")
    kinds = dict(keys_and_kinds([raw for raw, _ in items]))
    plan = _Plan(kind, record, setting.scope(record, kinds), setting)
    steps = plan.steps(items, keys)
    if kind == CLASSIC and len(items) > MOST_STEPS:
        keys.fault(f"at most {MOST_STEPS} steps are possible", "steps", MOST_STEPS)
    if kind == ADAPTIVE:
        found: list[Fault] = []
        check_tree(steps, (*keys.place, "steps"), found)
        keys.faults += [fault for fault in found if not _is_said(fault, keys.faults)]
    return steps


def _is_said(fault: Fault, faults: list[Fault]) -> bool:
    """Whether a key is called missing that stands there with a fault of its own."""
    missing = fault.reason.removesuffix(" is missing")
    return missing != fault.reason and any(earlier.place == (*fault.place, missing) for earlier in faults)


def keys_and_kinds(raw: Any) -> Iterator[tuple[str, str]]:
    """Key and kind of every step that is written, arms included, before anything is checked."""
    for step in raw if isinstance(raw, list) else []:
        if isinstance(step, Mapping):
            yield str(step.get("key")), str(step.get("kind"))
            yield from keys_and_kinds(step.get("yes"))
            yield from keys_and_kinds(step.get("no"))


class _Plan:
    """One plan while it is read."""

    def __init__(self, kind: str, record: str, scope: Scope, setting: Setting) -> None:
        self.kind = kind
        self.record = record
        self.scope = scope
        self.setting = setting
        self.seen: set[str] = set()

    def steps(self, items: list[tuple[Any, Place]], keys: Keys) -> tuple[StepSpec, ...]:
        return tuple(self.step(Keys(raw, place, keys.faults)) for raw, place in items)

    def step(self, keys: Keys) -> StepSpec:
        key = keys.need("key", reading.identifier, "")
        if key and key in self.seen:
            keys.fault(f"the key “{key}” is there twice", "key")
        self.seen.add(key)
        kind = keys.need("kind", reading.one_of(*OPTIONS), "")
        if not kind:
            return StepSpec(key, kind)
        if kind in ADAPTIVE_ONLY and self.kind != ADAPTIVE:
            keys.fault(f"{kind} is a step of adaptive sequences only", "kind")
        return self.body(key, kind, keys)

    def body(self, key: str, kind: str, keys: Keys) -> StepSpec:
        """All but key and kind."""
        name = keys.take("name", reading.written, "")
        day = keys.need("day", reading.whole(1, MOST_DAYS), 1) if self.kind == CLASSIC else None
        is_off = keys.take("off", reading.boolean, False) if self.kind != ADAPTIVE else False
        conditions = self.conditions(kind, keys)
        options = self.options(kind, keys)
        arms = [self.steps(keys.items(arm), keys) if kind == "condition" else () for arm in ("yes", "no")]
        keys.done()
        return StepSpec(key, kind, name, day, conditions, options, arms[0], arms[1], is_off)

    def conditions(self, kind: str, keys: Keys) -> Group:
        """A step's own group: in adaptive sequences only a condition has one, and never beside ``of``."""
        if self.kind == ADAPTIVE and kind != "condition":
            return Group()
        raw = {key: keys.raw(key) for key in ("match", "conditions") if keys.has(key)}
        if self.kind == ADAPTIVE and raw and keys.has("of"):
            keys.fault("a condition is either on a step or on fields", "conditions")
        if self.kind == ADAPTIVE and not raw.get("conditions") and not keys.has("of"):
            keys.fault("of or conditions are missing")
        return self.setting.group(raw, self.scope, keys.place)

    def options(self, kind: str, keys: Keys) -> dict[str, Any]:
        """What the kind's options say; those that the file does not give stay out."""
        found: dict[str, Any] = {}
        for key, option in OPTIONS[kind].items():
            if option.is_needed and not keys.has(key):
                keys.need(key, reading.text, "")
            if not keys.has(key):
                continue
            value = keys.take(key, lambda raw, read=option.read: read(raw, self.setting), None)  # type: ignore[misc]
            if value is not None:
                found[key] = value
            if option.holds and isinstance(value, str):
                self.setting.template(value, (*keys.place, key), html=option.holds == "html")
        if kind == "update_field" and "field" in found:
            found["value"] = self.update_value(found["field"], keys)
        return found

    def update_value(self, name: str, keys: Keys) -> Any:
        """What an update writes, read for its field; None empties it."""
        raw = keys.raw("value")
        try:
            field = writable(name, self.scope)
        except Refused as refused:
            keys.fault(str(refused), "field")
            return None
        try:
            return self.setting.field_value(field, raw)
        except Refused as refused:
            keys.fault(str(refused), "value")
            return None


def writable(name: str, scope: Scope) -> Field:
    """The field of a record that an update names. Raises Refused."""
    found = find_field(name, scope)
    if isinstance(found, StepField) or found.type is FieldType.SEQUENCE:
        raise Refused(f"“{name}” is no field of a record")
    return found
