"""Exporting a list as CSV: a file made batch by batch, in pieces that are gzip members of their own.

Nothing is streamed from an open transaction; a download only unpacks the pieces, one behind the other.
"""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django import forms

from audience.bulk.registry import Verb
from audience.columns import Column, columns_of, narrowed, values_of
from audience.conditions.types import FieldType
from audience.formulas import guarded
from audience.kinds import KINDS
from audience.models import RecordJob, RecordJobPart
from audience.records import MODELS
from tenants.models import Member, Tenant
from tenants.wall import current_id

BOM = "\ufeff"
WRITTEN = (FieldType.NUMBER, FieldType.MONEY, FieldType.DATE, FieldType.DATE_TIME, FieldType.YES_NO)
"""Types of which we write the cells ourselves: no formula comes from them, and a negative number stays one."""


class ColumnsForm(forms.Form):
    """Which columns the file has."""

    columns = forms.MultipleChoiceField(error_messages={"required": "Choose a column."})

    def __init__(self, record: str, data: Any = None) -> None:
        super().__init__(data)
        self.known = columns_of(record)
        self.fields["columns"].choices = [(c.name, c.label) for c in self.known.values()]  # type: ignore[attr-defined]


class Export(Verb):
    key, label, icon, permission = "export", "Export", "arrow-down-tray", "export.run"

    def form(self, record: str, by: Member, data: Any = None) -> forms.Form:
        return ColumnsForm(record, data)

    def said(self, record: str, arguments: Mapping[str, Any]) -> str:
        columns = len(arguments["columns"])
        return f"Export {columns} column{'' if columns == 1 else 's'}"

    def apply(
        self, record: str, ids: Sequence[int], arguments: Mapping[str, Any], *, by: Member, at: datetime
    ) -> int:
        known = columns_of(record)
        columns = [known[name] for name in arguments["columns"] if name in known]
        zone = Tenant.objects.values_list("timezone", flat=True).get(pk=current_id())
        rows = list(narrowed(MODELS[record].objects.filter(pk__in=ids), columns).order_by("pk"))
        values = values_of(rows, record, columns)
        job = RecordJob.objects.get(pk=arguments["job"])
        number = RecordJobPart.objects.filter(job=job).count()
        text = io.StringIO()
        if number == 0:
            text.write(BOM)
            csv.writer(text).writerow(guarded(column.label) for column in columns)
        csv.writer(text).writerows(
            [written(column, value, zone) for column, value in zip(columns, values[row.pk], strict=True)]
            for row in rows
        )
        data = gzip.compress(text.getvalue().encode(), 6, mtime=0)
        RecordJobPart.objects.create(job=job, number=number, data=data)
        return len(rows)


def written(column: Column, value: Any, zone: ZoneInfo) -> str:
    """A value as its cell, so that an import reads it back: times are local to the workspace, members their email."""
    if column.type is FieldType.YES_NO:
        return "" if value is None else "Yes" if value else "No"
    if value in (None, "", []):
        return ""
    if column.type in (FieldType.NUMBER, FieldType.MONEY):
        return str(int(value)) if float(value).is_integer() and abs(value) < 1e15 else repr(float(value))
    if isinstance(value, datetime):
        return f"{value.astimezone(zone):%Y-%m-%d %H:%M}"
    if isinstance(value, date):
        return value.isoformat()
    if column.type is FieldType.TAGS:
        return guarded(", ".join(value))
    if column.type is FieldType.USER:
        return guarded(value.email)
    return guarded(value.name if column.type is FieldType.REFERENCE else str(value))


def first_columns(record: str, shown: Sequence[str]) -> list[str]:
    """What is ticked at first: the name, and the columns of the list."""
    return [*KINDS[record].in_name, *shown]


def is_kept(job: RecordJob) -> bool:
    """Whether there is a file to download, still."""
    return (
        job.verb == Export.key
        and job.state == RecordJob.DONE
        and RecordJobPart.objects.filter(job=job).exists()
    )


def file_of(job: RecordJob) -> Iterator[bytes] | None:
    """The file, piece by piece; nothing where it is thrown away.

    It is unpacked here: browsers read of several gzip members behind each other the first, and leave out the rest.
    """
    parts = RecordJobPart.objects.filter(job=job).order_by("number")
    packed = [bytes(data) for data in parts.values_list("data", flat=True)]
    return map(gzip.decompress, packed) if packed else None
