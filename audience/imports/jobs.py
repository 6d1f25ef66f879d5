"""An import until it is worked: opened, its columns matched, checked, started."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

from django.db import transaction

from audience.catalogue import catalogue, make_field
from audience.conditions.types import FieldType
from audience.conditions.values import Refused
from audience.fields import ACCOUNT, CONTACT, Field
from audience.imports.decoding import Unreadable
from audience.imports.entries import Entry, Form
from audience.imports.files import forget, keep, table_of
from audience.imports.forming import fields_of, form_of
from audience.imports.matching import importable, match_columns
from audience.imports.reader import Row, Table
from audience.models import ImportDue, ImportJob
from audience.tasks import work_import
from tenants.commands import audit
from tenants.models import Member
from tenants.policy import require
from tenants.wall import current_id

LEASE = timedelta(seconds=60)
"""After so long without a batch, an import is taken for abandoned and another worker goes on."""
MAKES_FIELDS = "admin.manage"
"""The action of who may make fields on the way (templates-and-roles §3: fields are the administrators')."""
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
    sheet: str | None = None,
    is_empty_refused: bool = False,
) -> ImportJob:
    """Keep the file, whose bytes may come in pieces, and match its columns.

    Raises Unreadable; with ``is_empty_refused`` also where no row follows the header and no other sheet can be chosen.
    """
    job = ImportJob.objects.create(kind=kind, file_name=file_name, owner=by, made_at=at)
    keep(job, (data,) if isinstance(data, bytes) else data)
    reread(job, encoding=encoding, delimiter=delimiter, sheet=sheet)
    if is_empty_refused and not job.total and len(job.sheets) < 2:
        raise Unreadable("the file has no rows")
    return job


@transaction.atomic
def reread(job: ImportJob, *, encoding: str | None, delimiter: str | None, sheet: str | None = None) -> None:
    """Read the file anew, in another encoding, with another delimiter, another sheet; empty: find out.

    Raises Unreadable; then nothing changes.
    """
    assert job.state == ImportJob.MATCHING
    job.encoding, job.delimiter, job.sheet = encoding or "", delimiter or "", sheet or ""
    _describe(job, table_of(job))
    job.save()


def _describe(job: ImportJob, table: Table) -> None:
    header = job.header
    job.encoding, job.delimiter, job.header = table.encoding, table.delimiter, table.header
    job.sheet, job.sheets = table.sheet, list(table.sheets)
    if header != job.header:
        _match(job)
    job.sample, job.total = [], 0
    for row in table.rows():
        job.total += 1
        if len(job.sample) < ROWS_LOOKED_AT and not row.fault:
            job.sample.append([cell[:LONGEST_LOOKED_AT].replace("\x00", "\ufffd") for cell in row.cells])


def match_by_names(job: ImportJob) -> None:
    """Match the columns by their names, and forget all that was chosen."""
    job.new_fields, job.constants = [], {}
    job.on_duplicate, job.date_order, job.decimal_sign = ImportJob.UPDATE, "", ""
    _match(job)
    job.save()


def _match(job: ImportJob) -> None:
    found = match_columns(job.kind, job.header, catalogue())
    job.columns, job.warnings = found.keys, found.warnings


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


@dataclass(frozen=True)
class Choices:
    """What the person who imports has chosen: columns and more.

    ``columns`` has the key of a field for each column, empty where it is left out; ``constants`` key → text, the same
    for every row; ``new_fields`` what is made for them at the start; ``date_order`` is day or month, or empty where
    dates like 01/02/2026 are refused; ``decimal_sign`` empty where the file tells.
    """

    columns: list[str]
    constants: Mapping[str, str] = field(default_factory=dict)
    on_duplicate: str = ImportJob.UPDATE
    new_fields: Iterable[NewField] = ()
    date_order: str = ""
    decimal_sign: str = ""


