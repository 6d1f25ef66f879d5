"""Condition groups as ``Q``: what a group says, in SQL that uses indexes behind the wall (semantics 6.3, 6.4).

Every comparison is a leakproof one of plain types on a stored column: text on the lowered twin, date-times against
instants worked out here, never on a column that is cast. ``contains`` and ``ends_with`` alone use no index.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import reduce
from operator import and_, or_
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import BooleanField, Exists, F, Func, Model, OuterRef, Q, TextField, Value

from audience.addresses import normalise_address
from audience.conditions import days
from audience.conditions.parse import Condition, Group, StepField
from audience.conditions.types import ME, TRUE_WHERE_EMPTY, FieldType
from audience.fields import LONGEST, Field
from audience.models import AccountTag, ContactTag, CustomField, OpportunityTag
from tenants.models import Member

ALWAYS = ~Q(pk__in=[])
NEVER = Q(pk__in=[])
TAGS: dict[str, type[Model]] = {"contact": ContactTag, "account": AccountTag, "opportunity": OpportunityTag}
COMPARISONS = {"=": "", ">": "__gt", ">=": "__gte", "<": "__lt", "<=": "__lte"}
POSITIVE = {"is_not": "is", "not_in": "in", "not_contains": "contains", "!=": "=", "has_none": "has_any"} | {
    "not_in_last_days": "in_last_days"
}

Membership = Callable[[str, str], Q]
StepAnswer = Callable[[str, str, str, Any], Q]


@dataclass(frozen=True)
class Context:
    """Where a group is asked.

    ``prefixes``: the ORM path from the queryset's model to each record, with its trailing ``__``; "" is the model
    itself, None (or absent) a record that is missing: all its fields are empty (semantics 2.16). ``today`` is the local
    date in ``zone``, the sequence's; ``me`` the id of its owner. ``membership(op, sequence_name)`` and
    ``step(key, fact, op, value)`` answer what only the floor above knows. ``reference(record, text)`` finds the id that
    a file's name of a record stands for; without it the text is the id.
    """

    prefixes: Mapping[str, str | None]
    today: date
    zone: ZoneInfo
    record: str = "contact"
    me: int | None = None
    membership: Membership | None = None
    step: StepAnswer | None = None
    reference: Callable[[str, str], int | None] | None = None


@dataclass(frozen=True)
class Slot:
    """Where the values of a field stand: a path of the queryset; of tags, which rows of the table of labels."""

    path: str
    record: str
    key: str
    custom_id: int | None = None
    is_custom: bool = False


class Folded(Func):
    """SQL: a value of a condition as the lowered twins hold it (semantics 6.4). Unlike there, blanks stay blanks."""

    template = 'lower((%(expressions)s) COLLATE "pg_c_utf8")'
    output_field = TextField()
    arity = 1


class StartsWith(Func):
    """SQL: the one test of a prefix that is leakproof and finds its range in an index; LIKE is not."""

    arg_joiner = " ^@ "
    template = "(%(expressions)s)"
    output_field = BooleanField()
    arity = 2


class Short(Func):
    """SQL: a text of a slot that an index can hold; said beside an equality, so that the index is used (ADR 14)."""

    template = f"(length(%(expressions)s) <= {LONGEST})"
    output_field = BooleanField()
    arity = 1


class Long(Func):
    """SQL: a text of a slot that no index by its value holds; said beside a prefix, for the index of the long ones."""

    template = f"(length(%(expressions)s) > {LONGEST})"
    output_field = BooleanField()
    arity = 1


def compile_group(group: Group, context: Context) -> Q:
    """The group as a condition of a queryset. Without conditions ``Q()``; what that means the caller decides."""
    slots = _custom_slots(group)
    parts = [_condition(condition, context, slots) or ALWAYS for condition in group.conditions]
    return reduce(and_ if group.match == "all" else or_, parts) if parts else Q()


def _custom_slots(group: Group) -> dict[tuple[str, str], tuple[str, int]]:
    """(record, key) of the tenant's own fields → column and id, where the group names one that knows no place."""
    if not any(isinstance(c.field, Field) and _is_unplaced(c.field) for c in group.conditions):
        return {}
    rows = CustomField.objects.values_list("record", "key", "column", "pk")
    return {(record, key): (column, pk) for record, key, column, pk in rows}


def _is_unplaced(ref: Field) -> bool:
    """A field of the tenant's own that does not come from its catalogue."""
    return ref.is_custom and ref.has_values and ref.custom_id is None


def _condition(condition: Condition, context: Context, slots: dict[tuple[str, str], tuple[str, int]]) -> Q:
    ref, op, value = condition.field, condition.op, condition.value
    if isinstance(ref, StepField):
        assert context.step is not None, "no step can be asked here"
        return context.step(ref.step, ref.fact, op, value)
    if ref.type is FieldType.SEQUENCE:
        assert context.membership is not None, "membership cannot be asked here"
        return context.membership(op, str(value))
    slot = _slot(ref, context, slots)
    if slot is None:
        return ALWAYS if condition.on_empty else NEVER
    return _compare(ref.type, slot, op, value, context)


def _slot(ref: Field, context: Context, slots: dict[tuple[str, str], tuple[str, int]]) -> Slot | None:
    """Where the field stands, or None: its record is missing, or no record has a value of it."""
    prefix = context.prefixes.get(ref.record)
    if prefix is None or not ref.has_values:
        return None
    if not ref.is_custom:
        return Slot(prefix + ref.key, ref.record, ref.key)
    column, pk = slots.get((ref.record, ref.key), (ref.column, ref.custom_id or 0))
    if ref.type is FieldType.TAGS:
        return Slot(prefix + "tags", ref.record, ref.key, custom_id=pk) if pk else None
    return Slot(prefix + column, ref.record, ref.key, is_custom=True) if column else None


