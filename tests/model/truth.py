"""Whether conditions are true of a contact (2.16, 2.17, 2.30, 6.3, 6.4)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from audience.conditions.parse import Condition, Group, StepField
from audience.conditions.types import FieldType
from tests.model.world import Mark, Record, Sequence, Stay, World


@dataclass
class Asked:
    """Of whom, when and in which sequence it is asked. ``through`` is the account or opportunity of the stay."""

    world: World
    sequence: Sequence
    at: datetime
    contact: Record
    through: Record | None
    stay: Stay | None = None

    def record(self, condition: Condition) -> Record | None:
        """The record that a field is of (2.16)."""
        ref = condition.field
        assert not isinstance(ref, StepField)
        is_bare = "." not in condition.name
        if is_bare and self.sequence.spec.record != "contact":
            return self.through
        return self.named(ref.record)

    def named(self, record: str) -> Record | None:
        """A record by the word before the dot: the contact's current primary account, the stay's opportunity."""
        if record == "contact":
            return self.contact
        if record == "account":
            return self.world.account_of(self.contact)
        is_opportunity = self.through is not None and self.through.kind == "opportunity"
        return self.through if is_opportunity else None


def of_stay(world: World, stay: Stay, at: datetime) -> Asked:
    return Asked(world, stay.sequence, at, stay.contact, stay.through, stay)


def matches(group: Group, asked: Asked, *, if_none: bool) -> bool:
    """Whether a group matches; without conditions ``if_none``."""
    if not group.conditions:
        return if_none
    found = [is_true(condition, asked) for condition in group.conditions]
    return all(found) if group.match == "all" else any(found)


def is_true(condition: Condition, asked: Asked) -> bool:
    if isinstance(condition.field, StepField):
        return _step(condition, asked)
    if condition.field.type is FieldType.SEQUENCE:
        return _membership(condition, asked)
    record = asked.record(condition)
    value = record.values.get(condition.field.key) if record else None
    if condition.field.type is FieldType.YES_NO:
        return bool(value) is condition.value
    if is_empty(value):
        return condition.op in (
            "empty",
            "is_not",
            "not_in",
            "not_contains",
            "has_none",
            "!=",
            "not_in_last_days",
        )
    if condition.op in ("empty", "not_empty"):
        return condition.op == "not_empty"
    return _compare(condition, value, asked)


def is_empty(value: Any) -> bool:
    """Missing, only blanks, an empty list (6.3)."""
    return value is None or (isinstance(value, str) and not value.strip()) or value == ()


def _compare(condition: Condition, value: Any, asked: Asked) -> bool:
    type_ = condition.field.type
    if type_ in (FieldType.NUMBER, FieldType.MONEY):
        return _number(condition.op, float(value), condition.value)
    if type_ in (FieldType.DATE, FieldType.DATE_TIME):
        return _date(condition.op, _day(value, asked), condition.value, asked.sequence.today(asked.at))
    if type_ is FieldType.TAGS:
        return _tags(condition.op, {lowered(tag) for tag in value}, {lowered(tag) for tag in condition.value})
    wanted = condition.value if isinstance(condition.value, tuple) else (condition.value,)
    if type_ is FieldType.USER:
        wanted = tuple(asked.sequence.spec.owner if user == "me" else user for user in wanted)
    return _text(condition.op, lowered(value), [lowered(text) for text in wanted])


def lowered(text: str) -> str:
    """Letter by letter, as the database does it (6.4)."""
    return "".join(letter.lower()[0] for letter in text)


def _text(op: str, value: str, wanted: list[str]) -> bool:
    return {
        "is": value in wanted,
        "in": value in wanted,
        "is_not": value not in wanted,
        "not_in": value not in wanted,
        "contains": wanted[0] in value,
        "not_contains": wanted[0] not in value,
        "starts_with": value.startswith(wanted[0]),
        "ends_with": value.endswith(wanted[0]),
    }[op]


def _number(op: str, value: float, wanted: Any) -> bool:
    if op == "between":
        return wanted[0] <= value <= wanted[1]
    return {
        "=": value == wanted,
        "!=": value != wanted,
        ">": value > wanted,
        ">=": value >= wanted,
        "<": value < wanted,
        "<=": value <= wanted,
    }[op]


def _tags(op: str, value: set[str], wanted: set[str]) -> bool:
    if op == "has_all":
        return wanted <= value
    return bool(wanted & value) == (op == "has_any")


def _day(value: Any, asked: Asked) -> date:
    return asked.sequence.today(value) if isinstance(value, datetime) else value


def _date(op: str, value: date, wanted: Any, today: date) -> bool:
    if op in ("before", "after", "on"):
        return {"before": value < wanted, "after": value > wanted, "on": value == wanted}[op]
    days = timedelta(days=wanted)
    if op == "in_next_days":
        return today <= value <= today + days
    return (today - days <= value <= today) == (op == "in_last_days")


def _membership(condition: Condition, asked: Asked) -> bool:
    """2.17."""
    name = str(condition.value).strip().casefold()
    named = next(one for one in asked.world.sequences if one.name.casefold() == name)
    stays = named.stays_of(asked.contact)
    is_in = any(stay.is_inside for stay in stays)
    return {
        "in": is_in,
        "not_in": not is_in,
        "was_in": any(not stay.is_inside for stay in stays),
        "never_in": not stays,
    }[condition.op]


def _step(condition: Condition, asked: Asked) -> bool:
    """2.30: only of this stay."""
    ref = condition.field
    assert isinstance(ref, StepField)
    mark = asked.stay.marks.get(ref.step) if asked.stay else None
    if ref.type is FieldType.STEP_OUTCOME:
        wanted = condition.value if isinstance(condition.value, tuple) else (condition.value,)
        has = mark is not None and mark.outcome != ""
        return has and lowered(mark.outcome) in {lowered(one) for one in wanted}  # type: ignore[union-attr]
    was_sent = mark is not None and mark.sent_at is not None
    if ref.fact == "sent":
        return was_sent is condition.value
    return was_sent and happened(mark, ref.fact) is condition.value  # type: ignore[arg-type]


def happened(mark: Mark, fact: str) -> bool:
    """Whether a message was opened, clicked, replied or bounced."""
    return bool(getattr(mark, fact))
