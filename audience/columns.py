"""What lists of records show of each: every field as a column, and how its values are read for a page of rows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count
from django.http import QueryDict

from audience.catalogue import as_field
from audience.conditions.types import FieldType
from audience.fields import ACCOUNT, CONTACT, OPPORTUNITY, SEQUENCE, Catalogue, Field
from audience.kinds import KINDS
from audience.models import Contact, CustomField
from audience.records import TAGS, kind_of

MOST_COLUMNS = 12

UNSORTABLE = {FieldType.TAGS, FieldType.USER, FieldType.REFERENCE, FieldType.YES_NO}
PEOPLE = Field(ACCOUNT, "people", "people", FieldType.NUMBER)
"""How many contacts have the company as their primary one; counted for a page of rows, so no condition asks for it."""


@dataclass(frozen=True)
class Column:
    """One column of a list: ``path`` leads from a row of the list to the stored value, empty where it is worked out."""

    name: str
    label: str
    field: Field
    path: str
    tags_of: int | None = None
    """Of a custom field of type tags its id."""

    @property
    def type(self) -> FieldType:
        return self.field.type

    @property
    def sort(self) -> str:
        """The stored column that the list can be sorted by; empty where it cannot."""
        if not self.path or "." in self.name or self.type in UNSORTABLE:
            return ""
        if self.name == "email":
            return "email_lowered"
        return f"{self.path}_norm" if self.type in (FieldType.TEXT, FieldType.CHOICE) else self.path


def columns_of(record: str) -> dict[str, Column]:
    """All columns of a list by name: fields of the record, and of the one that stands beside it (audience.kinds)."""
    customs = list(CustomField.objects.filter(retired_at=None).order_by("pk"))
    own = {(custom.record, custom.key): custom for custom in customs}
    known = Catalogue(as_field(custom) for custom in customs)
    found = [_column(field, "", own) for field in known.of(record) if field is not SEQUENCE]
    if record == ACCOUNT:
        found.append(Column("people", "People", PEOPLE, ""))
    if beside := KINDS[record].beside:
        other, word = beside
        shown = [field for field in known.of(other) if field.type is not FieldType.TAGS]
        found += [_column(field, word, own) for field in shown if field is not SEQUENCE]
    return {column.name: column for column in found}


def _column(field: Field, of: str, own: dict[tuple[str, str], CustomField]) -> Column:
    """``of`` is the word for the other record whose field it is; empty: the list's own."""
    custom = own.get((field.record, field.key))
    path = custom.column if custom else "" if field.type is FieldType.TAGS else field.key
    name = field.name if of else field.key
    label = f"{of}: {field.label}" if of else f"{field.label[:1].upper()}{field.label[1:]}"
    prefix = f"{field.record}__" if of else ""
    return Column(
        name, label, field, path and f"{prefix}{path}", custom.pk if custom and not custom.column else None
    )


def groups_of(columns: Iterable[Column], record: str) -> list[tuple[str, list[tuple[str, str]]]]:
    """The columns to choose from, in groups; what stands in the first column anyway is left out."""
    kind = KINDS[record]
    other = kind.beside[1] if kind.beside else ""
    parts: dict[str, list[tuple[str, str]]] = {"Fields": [], "Your own fields": [], other: []}
    for column in columns:
        if column.name in kind.in_name:
            continue
        part = other if "." in column.name else "Your own fields" if column.field.is_custom else "Fields"
        parts[part].append((column.name, column.label))
    return [(name, options) for name, options in parts.items() if options]


def moved_up(query: QueryDict) -> str:
    """The address after a column (``up``) was moved before the one above it, with the choice of columns open."""
    changed, names = query.copy(), list(dict.fromkeys(query.getlist("col")))
    (name,) = changed.pop("up")[:1]
    if name in names[1:]:
        place = names.index(name)
        names[place - 1 : place + 1] = [name, names[place - 1]]
    changed.setlist("col", names)
    changed["panel"] = "columns"
    return changed.urlencode()


def values_of(rows: Sequence[Any], record: str, columns: Sequence[Column]) -> dict[int, list[Any]]:
    """For each row, by its key, the values of the columns. Users and references are what they point at."""
    worked_out = {column.name: _worked_out(rows, record, column) for column in columns if not column.path}
    return {
        row.pk: [
            worked_out[column.name].get(row.pk) if not column.path else _read(row, column.path)
            for column in columns
        ]
        for row in rows
    }


def _worked_out(rows: Sequence[Any], record: str, column: Column) -> dict[int, Any]:
    ids = [row.pk for row in rows]
    if column.field is PEOPLE:
        return people_of(ids)
    labels: dict[int, list[str]] = {}
    found = TAGS[record].objects.filter(record__in=ids, field=column.tags_of).order_by("label_norm")
    for pk, label in found.values_list("record_id", "label"):
        labels.setdefault(pk, []).append(label)
    return labels


def people_of(companies: Iterable[int]) -> dict[int, int]:
    """How many contacts have each company as their primary one."""
    counts = Contact.objects.filter(account__in=list(companies)).values("account").annotate(n=Count("pk"))
    found = {row["account"]: row["n"] for row in counts.order_by()}
    return {pk: found.get(pk, 0) for pk in companies}


def _read(row: Any, path: str) -> Any:
    for part in path.split("__"):
        row = getattr(row, part) if row is not None else None
    return row


NAMING = {
    CONTACT: ("first_name", "last_name", "email", "phone"),
    ACCOUNT: ("name",),
    OPPORTUNITY: ("name",),
}
"""What it takes to name a record."""

BESIDE_NAME = {CONTACT: ("job_title",)}
"""What every list shows with the name."""


def narrowed(records: Any, columns: Iterable[Column]) -> Any:
    """The rows with only what the columns show: a row has some 150 columns."""
    record = kind_of(records.model)
    wanted = {"owner", *NAMING[record], *BESIDE_NAME.get(record, ())}
    users, others = ["owner"], {name: name for name in KINDS[record].references}
    for column in columns:
        if column.path:
            wanted.add(column.path)
        if column.type is FieldType.USER and "__" in column.path:
            users.append(column.path)
        if column.type is FieldType.REFERENCE:
            others[column.path] = column.field.key
    for path in users:
        wanted |= {f"{path}__user__{part}" for part in ("name", "email")} | {f"{path}__user_id"}
    for path, other in others.items():
        wanted |= {path, *(f"{path}__{part}" for part in NAMING[other])}
    return records.select_related(*others, *(f"{path}__user" for path in users)).only(*sorted(wanted))
