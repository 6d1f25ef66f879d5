"""The tenant's catalogue of fields: the standard ones, its own, and the values of its choices."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import connection

from audience.conditions.parse import is_custom_key
from audience.conditions.types import FieldType
from audience.fields import (
    ACCOUNT,
    ACTIVITY,
    ACTIVITY_TYPES,
    CONTACT,
    OPPORTUNITY,
    OUTCOMES,
    Catalogue,
    Field,
)
from audience.models import Choice, CustomField
from audience.models.slots import DATE, DATE_TIME, NUMBER, TEXT, YES_NO
from tenants.wall import current_id

SLOTS = {
    FieldType.TEXT: TEXT,
    FieldType.CHOICE: TEXT,
    FieldType.NUMBER: NUMBER,
    FieldType.MONEY: NUMBER,
    FieldType.DATE: DATE,
    FieldType.DATE_TIME: DATE_TIME,
    FieldType.YES_NO: YES_NO,
}
"""Which columns can hold a custom field of a type; tags have a table of their own."""


PLURALS = {CONTACT: "contacts", ACCOUNT: "companies", OPPORTUNITY: "opportunities"}


class CannotMakeField(ValueError):
    """The custom field cannot be made; the message says why, fit for a person."""


def catalogue() -> Catalogue:
    """All fields of the tenant in use."""
    return Catalogue(list(_own_fields()))


def catalogue_on_demand() -> Catalogue:
    """The same; the tenant's own are read when a field is asked for that is none of the standard ones."""
    return Catalogue(_own_fields())


def _own_fields() -> Iterator[Field]:
    yield from map(as_field, CustomField.objects.filter(retired_at=None).order_by("pk"))


def as_field(custom: CustomField) -> Field:
    return Field(
        *(custom.record, custom.key, custom.label, FieldType(custom.type)),
        is_custom=True,
        custom_id=custom.pk,
        column=custom.column,
    )


def type_of(value: Any) -> FieldType | None:
    """The type of a custom field that is met with this value (semantics 6.5); None where it says nothing."""
    if isinstance(value, bool):
        return FieldType.YES_NO
    if isinstance(value, (int, float, Decimal)):
        return FieldType.NUMBER
    if isinstance(value, (list, tuple, set)):
        return FieldType.TAGS if value else None
    if isinstance(value, datetime):
        return FieldType.DATE_TIME
    if isinstance(value, date):
        return FieldType.DATE
    return FieldType.TEXT if isinstance(value, str) and value.strip() else None


def make_field(record: str, key: str, type_: FieldType, label: str = "") -> CustomField:
    """Add a field to the tenant's catalogue. Raises CannotMakeField: its name is taken or none, no slot is left."""
    if not is_custom_key(key):
        raise CannotMakeField(f"“{key}” cannot be the name of a field: no blanks, no dots")
    with connection.cursor() as cursor:
        # One at a time: two that look for a free slot together would find the same.
        lock = f"catalogue of {current_id()}"
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [lock])
    if catalogue().get(record, key) or CustomField.objects.filter(record=record, key=key).exists():
        raise CannotMakeField(f"there is a field “{key}” of {record} already")
    return CustomField.objects.create(
        record=record,
        key=key,
        type=type_,
        label=label or key.replace("_", " "),
        column=_free_slot(record, type_),
    )


def _free_slot(record: str, type_: FieldType) -> str:
    if type_ is FieldType.TAGS:
        return ""
    if type_ not in SLOTS:
        raise CannotMakeField(f"a field of your own cannot be of type {type_}")
    taken = set(CustomField.objects.filter(record=record).values_list("column", flat=True))
    for slot in SLOTS[type_]:
        if slot not in taken:
            return slot
    raise CannotMakeField(
        f"{PLURALS[record]} have {len(SLOTS[type_])} fields of this kind already, retired ones included; "
        "no more are possible"
    )


def column_of(field: Field) -> str:
    """The attribute of the record's model that holds the field; of tags an empty text."""
    if field.type is FieldType.TAGS:
        return ""
    if not field.is_custom:
        return f"{field.key}_id" if field.type in (FieldType.USER, FieldType.REFERENCE) else field.key
    if field.column:
        return field.column
    return CustomField.objects.values_list("column", flat=True).get(record=field.record, key=field.key)


def choices_of(field: Field) -> list[str]:
    """What may be chosen: the closed list, or the tenant's open one so far."""
    if field.choices:
        return list(field.choices)
    found = values_of(field.record, field.key)
    return _once([*activity_types(), *found]) if field.key == "last_activity_type" else found


def values_of(record: str, key: str) -> list[str]:
    """A list of values of the tenant, in its order."""
    return list(Choice.objects.filter(record=record, field=key).values_list("value", flat=True))


def activity_types() -> list[str]:
    """The types of activities: those of every workspace, then the tenant's own."""
    return _once([*ACTIVITY_TYPES, *values_of(ACTIVITY, "type")])


def call_outcomes() -> list[str]:
    """What a call may come to: the tenant's own list, else the usual one."""
    return values_of(ACTIVITY, "outcome") or list(OUTCOMES)


def _once(values: Iterable[str]) -> list[str]:
    return list({value.casefold(): value for value in reversed(list(values))}.values())[::-1]


def spelled(field: Field, values: Iterable[str]) -> dict[str, str]:
    """Each value as the tenant's open list spells it; those that the list does not have yet are added, in order."""
    wanted = list(dict.fromkeys(values))
    known = Choice.objects.filter(record=field.record, field=field.key)
    start = known.count()
    Choice.objects.bulk_create(
        (
            Choice(record=field.record, field=field.key, value=value, position=start + n)
            for n, value in enumerate(wanted)
        ),
        ignore_conflicts=True,
    )
    folded = lowered(wanted)
    spelling = dict(known.filter(value_norm__in=folded.values()).values_list("value_norm", "value"))
    return {value: spelling[folded[value]] for value in wanted}


def lowered(values: Iterable[str]) -> dict[str, str]:
    """The values as the database lowers them (semantics 6.4)."""
    with connection.cursor() as cursor:
        cursor.execute(
            'SELECT v, lower(v COLLATE "pg_c_utf8") FROM jsonb_array_elements_text(%s) AS v',
            [json.dumps(list(values))],
        )
        return dict(cursor.fetchall())
