"""The values that templates name, read for a set of rows in one query of narrow columns (semantics 6.6)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import QuerySet

from audience.catalogue import catalogue
from audience.conditions.types import FieldType
from audience.fields import RECORDS, Catalogue, Field
from audience.models import AccountTag, ContactTag, CustomField, OpportunityTag

Values = dict[str, object]
Prefixes = Mapping[str, str]
"""Where records and people stand, as paths from the rows: {"contact": "contact__", "sender": "sender__", …}.

One that is missing has no values.
"""

OF_MESSAGE: Prefixes = {
    "contact": "contact__",
    "account": "contact__account__",
    "opportunity": "opportunity__",
    "owner": "contact__owner__",
    "sender": "sender__",
}
OF_CONTACT: Prefixes = {"contact": "", "account": "account__", "owner": "owner__"}

TAGS: dict[str, type[Any]] = {"contact": ContactTag, "account": AccountTag, "opportunity": OpportunityTag}


class Answer(str):
    """A yes/no field: written it is Yes or No, asked (`{% if contact.vip %}`, `== true`) it is true or false."""

    __slots__ = ()

    def __liquid__(self) -> bool:
        return self == "Yes"


def read(
    rows: QuerySet[Any], paths: Iterable[str], prefixes: Prefixes = OF_MESSAGE, zone: ZoneInfo | None = None
) -> dict[int, Values]:
    """For each row, by its pk, the values of ``paths`` (``contact.first_name``); a bare name is the contact's.

    Users are their names, references the name of what they point at, yes/no fields Yes or No, instants in ``zone``. A
    field that there is not (any more) has no value.
    """
    wanted = {path: path if "." in path else f"contact.{path}" for path in paths}
    known = catalogue() if wanted else Catalogue()
    columns = _columns(wanted, known, prefixes)
    flat = sorted({column for _, group in columns.values() for column in group})
    found: dict[int, Values] = {}
    for pk, *read in rows.values_list("pk", *flat):
        row = dict(zip(flat, read, strict=True))
        found[pk] = {
            path: _value(type_, [row[c] for c in group], zone) for path, (type_, group) in columns.items()
        }
    for path, field in _tag_fields(wanted, known):
        if field.record in prefixes:
            _add_tags(found, rows, path, field, prefixes[field.record])
    return found


def _columns(
    wanted: Mapping[str, str], known: Catalogue, prefixes: Prefixes
) -> dict[str, tuple[FieldType, tuple[str, ...]]]:
    slots = dict[tuple[str, str], str]()
    if any((field := _field(name, known)) and field.is_custom for name in wanted.values()):
        slots = {(r, k): c for r, k, c in CustomField.objects.values_list("record", "key", "column")}
    found: dict[str, tuple[FieldType, tuple[str, ...]]] = {}
    for path, name in wanted.items():
        head, _, key = name.partition(".")
        if head not in prefixes:
            continue
        prefix = prefixes[head]
        field = _field(name, known)
        if head in ("owner", "sender") and key in ("name", "email"):
            ways = ("name", "email") if key == "name" else ("email",)
            found[path] = (FieldType.TEXT, tuple(f"{prefix}user__{way}" for way in ways))
        elif field and field.type is not FieldType.TAGS:
            column = slots[head, key] if field.is_custom else key
            found[path] = (field.type, tuple(prefix + part for part in _parts(field, column)))
    return found


def _parts(field: Field, column: str) -> tuple[str, ...]:
    if field.type is FieldType.USER:
        return (f"{column}__user__name", f"{column}__user__email")
    if field.type is FieldType.REFERENCE:
        is_person = column == "contact"
        return (f"{column}__first_name", f"{column}__last_name") if is_person else (f"{column}__name",)
    return (column,)


def _value(type_: FieldType, parts: list[Any], zone: ZoneInfo | None) -> object:
    (first, *rest) = parts
    if type_ is FieldType.YES_NO:
        return Answer("Yes" if first else "No")
    if type_ is FieldType.REFERENCE:
        return " ".join(part for part in parts if part)
    if rest:
        return first or rest[0]
    return first.astimezone(zone) if zone and isinstance(first, datetime) else first


def _field(name: str, known: Catalogue) -> Field | None:
    head, _, key = name.partition(".")
    return known.get(head, key) if head in RECORDS else None


def _tag_fields(wanted: Mapping[str, str], known: Catalogue) -> list[tuple[str, Field]]:
    fields = [(path, _field(name, known)) for path, name in wanted.items()]
    return [(path, field) for path, field in fields if field and field.type is FieldType.TAGS]


def _add_tags(found: dict[int, Values], rows: QuerySet[Any], path: str, field: Field, prefix: str) -> None:
    record_of = dict(rows.values_list("pk", f"{prefix}pk"))
    tags = TAGS[field.record].objects.filter(record__in=set(record_of.values()) - {None})
    tags = (
        tags.filter(field__record=field.record, field__key=field.key)
        if field.is_custom
        else tags.filter(field=None)
    )
    labels: dict[int, list[str]] = {}
    for record_id, label in tags.order_by("pk").values_list("record_id", "label"):
        labels.setdefault(record_id, []).append(label)
    for pk, record_id in record_of.items():
        found[pk][path] = labels.get(record_id, [])
