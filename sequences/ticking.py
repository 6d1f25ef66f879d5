"""What is due, in order: the runs of one tenant, one transaction each (semantics 2.3, 2.6, 2.7).

Two ticks at once are harmless: each run waits for the tenant's lock and then looks again what is due.
"""

from __future__ import annotations

import logging
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import monotonic

from django.db import connection
from django.db.models import Q, QuerySet

from sequences import calendar, enrollment, schedule
from sequences.engine import run as engine
from sequences.engine.questions import Unreadable
from sequences.models import Run, Schedule, Sequence
from tenants.wall import use

logger = logging.getLogger(__name__)

SOON, LATEST_RETRY = timedelta(minutes=1), timedelta(minutes=30)

LONGEST_STATEMENT = timedelta(minutes=10)
"""A run may work on hundreds of thousands of people; what a page may take is no measure for it."""


@dataclass(frozen=True)
class Worked:
    """One scheduled instant that was worked; a ``run`` without an ordinal was missed."""

    sequence: Sequence
    run: Run


class Failed(RuntimeError):
    """A run raised something, and its transaction is undone; the cause says what."""

    def __init__(self, sequence_id: int) -> None:
        super().__init__(f"the run of sequence {sequence_id} failed")
        self.sequence_id = sequence_id

    @property
    def words(self) -> str:
        """What a person is told."""
        if isinstance(self.__cause__, Unreadable):
            return f"{self.__cause__}."
        return "The last run failed for a reason of our own. It is tried again by itself."


def due_by(now: datetime) -> QuerySet[Schedule]:
    """What is due, in the order of the scheduled instant, then of the creation of the sequence."""
    ready = Q(retry_at=None) | Q(retry_at__lte=now)
    return Schedule.objects.filter(ready, next_run_at__lte=now).order_by("next_run_at", "sequence_id")


def put_off_until(now: datetime, tenant_id: int | None = None) -> list[tuple[Sequence, datetime]]:
    """The sequences whose due run failed, each with when it is tried again."""
    waiting = Schedule.objects.filter(next_run_at__lte=now, retry_at__gt=now).order_by("retry_at", "pk")
    if tenant_id is not None:
        waiting = waiting.filter(tenant_id=tenant_id)
    found = []
    for row in waiting:
        with use(row.tenant_id):
            sequence = Sequence.objects.filter(pk=row.sequence_id).first()
        if sequence is not None and row.retry_at is not None:
            found.append((sequence, row.retry_at))
    return found


def tenants_due(now: datetime) -> list[int]:
    """The ids of tenants in which something is due, those that wait longest first."""
    return list(dict.fromkeys(due_by(now).values_list("tenant_id", flat=True)))


def work_tenant(
    tenant_id: int, *, now: datetime, is_on_time: bool = False
) -> tuple[list[Worked], list[Failed]]:
    """Work everything that is due in a tenant by ``now``; what was done, missed runs included, and what failed.

    A run that fails is logged and leaves nothing but the words on its sequence; the other sequences go on, and it is
    tried again after a minute, then after two, four …, up to half an hour.
    """
    done: list[Worked] = []
    failed: dict[int, Failed] = {}
    while True:
        try:
            worked = work_first(tenant_id, now=now, is_on_time=is_on_time, but=failed)
        except Failed as failure:
            logger.exception(
                "a run failed", extra={"tenant_id": tenant_id, "sequence_id": failure.sequence_id}
            )
            failed[failure.sequence_id] = failure
            put_off(tenant_id, failure, now=now)
            continue
        if worked is None:
            return done, list(failed.values())
        done.append(worked)


def put_off(tenant_id: int, failure: Failed, *, now: datetime) -> None:
    """Say on the sequence that its run failed, and keep it from being tried at every tick."""
    with use(tenant_id):
        row = Schedule.objects.select_for_update().get(tenant_id=tenant_id, sequence_id=failure.sequence_id)
        row.retry_at = now + min(SOON * 2**row.failures, LATEST_RETRY)
        row.failures += 1
        row.save(update_fields=["retry_at", "failures"])
        Sequence.objects.filter(pk=failure.sequence_id).update(problem=failure.words)


def work_first(
    tenant_id: int,
    *,
    now: datetime,
    is_on_time: bool = False,
    before: datetime | None = None,
    but: Collection[int] = (),
) -> Worked | None:
    """Work the first instant that is due by ``now``, in a transaction of its own; None when there is none (any more).

    ``is_on_time``: it is worked as if the clock stood there (a simulation, ``tick --at``); else it happens at ``now``,
    late or missed (semantics 2.7). ``before`` leaves out what is due then or later, ``but`` these sequences. Raises
    Failed.
    """
    started = monotonic()
    with use(tenant_id):
        engine.lock_tenant()
        sequence, at = _first_due(tenant_id, now, before, but)
        if sequence is None or at is None:
            return None
        try:
            run = _work(sequence, at, now=at if is_on_time else now)
        except Exception as error:
            raise Failed(sequence.pk) from error
        run.duration_ms = int((monotonic() - started) * 1000)
        run.save(update_fields=["duration_ms"])
        if sequence.problem:
            Sequence.objects.filter(pk=sequence.pk).update(problem="")
        return Worked(sequence, run)


def _first_due(
    tenant_id: int, now: datetime, before: datetime | None, but: Collection[int]
) -> tuple[Sequence | None, datetime | None]:
    """The first that is due, its sequence's row locked."""
    due = due_by(now).filter(tenant_id=tenant_id).exclude(sequence_id__in=list(but))
    if before is not None:
        due = due.filter(next_run_at__lt=before)
    for row in due:
        found = enrollment.hold_rows([row.sequence_id])
        if not found:
            row.delete()  # the sequence is gone
        elif not schedule.runs(found[0]):
            schedule.set_next(found[0], since=now)
        else:
            row.refresh_from_db()  # whoever held the sequence's row may have changed when it is due
            if row.next_run_at is not None and row.next_run_at <= now:
                return found[0], row.next_run_at
    return None, None


def _work(sequence: Sequence, at: datetime, *, now: datetime) -> Run:
    if calendar.is_missed(at, now, sequence.timezone):
        run = schedule.miss(sequence, at, now=now)
    else:
        _permit_long_statements()
        day = schedule.day_of(sequence, at)
        run = engine.work_through(sequence, scheduled_for=at, day=day, now=now)
    schedule.set_next(sequence, since=at)
    return run


def _permit_long_statements() -> None:
    milliseconds = int(LONGEST_STATEMENT.total_seconds() * 1000)
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('statement_timeout', %s, true)", [str(milliseconds)])
