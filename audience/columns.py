"""What lists of records show of each: every field as a column, and how its values are read for a page of rows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count

from audience.catalogue import as_field
from audience.conditions.types import FieldType
from audience.fields import ACCOUNT, CONTACT, SEQUENCE, Catalogue, Field
from audience.models import Account, Contact, CustomField
from audience.records import TAGS

USUAL = {
    CONTACT: ("account", "email", "lifecycle_stage", "last_contacted_mode", "owner"),
    ACCOUNT: ("industry", "employees", "people", "country", "last_contacted_mode", "owner"),
}
"""The columns of a list for which none were chosen."""

MOST_COLUMNS = 12
IN_NAME = {CONTACT: {"first_name", "last_name"}, ACCOUNT: {"name"}}
"""What the first column, which names the record, shows already."""

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
    """All columns of a list by name: fields of the record, of contacts also those of their company."""
    customs = list(CustomField.objects.filter(retired_at=None).order_by("pk"))
    own = {(custom.record, custom.key): custom for custom in customs}
    known = Catalogue(as_field(custom) for custom in customs)
    found = [_column(field, "", own) for field in known.of(record) if field is not SEQUENCE]
    if record == ACCOUNT:
        found.append(Column("people", "People", PEOPLE, ""))
    else:
        found += [
            _column(field, "account__", own)
            for field in known.of(ACCOUNT)
            if field.type is not FieldType.TAGS
        ]
    return {column.name: column for column in found}


def _column(field: Field, prefix: str, own: dict[tuple[str, str], CustomField]) -> Column:
    custom = own.get((field.record, field.key))
    path = custom.column if custom else "" if field.type is FieldType.TAGS else field.key
    name = f"account.{field.key}" if prefix else field.key
    label = f"Company: {field.label}" if prefix else f"{field.label[:1].upper()}{field.label[1:]}"
    return Column(
        name, label, field, path and f"{prefix}{path}", custom.pk if custom and not custom.column else None
    )


def groups_of(columns: Iterable[Column], record: str) -> list[tuple[str, list[tuple[str, str]]]]:
    """The columns to choose from, in groups; what stands in the first column anyway is left out."""
    parts: dict[str, list[tuple[str, str]]] = {"Fields": [], "Your own fields": [], "Company": []}
    for column in columns:
        if column.name in IN_NAME[record]:
            continue
        part = "Company" if "." in column.name else "Your own fields" if column.field.is_custom else "Fields"
        parts[part].append((column.name, column.label))
    return [(name, options) for name, options in parts.items() if options]


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


NEEDED = {
    Contact: ("email", "first_name", "last_name", "phone", "job_title", "owner", "account"),
    Account: ("name", "owner"),
}
"""What every list needs of a row, to name it."""


def narrowed(records: Any, columns: Iterable[Column]) -> Any:
    """The rows with only what the columns show: a row has some 150 columns."""
    people, companies = ("owner__user__name", "owner__user__email", "owner__user_id"), ("account__name",)
    related = {Contact: ("account", "owner__user"), Account: ("owner__user",)}[records.model]
    wanted = {*NEEDED[records.model], *people, *(companies if records.model is Contact else ())}
    users = [column.path for column in columns if column.type is FieldType.USER and "__" in column.path]
    wanted |= {column.path for column in columns if column.path}
    wanted |= {f"{path}__user__{part}" for path in users for part in ("name", "email")}
    return records.select_related(*related, *(f"{path}__user" for path in users)).only(*sorted(wanted))
