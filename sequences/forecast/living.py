"""Living through the days to come: the engine on the copy, its messages handed over the moment they are made."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import monotonic

from django.db import transaction

from messaging import outbox
from sequences import enrollment, schedule, ticking
from sequences.commands import status
from sequences.engine.planning import as_sets
from sequences.engine.questions import INSIDE, Unreadable
from sequences.forecast.copying import copy_into
from sequences.forecast.results import Forecast, days_of, first_mails, had_by, unreached
from sequences.models import Enrollment, Schedule, Sequence, Status, Wake
from sequences.simulate.quiet import Quiet
from sequences.turns import next_due, turn_of
from tenants.models import Tenant
from tenants.wall import current_id, use

MOST_DAYS = 90
SECONDS = 120
"""Longer than that nobody waits: what was lived until then is the answer."""

Progress = Callable[[int, int], bool]
"""Is told how many of how many days were lived; False: nobody wants to know any more."""


class Cancelled(Exception):
    """Whoever asked does not want to know any more."""


def forecast(
    sequence: Sequence,
    *,
    now: datetime,
    days: int,
    contact_id: int | None = None,
    progress: Progress = lambda done, of: True,
    seconds: float = SECONDS,
) -> Forecast:
    """The next ``days`` days of a sequence of the tenant in use, if nobody reacts or does what is asked of them.

    A draft is taken as activated now, a paused one as resumed now. Nothing of it stays: one transaction, rolled back.
    Raises Cancelled.
    """
    real = Tenant.objects.get(pk=current_id())
    # Nothing is known of the scratch tenant's rows to the planner, and all of them are gone through.
    with as_sets(), transaction.atomic():
        scratch = _scratch_of(real)
        copied = copy_into(scratch, sequence, now=now)
        with use(scratch):
            started = enrollment.last_ordinal(sequence.pk)
            _begin(sequence, scratch, real.pk, now)
            for other in copied.beside:
                _go_on_as(scratch, real.pk, other, now)
            clock = _Clock(now, days, progress, seconds)
            until, is_cut = _live(scratch, sequence, clock)
            last, number = first_mails(sequence, after=started)
            found = Forecast(
                people=copied.people,
                left_out=copied.left_out,
                until=until,
                days=days_of(sequence, after=started),
                first_mails=number,
                first_mails_until=last,
                inside=Enrollment.objects.filter(sequence=sequence.pk, state__in=INSIDE).count(),
                unreached=unreached(sequence),
                beside=len(copied.beside),
                others_left_out=copied.others_left_out,
                cut="time" if is_cut else "",
                had=had_by(sequence, contact_id, after=started) if contact_id else [],
            )
        transaction.set_rollback(True)
    return found


def _scratch_of(real: Tenant) -> Tenant:
    slug = f"scratch-{secrets.token_hex(8)}"
    return Tenant.objects.create(
        slug=slug,
        name=slug,
        timezone=real.timezone,
        country=real.country,
        postal_address=real.postal_address,
        sending_paused_at=real.sending_paused_at,
        is_scratch=True,
    )


def _begin(sequence: Sequence, scratch: Tenant, real: int, now: datetime) -> None:
    """Bring the copied sequence to run, at the time at which the real one would."""
    (row,) = enrollment.hold_rows([sequence.pk])
    if row.status == Status.DRAFT:
        status.begin(row, now=now)
    elif row.status == Status.PAUSED:
        status.go_on(row, now=now)
    else:
        _go_on_as(scratch, real, row, now)


def _go_on_as(scratch: Tenant, real: int, sequence: Sequence, now: datetime) -> None:
    """A copied sequence that runs is due when the real one is."""
    real_row = turn_of(real, sequence.pk)
    schedule.set_next(sequence, since=now)
    if real_row is not None and real_row.due_at is not None:
        mine = Schedule.objects.filter(tenant_id=scratch.pk, sequence_id=sequence.pk)
        mine.update(next_run_at=real_row.due_at, worked_at=real_row.worked_at)


@dataclass(frozen=True)
class _Clock:
    """From when, how far, and how long anybody waits."""

    now: datetime
    days: int
    progress: Progress
    seconds: float


def _live(scratch: Tenant, sequence: Sequence, clock: _Clock) -> tuple[datetime, bool]:
    """Every run until then; the instant that was reached, and whether time ran out before.

    A run of another sequence that fails takes nothing from anybody: it has no more.
    """
    begun, quiet, now = monotonic(), Quiet(), clock.now
    until = now + timedelta(days=clock.days)
    while (due := next_due(scratch.pk)) is not None and due <= until:
        if not clock.progress(max((due - now).days, 0), clock.days):
            raise Cancelled
        if monotonic() - begun > clock.seconds:
            return due, True
        at = max(due, now)
        try:
            worked = ticking.work_first(scratch.pk, now=at, deliver=outbox.accept_all)
        except ticking.Failed as failed:
            if failed.sequence_id != sequence.pk:
                _end(scratch, failed.sequence_id)
                continue
            if isinstance(failed.__cause__, Unreadable):
                raise failed.__cause__ from failed
            raise
        if worked is not None:
            quiet.worked(worked, at)
    return until, False


def _end(scratch: Tenant, sequence_id: int) -> None:
    rows = Schedule.objects.filter(tenant_id=scratch.pk, sequence_id=sequence_id)
    rows.update(next_run_at=None)
    Wake.objects.filter(schedule__in=rows).delete()
