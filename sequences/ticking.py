"""What is due, in order: the runs of one tenant, one transaction each (semantics 2.3, 2.6, 2.7).

Two ticks at once are harmless: each run waits for the tenant's lock and then looks again what is due.
"""

from __future__ import annotations

import logging
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import monotonic
from typing import Any

from django.db import connection
from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Least

from sequences import calendar, enrollment, schedule
from sequences.engine import run as engine
from sequences.engine.adaptive import instant as adaptive
from sequences.engine.adaptive.passes import Deliver
from sequences.engine.questions import Unreadable
from sequences.models import Run, Schedule, Sequence, Wake
from tenants.wall import use

logger = logging.getLogger(__name__)

SOON, LATEST_RETRY = timedelta(minutes=1), timedelta(minutes=30)

GRACE = timedelta(minutes=5)
"""A tick comes a little after what is due. So long a full quarter of an adaptive sequence is not lost (5.3)."""

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


def due_by(now: datetime) -> QuerySet[Any]:
    """What is due, with ``due_at``: by its schedule, or because something came in for it."""
    ready = Q(retry_at=None) | Q(retry_at__lte=now)
    woken = Q(pk__in=Wake.objects.filter(at__lte=now).values("schedule"))
    return with_due(Schedule.objects.filter(ready, Q(next_run_at__lte=now) | woken))


def with_due(rows: QuerySet[Any]) -> QuerySet[Any]:
    """Each with the instant ``due_at`` at which it is due next, in the order of these, then of the sequences."""
    first = Wake.objects.filter(schedule=OuterRef("pk")).order_by("at").values("at")[:1]
    return rows.annotate(due_at=Least("next_run_at", Subquery(first))).order_by("due_at", "sequence_id")


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
            worked = work_first(tenant_id, now=now, is_on_time=is_on_time, but=failed, grace=GRACE)
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
    grace: timedelta = timedelta(0),
    deliver: Deliver = lambda now: None,
) -> Worked | None:
    """Work the first instant that is due by ``now``, in a transaction of its own; None when there is none (any more).

    ``is_on_time``: it is worked as if the clock stood there (a simulation, ``tick --at``); else it happens at ``now``,
    late or missed (semantics 2.7). ``before`` leaves out what is due then or later, ``but`` these sequences.
    ``grace``: so late an instant of an adaptive sequence still stands for itself. ``deliver`` is called after a run and
    after each pass, with its instant. Raises Failed.
    """
    started = monotonic()
    with use(tenant_id):
        engine.lock_tenant()
        clock = Clock(now, is_on_time, grace)
        found = _first_due(tenant_id, clock, before, but)
        if found is None:
            return None
        sequence, row = found
        try:
            run = _work(sequence, row, clock, deliver)
        except Exception as error:
            raise Failed(sequence.pk) from error
        if adaptive.is_kept(run):
            run.duration_ms = int((monotonic() - started) * 1000)
            run.save(update_fields=["duration_ms"])
        if sequence.problem:
            Sequence.objects.filter(pk=sequence.pk).update(problem="")
        return Worked(sequence, run)


@dataclass(frozen=True)
class Clock:
    """What time it is for the work that is due."""

    now: datetime
    is_on_time: bool = False
    grace: timedelta = timedelta(0)

    def when(self, at: datetime) -> datetime:
        """When something due ``at`` happens."""
        return at if self.is_on_time else self.now

    def stands_for(self, at: datetime) -> datetime:
        """The instant for which the work of an adaptive sequence stands: what a standstill took is lost (5.3)."""
        return at if self.when(at) - at <= self.grace else self.now

    def turn(self, row: Any) -> tuple[datetime, bool, int]:
        """The order of what is due (2.3): adaptive sequences that are late come after late runs, those that already
        worked at the instant, and are woken by an ``advance``, after those that did not (5.4).
        """
        if row.kind in schedule.BY_CALENDAR:
            return row.due_at, False, row.sequence_id
        at = self.stands_for(row.due_at)
        return at, row.worked_at == at, row.sequence_id


def _first_due(
    tenant_id: int, clock: Clock, before: datetime | None, but: Collection[int]
) -> tuple[Sequence, Any] | None:
    """The first that is due, its row of Schedule with it; the sequence's row is locked."""
    now = clock.now
    due = due_by(now).filter(tenant_id=tenant_id).exclude(sequence_id__in=list(but))
    kind = Subquery(Sequence.objects.filter(pk=OuterRef("sequence_id")).values("kind"))
    rows: list[Any] = list(due.annotate(kind=kind))
    rows = [row for row in rows if before is None or row.due_at < before]
    for row in sorted(rows, key=clock.turn):
        found = enrollment.hold_rows([row.sequence_id])
        if not found:
            row.delete()  # the sequence is gone
        elif not schedule.runs(found[0]):
            schedule.set_next(found[0], since=now)
        else:
            # whoever held the sequence's row may have changed when it is due
            again = due_by(now).filter(pk=row.pk).first()
            if again is not None:
                return found[0], again
    return None


def _work(sequence: Sequence, row: Any, clock: Clock, deliver: Deliver) -> Run:
    at = row.due_at
    now = clock.when(at)
    _permit_long_statements()
    if sequence.kind not in schedule.BY_CALENDAR:
        stands_for = clock.stands_for(at)
        is_again = row.worked_at == stands_for
        return adaptive.work_at(sequence, at=stands_for, now=now, deliver=deliver, is_again=is_again)
    if calendar.is_missed(at, now, sequence.timezone):
        run = schedule.miss(sequence, at, now=now)
    else:
        day = schedule.day_of(sequence, at)
        run = engine.work_through(sequence, scheduled_for=at, day=day, now=now)
        deliver(now)
    schedule.set_next(sequence, since=at)
    return run


def _permit_long_statements() -> None:
    milliseconds = int(LONGEST_STATEMENT.total_seconds() * 1000)
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('statement_timeout', %s, true)", [str(milliseconds)])
