"""Reading a condition group back as an English sentence. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

from audience.conditions.parse import Condition, FieldRef, Group, StepField
from audience.conditions.types import ME, FieldType

OWNERS = {"contact": "the contact’s", "account": "the company’s", "opportunity": "the opportunity’s"}

PHRASES = {
    "is": "is {}",
    "is_not": "is not {}",
    "contains": "contains {}",
    "not_contains": "does not contain {}",
    "starts_with": "starts with {}",
    "ends_with": "ends with {}",
    "in": "is {}",
    "not_in": "is not {}",
    "=": "is {}",
    "!=": "is not {}",
    ">": "is more than {}",
    ">=": "is at least {}",
    "<": "is less than {}",
    "<=": "is at most {}",
    "between": "is from {} to {}",
    "before": "is before {}",
    "after": "is after {}",
    "on": "is {}",
    "in_last_days": "is within the last {}",
    "in_next_days": "is within the next {}",
    "not_in_last_days": "is not within the last {}",
    "has_any": "include {}",
    "has_all": "include {}",
    "has_none": "include none of {}",
    "empty": "is empty",
    "not_empty": "is not empty",
}

MEMBERSHIP = {
    "in": "the contact is in {}",
    "not_in": "the contact is not in {}",
    "was_in": "the contact has left {} before",
    "never_in": "the contact was never in {}",
}


Name = Callable[[FieldRef, str], str]
"""What a person calls a value of a field: of an id or address, the name behind it."""

Steps = Mapping[str, str]
"""What screens call a step, by its key: ``Step 2 “Intro”``."""

NO_STEPS: Steps = {}


def sentence(group: Group, name: Name = lambda ref, value: value, steps: Steps = NO_STEPS) -> str:
    """``lifecycle stage is Lead and score is at least 80``; of a group without conditions an empty text."""
    word = "and" if group.match == "all" else "or"
    return joined([phrase(condition, name, steps) for condition in group.conditions], word, comma=True)


def phrase(condition: Condition, name: Name = lambda ref, value: value, steps: Steps = NO_STEPS) -> str:
    """One condition in words."""
    ref, op, value = condition.field, condition.op, condition.value
    if isinstance(ref, StepField):
        label = steps.get(ref.step, f"step {ref.step}")
        return _step_phrase(ref, value, label[:1].lower() + label[1:])
    if ref.type is FieldType.SEQUENCE:
        return MEMBERSHIP[op].format(f"“{value}”")
    if ref.type in (FieldType.USER, FieldType.REFERENCE):
        value = tuple(_named(ref, item, name) for item in value) if isinstance(value, tuple) else value
        value = _named(ref, value, name) if isinstance(value, str) else value
    return f"{_subject(condition)} {_predicate(ref.type, op, value)}"


def _named(ref: FieldRef, value: str, name: Name) -> str:
    return value if value == ME else name(ref, value)


def joined(words: Sequence[str], word: str, *, comma: bool = False) -> str:
    """``a, b or c``; with a comma, where three or more clauses follow each other, ``a, b, or c``."""
    if len(words) < 2:
        return "".join(words)
    last = f", {word} " if comma and len(words) > 2 else f" {word} "
    return ", ".join(words[:-1]) + last + words[-1]


def _subject(condition: Condition) -> str:
    ref = condition.field
    assert not isinstance(ref, StepField)
    prefix, dot, _ = condition.name.partition(".")
    return f"{OWNERS[prefix]} {ref.label}" if dot else ref.label


def _predicate(type_: FieldType, op: str, value: Any) -> str:
    if type_ is FieldType.TAGS and op in ("empty", "not_empty"):
        return "are empty" if op == "empty" else "are not empty"
    if op == "between":
        return PHRASES[op].format(*map(_said, value))
    if op.endswith("_days"):
        return PHRASES[op].format("day" if value == 1 else f"{value} days") if value else _today(op)
    if isinstance(value, tuple):
        return PHRASES[op].format(joined([_said(item) for item in value], "and" if op == "has_all" else "or"))
    return PHRASES[op].format(_said(value))


def _today(op: str) -> str:
    return "is not today" if op == "not_in_last_days" else "is today"


def _said(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:,.0f}" if value.is_integer() else f"{value:,}"
    if isinstance(value, date):
        return f"{value.day} {value:%B %Y}"
    return "the owner of the sequence" if value == ME else str(value)


def _step_phrase(ref: StepField, value: Any, step: str) -> str:
    if ref.type is FieldType.STEP_OUTCOME:
        outcomes = value if isinstance(value, tuple) else (value,)
        return f"the outcome of {step} is {joined(outcomes, 'or')}"
    if ref.fact == "sent":
        return f"{step} was {'sent' if value else 'not sent'}"
    verb = {"opened": "opened", "clicked": "clicked", "replied": "answered", "bounced": "bounced"}[ref.fact]
    was = "" if ref.fact == "bounced" else "was "
    return f"{step} {was}{verb}" if value else f"{step} was sent but not {verb}"
