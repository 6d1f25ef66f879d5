"""An import until it is worked: opened, its columns matched, checked, started."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from django.db import transaction

from audience.catalogue import catalogue, make_field
from audience.conditions.types import FieldType
from audience.conditions.values import Refused
from audience.fields import ACCOUNT, CONTACT, Field
from audience.imports.cells import Writing
from audience.imports.decoding import Unreadable
from audience.imports.entries import Entry, Form
from audience.imports.files import keep, table_of
from audience.imports.matching import importable, match_columns
from audience.imports.reader import Table
from audience.models import ImportDue, ImportJob
from audience.tasks import work_import
from tenants.commands import audit
from tenants.models import Member, Tenant
from tenants.wall import current_id

LEASE = timedelta(seconds=60)
"""After so long without a batch, an import is taken for abandoned and another worker goes on."""
ROWS_LOOKED_AT, LONGEST_LOOKED_AT = 200, 200
"""Rows, and characters of a cell, that are kept for showing and for guessing types."""
IDENTITIES = {CONTACT: {"email", "first_name", "last_name", "full_name"}, ACCOUNT: {"name"}}


class CannotImport(ValueError):
    """The import cannot be started as it is asked for; each of ``reasons`` is fit for a person."""

    def __init__(self, *reasons: str) -> None:
        super().__init__(" ".join(reasons))
        self.reasons = reasons


@transaction.atomic
def open_import(
    *,
    by: Member | None,
    data: bytes | Iterable[bytes],
    file_name: str,
    kind: str,
    at: datetime,
    encoding: str | None = None,
    delimiter: str | None = None,
) -> ImportJob:
    """Keep the file, whose bytes may come in pieces, and match its columns. Raises Unreadable."""
    job = ImportJob.objects.create(kind=kind, file_name=file_name, owner=by, made_at=at)
    keep(job, (data,) if isinstance(data, bytes) else data)
    reread(job, encoding=encoding, delimiter=delimiter)
    return job


@transaction.atomic
def reread(job: ImportJob, *, encoding: str | None, delimiter: str | None) -> None:
    """Read the file anew, in another encoding or with another delimiter. Raises Unreadable; then nothing changes."""
    assert job.state == ImportJob.MATCHING
    before = job.encoding, job.delimiter
    job.encoding, job.delimiter = encoding or "", delimiter or ""
    try:
        table = table_of(job)
        _describe(job, table)
    except Unreadable:
        job.encoding, job.delimiter = before
        raise
    job.save()


def _describe(job: ImportJob, table: Table) -> None:
    found = match_columns(job.kind, table.header, catalogue())
    job.encoding, job.delimiter, job.header = table.encoding, table.delimiter, table.header
    job.columns, job.warnings = found.keys, found.warnings
    job.sample, job.total = [], 0
    for row in table.rows():
        job.total += 1
        if len(job.sample) < ROWS_LOOKED_AT and not row.fault:
            job.sample.append([cell[:LONGEST_LOOKED_AT].replace("\x00", "\ufffd") for cell in row.cells])


def is_field(job: ImportJob, key: str) -> bool:
    """Whether there is a field of this key that a file can fill."""
    return any(f.key == key for f in importable(job.kind, catalogue()))


def column_named(job: ImportJob, name: str) -> int:
    """The number of the first column of this name, without case. Raises CannotImport."""
    for n, column in enumerate(job.header):
        if column.lower() == name.strip().lower():
            return n
    raise CannotImport(f"There is no column “{name}”; the file has: {', '.join(job.header)}.")


@dataclass(frozen=True)
class NewField:
    """A field that is made for a column or a constant."""

    key: str
    label: str
    type: FieldType


@transaction.atomic
def start(
    job: ImportJob,
    *,
    by: Member | None,
    columns: list[str],
    at: datetime,
    constants: Mapping[str, str] | None = None,
    on_duplicate: str = ImportJob.UPDATE,
    new_fields: Mapping[str, NewField] | None = None,
    is_worked_here: bool = False,
) -> None:
    """Let the import be worked, by the workers unless the caller does it.

    ``columns`` has the key of a field for each column, empty where it is left out.

    Raises CannotImport, and CannotMakeField for a new field; then nothing has happened.
    """
    assert job.state == ImportJob.MATCHING
    for new in (new_fields or {}).values():
        make_field(job.kind, new.key, new.type, new.label)
    job.columns, job.constants, job.on_duplicate = columns, dict(constants or {}), on_duplicate
    form = form_of(job)
    _check(job, form)
    job.state = ImportJob.QUEUED
    job.save()
    due_at = at + LEASE if is_worked_here else at
    ImportDue.objects.create(tenant_id=current_id(), job_id=job.pk, due_at=due_at)
    audit(by=by, verb="import.start", obj=job, at=at, file=job.file_name, rows=job.total)
    if not is_worked_here:
        transaction.on_commit(partial(work_import.delay, current_id(), job.pk), robust=True)


def _check(job: ImportJob, form: Form) -> None:
    reasons = []
    known = {f.key for f in importable(job.kind, catalogue())}
    asked = [key for key in (*job.columns, *job.constants) if key]
    reasons += [f"There is no field “{key}” that a file can fill." for key in asked if key not in known]
    twice = {key for key in job.columns if key and job.columns.count(key) > 1}
    reasons += [f"Two columns are “{key}”; choose one." for key in sorted(twice)]
    if not IDENTITIES[job.kind] & set(asked):
        wanted = "the name" if job.kind == ACCOUNT else "the email or a name"
        reasons.append(f"Choose the column that has {wanted}.")
    for name, constant, text in form.constants:
        reasons += _wrong_constant(form, name, constant, text)
    if job.on_duplicate not in (ImportJob.UPDATE, ImportJob.SKIP, ImportJob.CREATE):
        reasons.append(f"“{job.on_duplicate}” is not one of update, skip, create.")
    if reasons:
        raise CannotImport(*reasons)


def _wrong_constant(form: Form, name: str, constant: Field, text: str) -> list[str]:
    if constant.key in ("email", "further_emails"):
        return [f"“{name}” cannot be the same for every row."]
    entry = Entry(0)
    try:
        form.read(entry, constant, text)
    except Refused as refused:
        return [f"{name}: “{text}” {refused}."]
    return [f"{name}: “{text}” is no member."] if entry.unknown_owner else []


def form_of(job: ImportJob) -> Form:
    """How the rows of the file become entries."""
    fields = {f.key: f for f in importable(job.kind, catalogue())}
    tenant = Tenant.objects.get(pk=current_id())
    members: dict[str, int] = {}
    for member in Member.objects.filter(is_active=True).select_related("user").order_by("-pk"):
        members |= {name.lower(): member.pk for name in (member.name, member.email) if name}
    return Form(
        kind=job.kind,
        columns=[
            (n, job.header[n], fields[key]) for n, key in enumerate(job.columns) if key and key in fields
        ],
        constants=[
            (fields[key].label, fields[key], text) for key, text in job.constants.items() if key in fields
        ],
        writing=Writing(tenant.timezone, decimal_comma=job.delimiter == ";"),
        members=members,
    )
