"""Working an import batch by batch: a worker that is killed loses its batch and nothing else."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import ClassVar

from django.db import connection
from django.db.models import QuerySet

from audience.conditions.values import Refused
from audience.imports.entries import Entry, Form
from audience.imports.files import forget, table_held
from audience.imports.forming import form_of
from audience.imports.jobs import LEASE
from audience.imports.reach import BEYOND, Reach
from audience.imports.reader import Row
from audience.imports.writing import Batch
from audience.models import ImportDue, ImportJob, ImportRefusal, ImportTaken
from tenants.wall import current_id

ROWS_OF_A_BATCH = 5000


@dataclass
class Read:
    """A batch of so many rows as entries, and those that are refused, with the reason."""

    count: int
    entries: list[Entry] = field(default_factory=list)
    refused: list[tuple[Row, str]] = field(default_factory=list)


@dataclass
class Turns(ABC):
    """Goes through the rows of one import, a batch with each ``step``; the file is read once.

    While the database takes one batch, a thread reads the next: it has no connection, and needs none.

    A batch and how far the import is are one transaction. Several workers may ring: one has the import until it is
    done, or has been silent for the length of a lease.
    """

    job_id: int
    size: int = ROWS_OF_A_BATCH
    position: int | None = None
    form: Form = field(init=False)
    _rows: Iterator[Row] = field(init=False)
    _ahead: Future[Read] = field(init=False)
    _reader: ThreadPoolExecutor = field(init=False)
    states: ClassVar[tuple[str, ...]] = ()

    def step(self, *, now: datetime) -> bool:
        """Work the next batch in the transaction of the caller's ``use()``.

        False when nothing is left to do here: all rows are through, or somebody else is at it.
        """
        self._lock()
        job = ImportJob.objects.select_for_update(no_key=True).filter(pk=self.job_id).first()
        if job is None or job.state not in self.states or not self._is_mine(job, now):
            return False
        read = self._ahead.result()
        is_last = read.count < self.size
        if not is_last:
            self._read_ahead()
        entries = _noted(job, read)
        self._take(job, entries, now)
        job.done += read.count
        self.position = job.done
        if is_last:
            self._reader.shutdown(wait=False)
            self._finish(job, now)
            _due(job).delete()
        else:
            _due(job).update(due_at=now + LEASE)
        job.save()
        return not is_last

    def release(self, *, now: datetime) -> None:
        """Let another worker go on at once."""
        ImportDue.objects.filter(tenant_id=current_id(), job_id=self.job_id).update(due_at=now)

    def _is_mine(self, job: ImportJob, now: datetime) -> bool:
        """Whether to go on: where this worker left off, or if nobody has been at it for a while."""
        if self.position is None:
            if self._is_begun(job) and _due(job).filter(due_at__gt=now).exists():
                return False
            self._begin(job)
            self._rows, self.position = islice(table_held(job).rows(), job.done, None), job.done
            self.form, self._reader = form_of(job), ThreadPoolExecutor(1, "import")
            self._read_ahead()
        return self.position == job.done

    def _read_ahead(self) -> None:
        self._ahead = self._reader.submit(lambda: read_rows(self.form, list(islice(self._rows, self.size))))

    def _lock(self) -> None:  # noqa: B027 - not every kind has something to do here
        """Wait for what must not be done at the same time."""

    @abstractmethod
    def _is_begun(self, job: ImportJob) -> bool:
        """Whether some worker has been at it."""

    def _begin(self, job: ImportJob) -> None:  # noqa: B027 - the same
        """Make ready for the first batch of this worker."""

    @abstractmethod
    def _take(self, job: ImportJob, entries: list[Entry], now: datetime) -> None:
        """What is to be done with the entries of a batch."""

    @abstractmethod
    def _finish(self, job: ImportJob, now: datetime) -> None:
        """After the last batch."""


class Work(Turns):
    """Imports one file. Whoever goes on after a worker that was killed begins where the rows that are in end."""

    states = (ImportJob.QUEUED, ImportJob.RUNNING)

    def _lock(self) -> None:
        """One batch of a tenant at a time: two would both make the contact, or company, that neither finds."""
        with connection.cursor() as cursor:
            lock = f"imports of {current_id()}"
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [lock])

    def _is_begun(self, job: ImportJob) -> bool:
        return job.state == ImportJob.RUNNING

    def _take(self, job: ImportJob, entries: list[Entry], now: datetime) -> None:
        job.state, job.started_at = ImportJob.RUNNING, job.started_at or now
        reach = Reach(job.kind, job.owner)
        counts = Batch(job.kind, job.on_duplicate, self.form.fields, job.started_at, reach).write(entries)
        job.created += counts.created
        job.updated += counts.updated
        job.skipped += counts.skipped
        refuse(job, [(entry.row, BEYOND) for entry in counts.beyond])
        if counts.ids:
            ImportTaken.objects.create(job=job, ids=sorted(counts.ids))

    def _finish(self, job: ImportJob, now: datetime) -> None:
        job.state, job.finished_at, job.total = ImportJob.DONE, now, job.done
        job.warnings += unknown_owners(job)
        forget(job)


def read_rows(form: Form, rows: list[Row]) -> Read:
    """The rows as entries, those that are refused with the reason. Asks no database."""
    read = Read(len(rows))
    for row in rows:
        try:
            read.entries.append(form.entry(row))
        except Refused as refused:
            read.refused.append((row, str(refused)))
    return read


def _noted(job: ImportJob, read: Read) -> list[Entry]:
    """The entries; what was refused is kept and counted, and owners who are no members."""
    refuse(job, read.refused)
    for entry in read.entries:
        if entry.unknown_owner:
            job.unknown_owners[entry.unknown_owner] = job.unknown_owners.get(entry.unknown_owner, 0) + 1
    return read.entries


def refuse(job: ImportJob, rows: list[tuple[Row, str]]) -> None:
    """Keep and count rows of which nothing is taken, with the reason."""
    ImportRefusal.objects.bulk_create(
        ImportRefusal(job=job, line=row.line, reason=reason, cells=_kept(row)) for row, reason in rows
    )
    job.refused += len(rows)


def _kept(row: Row) -> list[str]:
    """The cells as JSON can hold them."""
    return [cell.replace("\x00", "\ufffd") for cell in row.cells]


def unknown_owners(job: ImportJob) -> list[str]:
    """What to say about owners who are no members, if there are any."""
    if not job.unknown_owners:
        return []
    rows = sum(job.unknown_owners.values())
    named = ", ".join(sorted(job.unknown_owners)[:5])
    rows_have = "1 row has" if rows == 1 else f"{rows:,} rows have"
    return [f"{rows_have} an owner who is no member here and stay without one: {named}."]


def fail(job_id: int, problem: str, *, now: datetime) -> None:
    """End an import that cannot go on. What is in stays, and is counted. One that was only checked can be mended."""
    job = ImportJob.objects.select_for_update().get(pk=job_id)
    if job.state == ImportJob.CHECKING:
        job.state, job.problem = ImportJob.MATCHING, problem
    elif not job.is_over:
        job.state, job.problem, job.finished_at = ImportJob.FAILED, problem, now
        forget(job)
    job.save()
    _due(job).delete()


def _due(job: ImportJob) -> QuerySet[ImportDue]:
    return ImportDue.objects.filter(tenant_id=current_id(), job_id=job.pk)