def _compare(type_: FieldType, slot: Slot, op: str, value: Any, context: Context) -> Q:
    if type_ is FieldType.TAGS:
        return _tags(slot, op, value)
    if type_ is FieldType.YES_NO:
        return Q((slot.path, True)) if value else Q((slot.path, False)) | Q((f"{slot.path}__isnull", True))
    path = _column(type_, slot)
    if op in ("empty", "not_empty"):
        return Q((f"{path}__isnull", op == "empty"))
    positive = _positive(type_, slot, path, POSITIVE.get(op, op), value, context)
    return ~positive if op in TRUE_WHERE_EMPTY else positive


def _column(type_: FieldType, slot: Slot) -> str:
    """The path of the stored column that is compared."""
    if type_ in (FieldType.TEXT, FieldType.CHOICE):
        return (
            f"{slot.path}_lowered" if (slot.record, slot.key) == ("contact", "email") else f"{slot.path}_norm"
        )
    return f"{slot.path}_id" if type_ in (FieldType.USER, FieldType.REFERENCE) else slot.path


def _positive(type_: FieldType, slot: Slot, path: str, op: str, value: Any, context: Context) -> Q:
    """A comparison that is false of an empty field."""
    values = value if isinstance(value, tuple) else (value,)
    if type_ is FieldType.USER:
        return _one_of(path, _members(values, context.me))
    if type_ is FieldType.REFERENCE:
        found = (_reference(slot.key, str(text), context) for text in values)
        return _one_of(path, [pk for pk in found if pk is not None])
    if type_ in (FieldType.NUMBER, FieldType.MONEY):
        return _number(path, op, value)
    if type_ in (FieldType.DATE, FieldType.DATE_TIME):
        return _dates(type_, path, days.day_bounds(op, value, context.today), context.zone)
    if (slot.record, slot.key) == ("contact", "email") and op in ("is", "in"):
        return _addresses(slot.path, values)
    same = _text(path, op, values)
    if not slot.is_custom or any(len(text) > LONGEST for text in values):
        return same
    if op == "starts_with":
        # All that begin so, each part by an index: those that one by value holds, and the few long ones.
        return same & Q(Short(F(path))) | same & Q(Long(F(path)))
    return same & Q(Short(F(path))) if op in ("is", "in") else same


def _text(path: str, op: str, values: tuple[str, ...]) -> Q:
    folded = [Folded(Value(text)) for text in values]
    if op in ("is", "in"):
        return _one_of(path, folded)
    if op == "starts_with":
        # Two-valued also where the column is NULL, as Django makes its own lookups under a negation.
        return Q((f"{path}__isnull", False)) & Q(StartsWith(F(path), folded[0]))
    lookup = {"contains": "contains", "ends_with": "endswith"}[op]
    return Q((f"{path}__{lookup}", folded[0]))


def _addresses(path: str, values: tuple[str, ...]) -> Q:
    """E-mail addresses are compared everywhere in their normal form (semantics 2.11); what is none, as text."""
    normal = [address for address in map(normalise_address, values) if address]
    odd = tuple(text for text in values if normalise_address(text) is None)
    found = _one_of(f"{path}_norm", normal)
    return found | _text(f"{path}_lowered", "in", odd) if odd else found


def _number(path: str, op: str, value: Any) -> Q:
    if op == "between":
        low, high = value
        return Q((f"{path}__gte", low), (f"{path}__lte", high))
    return Q((path + COMPARISONS[op], value))


def _dates(type_: FieldType, path: str, bounds: days.DayBounds, zone: ZoneInfo) -> Q:
    found = bounds if type_ is FieldType.DATE else days.instant_bounds(bounds, zone)
    return Q(*((f"{path}__{lookup}", bound) for lookup, bound in found))


def _one_of(path: str, values: list[Any]) -> Q:
    if not values:
        return NEVER
    return Q((path, values[0])) if len(values) == 1 else Q((f"{path}__in", values))


def _members(values: Iterable[str], me: int | None) -> list[int]:
    """The ids of the members meant; an e-mail that is no member's is nobody."""
    emails = [text.strip().lower() for text in values if text != ME]
    found = (
        set(Member.objects.filter(user__email__in=emails).values_list("pk", flat=True)) if emails else set()
    )
    if ME in values and me is not None:
        found.add(me)
    return sorted(found)


def _reference(record: str, text: str, context: Context) -> int | None:
    if context.reference is not None:
        return context.reference(record, text)
    number = text.strip()
    return int(number) if number.isascii() and number.isdigit() and len(number) < 19 else None


def _tags(slot: Slot, op: str, labels: tuple[str, ...] | None) -> Q:
    model = TAGS[slot.record]
    record = slot.path.removesuffix("tags") + "pk"
    mine = model._default_manager.filter(record=OuterRef(record), field=slot.custom_id)
    if op in ("empty", "not_empty"):
        return ~Q(Exists(mine)) if op == "empty" else Q(Exists(mine))
    assert labels is not None
    folded = [Folded(Value(label)) for label in labels]
    if op == "has_all":
        return reduce(and_, (Q(Exists(mine.filter(label_norm=label))) for label in folded))
    any_of = Q(Exists(mine.filter(label_norm__in=folded)))
    return ~any_of if op == "has_none" else any_of
