"""Reading a condition group: every fault at its place, or the group (semantics 2.16, 2.30, 2.35, 6.3). Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

from audience.conditions.faults import Fault, Place
from audience.conditions.types import (
    CUSTOM_TYPES,
    OPERATORS,
    OUTCOME,
    STEP_FACTS,
    TRUE_WHERE_EMPTY,
    FieldType,
)
from audience.conditions.values import Known, Refused, Value, read_value
from audience.fields import CONTACT, RECORDS, RESERVED, SEQUENCE, Catalogue, Field

MOST_CONDITIONS = 8
MATCHES = ("all", "any")
E_MAIL_KINDS = ("email", "email_reminder")
CALL_KINDS = ("call",)


@dataclass(frozen=True)
class StepField:
    """What an earlier step did: ``step.KEY.sent`` and its like (semantics 2.30)."""

    step: str
    fact: str

    @property
    def type(self) -> FieldType:
        return FieldType.STEP_OUTCOME if self.fact == OUTCOME else FieldType.STEP_FACT


FieldRef = Field | StepField


@dataclass(frozen=True)
class Condition:
    """One row of a group; ``name`` is the field as it was written."""

    name: str
    field: FieldRef
    op: str
    value: Value

    @property
    def on_empty(self) -> bool:
        """Whether it is true where the field is empty or its record missing (semantics 6.4). An empty yes/no is No."""
        if self.field.type is FieldType.YES_NO:
            return self.value is False
        return self.op in TRUE_WHERE_EMPTY


@dataclass(frozen=True)
class Group:
    """Up to eight conditions joined by ``all`` or ``any``. What a group without conditions means its user decides."""

    match: str = "all"
    conditions: tuple[Condition, ...] = ()


@dataclass(frozen=True)
class Scope:
    """What the conditions of one place may name.

    ``record`` is that of bare fields. ``steps`` maps the keys of the plan's steps to their kinds; without a plan (None)
    no step may be named. Users, sequences (both lowered) and ids of records are checked where given. ``is_open`` takes
    an unknown field as one that is empty everywhere, as files do (semantics 6.5); its type suits its operator.
    """

    record: str = CONTACT
    catalogue: Catalogue = field(default_factory=Catalogue)
    steps: Mapping[str, str] | None = None
    users: frozenset[str] | None = None
    sequences: frozenset[str] | None = None
    references: Mapping[str, frozenset[str]] = field(default_factory=dict)
    is_open: bool = False

    def known(self, ref: FieldRef) -> Known:
        """What the values of a field may be."""
        if isinstance(ref, StepField):
            return Known()
        references = self.references.get(ref.key) if ref.type is FieldType.REFERENCE else None
        return Known(self.users, self.sequences, references, ref.choices)


def parse_group(
    raw: Mapping[str, Any], fields: Scope, *, place: Place = (), default_match: str = "all"
) -> Group | list[Fault]:
    """The group in the keys ``match`` and ``conditions`` of a mapping, or everything that is wrong with it."""
    faults: list[Fault] = []
    match = raw.get("match", default_match)
    if match not in MATCHES:
        faults.append(Fault((*place, "match"), "all or any is wanted"))
    rows = raw.get("conditions")
    rows = [] if rows is None else rows
    if not isinstance(rows, (list, tuple)):
        return [*faults, Fault((*place, "conditions"), "a list of conditions is wanted")]
    conditions = [parse_condition(row, fields, (*place, "conditions", n)) for n, row in enumerate(rows)]
    for found in conditions:
        if not isinstance(found, Condition):
            faults.extend(found)
    if len(rows) > MOST_CONDITIONS:
        faults.append(
            Fault(
                (*place, "conditions", MOST_CONDITIONS), f"at most {MOST_CONDITIONS} conditions are possible"
            )
        )
    return faults or Group(match, tuple(c for c in conditions if isinstance(c, Condition)))


def parse_condition(raw: Any, fields: Scope, place: Place) -> Condition | list[Fault]:
    """One condition ``{field, op, value}``, or its faults."""
    if not isinstance(raw, Mapping):
        return [Fault(place, "a condition is wanted: {field, op, value}")]
    faults = [Fault((*place, str(key)), "unknown key") for key in raw if key not in ("field", "op", "value")]
    name, op = raw.get("field"), raw.get("op")
    if not isinstance(name, str) or not name:
        return [*faults, Fault((*place, "field"), "a field is wanted")]
    if not isinstance(op, str):
        return [*faults, Fault((*place, "op"), "an operator is wanted")]
    try:
        ref = find_field(name, fields, op, raw.get("value"))
    except Refused as refused:
        return [*faults, Fault((*place, "field"), str(refused))]
    return _checked(name, ref, op, raw.get("value"), fields, place, faults)


def _checked(
    name: str, ref: FieldRef, op: str, raw: Any, fields: Scope, place: Place, faults: list[Fault]
) -> Condition | list[Fault]:
    if op not in OPERATORS[ref.type]:
        possible = ", ".join(OPERATORS[ref.type])
        return [*faults, Fault((*place, "op"), f"“{op}” is no operator of {name}; possible: {possible}")]
    try:
        value = read_value(raw, ref.type, op, fields.known(ref))
    except Refused as refused:
        return [*faults, Fault((*place, "value"), str(refused))]
    return faults or Condition(name, ref, op, value)


def find_field(name: str, fields: Scope, op: str = "", value: Any = None) -> FieldRef:
    """The field that a name stands for in a scope (semantics 2.16). Raises Refused.

    Operator and value matter only in an open scope, where they decide the type of an unknown field.
    """
    if name in ("sequence", "contact.sequence"):
        return SEQUENCE
    prefix, dot, key = name.partition(".")
    if not dot:
        prefix, key = fields.record, name
    if prefix == "step":
        return _step_field(name, fields)
    if prefix not in RECORDS:
        raise Refused(f"“{prefix}” is no record; possible: contact, account, opportunity, step")
    known = fields.catalogue.get(prefix, key)
    if known:
        return known
    if fields.is_open and is_custom_key(key):
        return Field(prefix, key, key, _type_for(op, value), is_custom=True, has_values=False)
    raise Refused(f"there is no field “{key}” of {prefix}{_similar(key, fields, prefix)}")


def _step_field(name: str, fields: Scope) -> StepField:
    key, _, fact = name.removeprefix("step.").rpartition(".")
    if not key or fact not in (*STEP_FACTS, OUTCOME):
        raise Refused(f"step.KEY.{'|'.join((*STEP_FACTS, OUTCOME))} is wanted")
    if fields.steps is None:
        raise Refused("no step can be named here")
    kind = fields.steps.get(key)
    if kind is None:
        raise Refused(f"the plan has no step “{key}”")
    if fact == OUTCOME and kind not in CALL_KINDS:
        raise Refused(f"only a call has an outcome; “{key}” is of kind {kind}")
    if fact != OUTCOME and kind not in E_MAIL_KINDS:
        raise Refused(f"only an email step is {fact}; “{key}” is of kind {kind}")
    return StepField(key, fact)


def is_custom_key(key: str) -> bool:
    """Whether a custom field may be called so: it must be writable in conditions and templates."""
    return bool(key) and not any(c in key for c in " .\t\n") and key not in RESERVED


def _type_for(op: str, value: Any) -> FieldType:
    for type_ in CUSTOM_TYPES:
        if op in OPERATORS[type_]:
            try:
                read_value(value, type_, op, Known())
            except Refused:
                continue
            return type_
    return next((type_ for type_ in CUSTOM_TYPES if op in OPERATORS[type_]), FieldType.TEXT)


def _similar(key: str, fields: Scope, record: str) -> str:
    close = get_close_matches(key, [known.key for known in fields.catalogue.of(record)], n=1)
    return f"; did you mean {close[0]}?" if close else ""
