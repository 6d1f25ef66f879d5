"""A condition as it is typed into a form, and as it is stored: one to the other and back. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from audience.conditions.faults import Fault
from audience.conditions.parse import MOST_CONDITIONS, Scope
from audience.conditions.types import OPERATORS, FieldType, Shape

Options = Sequence[tuple[str, str]]
"""Pairs of a value and what a person reads."""

OPERATOR_LABELS = {
    "is": "is",
    "is_not": "is not",
    "contains": "contains",
    "not_contains": "does not contain",
    "starts_with": "starts with",
    "ends_with": "ends with",
    "in": "is one of",
    "not_in": "is none of",
    "=": "=",
    "!=": "≠",
    ">": ">",
    ">=": "≥",
    "<": "<",
    "<=": "≤",
    "between": "is between",
    "before": "is before",
    "after": "is after",
    "on": "is on",
    "in_last_days": "in the last … days",
    "in_next_days": "in the next … days",
    "not_in_last_days": "not in the last … days",
    "has_any": "has any of",
    "has_all": "has all of",
    "has_none": "has none of",
    "empty": "is empty",
    "not_empty": "is not empty",
}
MEMBERSHIP_LABELS = {
    "in": "is in",
    "not_in": "is not in",
    "was_in": "was in before",
    "never_in": "was never in",
}
YES_NO: Options = (("true", "Yes"), ("false", "No"))


@dataclass(frozen=True)
class Typed:
    """One row as it was typed. ``find``: what records to pick from are searched by."""

    field: str = ""
    op: str = ""
    values: tuple[str, ...] = ()
    find: str = ""


def operators_of(type_: FieldType) -> Options:
    """The operators of a type, as the second part of a row offers them."""
    labels = OPERATOR_LABELS | (MEMBERSHIP_LABELS if type_ is FieldType.SEQUENCE else {})
    return [(op, labels[op]) for op in OPERATORS[type_]]


def as_typed(condition: Mapping[str, Any], scope: Scope) -> Typed:
    """A stored condition as it would be typed; ``contact.city`` is ``city`` where contacts are the record."""
    name = str(condition.get("field", ""))
    name = name.removeprefix(f"{scope.record}.")
    value = condition.get("value")
    values = value if isinstance(value, list | tuple) else [] if value is None else [value]
    return Typed(name, str(condition.get("op", "")), tuple(map(_text_of, values)))


def _text_of(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def as_stored(type_: FieldType, shape: Shape, values: Sequence[str]) -> Any:
    """What was typed as it is stored; what cannot be read stays text, and is refused as such."""
    if shape is Shape.LIST:
        lines = [line.strip() for value in values for line in value.splitlines()]
        return [_one(type_, line) for line in lines if line]
    if shape is Shape.RANGE:
        return [_number(value) for value in (*values, "", "")[:2]]
    first = (values[0] if values else "").strip()
    if shape is Shape.DAYS:
        return int(first) if first.isascii() and first.isdigit() and len(first) < 10 else first
    return _one(type_, first)


def _one(type_: FieldType, text: str) -> Any:
    if type_ in (FieldType.YES_NO, FieldType.STEP_FACT):
        return {"true": True, "false": False}.get(text, text)
    return _number(text) if type_ in (FieldType.NUMBER, FieldType.MONEY) else text


def _number(text: str) -> Any:
    try:
        number = float(text.strip())
    except ValueError:
        return text
    return int(number) if number.is_integer() else number


def place_of(fault: Fault) -> tuple[int | None, str]:
    """Row and part (field, op, value) of a fault; None where it concerns the whole."""
    rows = [part for part in fault.place if isinstance(part, int)]
    last = fault.place[-1] if fault.place else ""
    if not rows or (rows[0] >= MOST_CONDITIONS and isinstance(last, int)):
        return None, ""
    return rows[0], str(last) if isinstance(last, str) else "field"