@transaction.atomic
def choose(job: ImportJob, choices: Choices, *, by: Member | None) -> None:
    """Set what was chosen. Raises CannotImport or CannotMakeField; then nothing has changed."""
    assert job.state == ImportJob.MATCHING
    job.columns, job.constants = choices.columns, dict(choices.constants)
    job.on_duplicate, job.date_order = choices.on_duplicate, choices.date_order
    job.decimal_sign, job.problem = choices.decimal_sign, ""
    job.new_fields = [
        {"key": new.key, "label": new.label, "type": str(new.type)} for new in choices.new_fields
    ]
    if job.new_fields and by is not None:
        require(by, MAKES_FIELDS)
    _check(job, form_of(job))
    try:
        with transaction.atomic():
            _make_fields(job)
            raise _OnlyTried
    except _OnlyTried:
        job.save()


class _OnlyTried(Exception):
    """Takes back the fields that were made to see whether they can be."""


def _make_fields(job: ImportJob) -> None:
    for new in job.new_fields:
        make_field(job.kind, new["key"], FieldType(new["type"]), new["label"])


@transaction.atomic
def check(job: ImportJob, *, at: datetime, is_worked_here: bool = False) -> None:
    """Let the workers find out what the import would do, unless the caller does it; nothing is imported."""
    assert job.state == ImportJob.MATCHING
    forget_counts(job)
    job.state = ImportJob.CHECKING
    job.save()
    if not is_worked_here:
        _ring(job, at)


@transaction.atomic
def reopen(job: ImportJob) -> None:
    """Back from the check to the columns."""
    if job.state in (ImportJob.CHECKING, ImportJob.CHECKED):
        forget_counts(job)
        job.state = ImportJob.MATCHING
        job.save()
        ImportDue.objects.filter(tenant_id=current_id(), job_id=job.pk).delete()


def forget_counts(job: ImportJob) -> None:
    """What a check found, gone again."""
    job.done = job.created = job.updated = job.skipped = job.refused = 0
    job.unknown_owners, job.forecast = {}, {}
    job.refusals.all().delete()


@transaction.atomic
def start(job: ImportJob, *, by: Member | None, at: datetime, is_worked_here: bool = False) -> None:
    """Let the import be worked, by the workers unless the caller does it.

    Raises CannotImport, and CannotMakeField for a field that can no longer be made; then nothing has happened.
    """
    assert job.state in (ImportJob.MATCHING, ImportJob.CHECKED)
    _make_fields(job)
    _check(job, form_of(job))
    forget_counts(job)
    job.state = ImportJob.QUEUED
    job.save()
    audit(by=by, verb="import.start", obj=job, at=at, file=job.file_name, rows=job.total)
    if is_worked_here:
        ImportDue.objects.create(tenant_id=current_id(), job_id=job.pk, due_at=at + LEASE)
    else:
        _ring(job, at)


@transaction.atomic
def discard(job: ImportJob) -> None:
    """Delete an import that was never started, with its file."""
    assert not job.is_begun
    ImportDue.objects.filter(tenant_id=current_id(), job_id=job.pk).delete()
    job.delete()


@transaction.atomic
def stop(job: ImportJob, *, by: Member, at: datetime) -> None:
    """End an import between two batches. What is in stays, and is counted."""
    if job.is_under_way and job.is_begun:
        job.state, job.finished_at = ImportJob.FAILED, at
        job.problem = f"{by.name} stopped it."
        job.save()
        forget(job)
        ImportDue.objects.filter(tenant_id=current_id(), job_id=job.pk).delete()
        audit(by=by, verb="import.stop", obj=job, at=at, file=job.file_name, rows=job.done)


def _ring(job: ImportJob, at: datetime) -> None:
    ImportDue.objects.create(tenant_id=current_id(), job_id=job.pk, due_at=at)
    transaction.on_commit(partial(work_import.delay, current_id(), job.pk), robust=True)


def _check(job: ImportJob, form: Form) -> None:
    reasons = []
    known = fields_of(job)
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
    entry = Entry(Row(0, []))
    try:
        form.reader(constant)(entry, text)
    except Refused as refused:
        return [f"{name}: “{text}” {refused}."]
    return [f"{name}: “{text}” is no member."] if entry.unknown_owner else []
