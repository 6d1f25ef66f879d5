"""Working an import batch by batch.

A batch and how far the import is are one transaction. So a worker that is killed loses its batch and nothing else, and
whoever goes on begins where the rows that are in end: no row twice, none left out.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice

from django.db import connection
from django.db.models import QuerySet

from audience.catalogue import catalogue
from audience.conditions.types import FieldType
from audience.conditions.values import Refused
from audience.fields import CONTACT, Field
from audience.imports.entries import Entry, Form
from audience.imports.files import forget, table_of
from audience.imports.jobs import LEASE, form_of
from audience.imports.matching import FULL_NAME, FURTHER
from audience.imports.reader import Row
from audience.imports.writing import Batch
from audience.models import ImportDue, ImportJob, ImportRefusal
from tenants.wall import current_id

ROWS_OF_A_BATCH = 2000


@dataclass
class Work:
    """Works one import, a batch with each ``step``; the file is read once."""

    job_id: int
    size: int = ROWS_OF_A_BATCH
    position: int | None = None
    _rows: Iterator[Row] = field(default_factory=lambda: iter(()))

    def step(self, *, now: datetime) -> bool:
        """Work the next batch in the transaction of the caller's ``use()``.

        False when nothing is left to do here: the import is over, or somebody else is at it.
        """
        _one_at_a_time()
        job = ImportJob.objects.select_for_update(no_key=True).filter(pk=self.job_id).first()
        if job is None or job.state not in (ImportJob.QUEUED, ImportJob.RUNNING):
            return False
        if not self._is_mine(job, now):
            return False
        job.state, job.started_at = ImportJob.RUNNING, job.started_at or now
        rows = list(islice(self._rows, self.size))
        _take(job, rows, job.started_at)
        self.position = job.done
        if len(rows) < self.size:
            _finish(job, now)
        else:
            _due(job).update(due_at=now + LEASE)
        job.save()
        return not job.is_over

    def release(self, *, now: datetime) -> None:
        """Let another worker go on at once."""
        ImportDue.objects.filter(tenant_id=current_id(), job_id=self.job_id).update(due_at=now)

    def _is_mine(self, job: ImportJob, now: datetime) -> bool:
        """Whether to go on: where this worker left off, or from ``job.done`` when nobody has been at it for a while."""
        if self.position is None:
            if job.state == ImportJob.RUNNING and _due(job).filter(due_at__gt=now).exists():
                return False
            self._rows, self.position = islice(table_of(job).rows(), job.done, None), job.done
        return self.position == job.done


def _one_at_a_time() -> None:
    """One batch of a tenant at a time: two would both make the contact, or the company, that neither finds."""
    with connection.cursor() as cursor:
        lock = f"imports of {current_id()}"
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [lock])


def _take(job: ImportJob, rows: list[Row], at: datetime) -> None:
    form = form_of(job)
    entries, refusals = [], []
    for row in rows:
        try:
            entries.append(form.entry(row))
        except Refused as refused:
            refusals.append(ImportRefusal(job=job, line=row.line, reason=str(refused), cells=_kept(row)))
    ImportRefusal.objects.bulk_create(refusals)
    _count_unknown_owners(job, entries)
    counts = Batch(job.kind, job.on_duplicate, _filled_fields(form), at).write(entries)
    job.done += len(rows)
    job.refused += len(refusals)
    job.created += counts.created
    job.updated += counts.updated
    job.skipped += counts.skipped


def _kept(row: Row) -> list[str]:
    """The cells as JSON can hold them."""
    return [cell.replace("\x00", "\ufffd") for cell in row.cells]


def _count_unknown_owners(job: ImportJob, entries: list[Entry]) -> None:
    for entry in entries:
        if entry.unknown_owner:
            job.unknown_owners[entry.unknown_owner] = job.unknown_owners.get(entry.unknown_owner, 0) + 1


def _filled_fields(form: Form) -> list[Field]:
    """The fields whose columns the import writes."""
    named = [field_ for _, _, field_ in form.columns] + [field_ for _, field_, _ in form.constants]
    fields = {field_.key: field_ for field_ in named if field_ not in (FULL_NAME, FURTHER)}
    if FULL_NAME in named:
        known = catalogue()
        for key in ("first_name", "last_name"):
            found = known.get(CONTACT, key)
            assert found
            fields[key] = found
    return [field_ for field_ in fields.values() if field_.type is not FieldType.SEQUENCE]


def _finish(job: ImportJob, now: datetime) -> None:
    job.state, job.finished_at, job.total = ImportJob.DONE, now, job.done
    if job.unknown_owners:
        rows = sum(job.unknown_owners.values())
        named = ", ".join(sorted(job.unknown_owners)[:5])
        rows_have = "1 row has" if rows == 1 else f"{rows:,} rows have"
        job.warnings.append(f"{rows_have} an owner who is no member here and stay without one: {named}.")
    _forget(job)


def fail(job_id: int, problem: str, *, now: datetime) -> None:
    """End an import that cannot go on. What is in stays, and is counted."""
    job = ImportJob.objects.select_for_update().get(pk=job_id)
    if not job.is_over:
        job.state, job.problem, job.finished_at = ImportJob.FAILED, problem, now
        job.save()
        _forget(job)


def _forget(job: ImportJob) -> None:
    forget(job)
    _due(job).delete()


def _due(job: ImportJob) -> QuerySet[ImportDue]:
    return ImportDue.objects.filter(tenant_id=current_id(), job_id=job.pk)
