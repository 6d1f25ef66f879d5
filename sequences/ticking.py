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

from sequences import calendar, enrollment, schedule, turns
from sequences.engine import run as engine
from sequences.engine.adaptive import instant as adaptive
from sequences.engine.adaptive.passes import Deliver
from sequences.engine.questions import Unreadable
from sequences.models import Run, Schedule, Sequence
from sequences.turns import Turn
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
    return list(dict.fromkeys(turn.tenant_id for turn in turns.due_by(now)))


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
        sequence, turn = found
        try:
            run = _work(sequence, turn, clock, deliver)
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

    def order(self, turn: Turn) -> tuple[datetime, bool, int]:
        """The order of what is due (2.3): adaptive sequences that are late come after late runs, those that already
        worked at the instant, and are woken by an ``advance``, after those that did not (5.4).
        """
        assert turn.due_at is not None, turn
        if turn.kind in schedule.BY_CALENDAR:
            return turn.due_at, False, turn.sequence_id
        at = self.stands_for(turn.due_at)
        return at, turn.worked_at == at, turn.sequence_id


def _first_due(
    tenant_id: int, clock: Clock, before: datetime | None, but: Collection[int]
) -> tuple[Sequence, Turn] | None:
    """The first that is due, with when; the sequence's row is locked."""
    now = clock.now
    due = [turn for turn in turns.due_by(now, tenant_id=tenant_id) if turn.sequence_id not in but]
    if before is not None:
        due = [turn for turn in due if turn.due_at is not None and turn.due_at < before]
    for turn in sorted(due, key=clock.order):
        found = enrollment.hold_rows([turn.sequence_id])
        if not found:
            Schedule.objects.filter(pk=turn.pk).delete()  # the sequence is gone
        elif not (schedule.runs(found[0]) or schedule.asks_exits_only(found[0])):
            schedule.set_next(found[0], since=now)
        else:
            # whoever held the sequence's row may have changed when it is due
            again = turns.due_by(now, pk=turn.pk)
            if again:
                return found[0], again[0]
    return None


def _work(sequence: Sequence, turn: Turn, clock: Clock, deliver: Deliver) -> Run:
    at = turn.due_at
    assert at is not None, turn
    now = clock.when(at)
    _permit_long_statements()
    if sequence.kind not in schedule.BY_CALENDAR:
        stands_for = clock.stands_for(at)
        is_again = turn.worked_at == stands_for
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
