"""When a sequence runs next: the rows of Schedule, and what they are worked out from (semantics 2.6 to 2.8)."""

from __future__ import annotations

from datetime import date, datetime

from sequences import calendar
from sequences.engine.sql import rows
from sequences.hours import WorkingHours
from sequences.models import Enrollment, Run, Schedule, Sequence, Status, Wake
from tenants.localtime import ONE_DAY, day_bounds, local_date
from tenants.wall import current_id

BY_CALENDAR = ("classic", "smart")
"""Kinds that run at a time of day."""


def calendar_of(sequence: Sequence) -> calendar.Schedule:
    """The schedule of a classic or smart sequence as calendar arithmetic takes it."""
    assert sequence.kind in BY_CALENDAR and sequence.run_time is not None, sequence
    return calendar.Schedule(
        time=sequence.run_time,
        timezone=sequence.timezone,
        every_days=sequence.every_days if sequence.kind == "smart" else 1,
        exclude_weekends=sequence.exclude_weekends,
        holidays=holidays_of(sequence),
    )


def hours_of(sequence: Sequence) -> WorkingHours:
    """The working hours of an adaptive sequence."""
    assert sequence.hours_start is not None and sequence.hours_end is not None, sequence
    return WorkingHours(
        opens=sequence.hours_start,
        closes=sequence.hours_end,
        timezone=sequence.timezone,
        exclude_weekends=sequence.exclude_weekends,
        holidays=holidays_of(sequence),
    )


def holidays_of(sequence: Sequence) -> frozenset[date]:
    return frozenset(date.fromisoformat(day) for day in sequence.holidays)


def set_next(sequence: Sequence, *, since: datetime) -> datetime | None:
    """Work out and keep when the sequence runs next, at or after ``since``; None while nothing is due.

    To be called in the transaction that activates, pauses, resumes or archives it or changes its schedule, with the
    instant of that, and after each run with the instant of the run.
    """
    if runs(sequence):
        found: datetime | None = first_instant(sequence, since=since)
    else:
        found = hours_of(sequence).next_quarter(since) if asks_exits_only(sequence) else None
    row = Schedule.objects.filter(tenant_id=current_id(), sequence_id=sequence.pk)
    fields = {"next_run_at": found, "retry_at": None, "failures": 0}
    if not row.update(**fields):
        Schedule.objects.create(tenant_id=current_id(), sequence_id=sequence.pk, **fields)
    if sequence.kind not in BY_CALENDAR:
        # They had been for the next opening of the hours of before.
        Wake.objects.filter(schedule__in=row).delete()
    return found


def first_instant(sequence: Sequence, *, since: datetime) -> datetime:
    """When a sequence that runs works first, at or after ``since``: an adaptive one as soon as its hours are open."""
    if sequence.kind in BY_CALENDAR:
        return next_occurrence(sequence, since=since).at
    return hours_of(sequence).moved_inside(since)


def settle_missed(sequence: Sequence, *, now: datetime) -> None:
    """Note the runs that are too late to happen at ``now`` as missed (semantics 2.7).

    To be called before a change of the schedule or the status, with the sequence as it was: whatever is changed, the
    day of a missed run gets no other.
    """
    if sequence.kind not in BY_CALENDAR or not runs(sequence):
        return
    row = Schedule.objects.filter(tenant_id=current_id(), sequence_id=sequence.pk).first()
    due = row.next_run_at if row else None
    if due is None or due > now:
        return
    # Kept beside the loop, not looked up in each turn: after half a year of standstill there are many.
    last, missed = _last_and_missed(sequence, since=due)
    plan, lost = calendar_of(sequence), list[Run]()
    while due <= now and calendar.is_missed(due, now, sequence.timezone):
        lost.append(_missed(sequence, due, now=now))
        missed.add(day_of(sequence, due))
        due = calendar.next_run(plan, since=due, last_run_on=last, missed_on=missed).at
    if lost:
        Run.objects.bulk_create(lost)
        set_next(sequence, since=lost[-1].scheduled_for)


def stop_if_over(sequence: Sequence) -> None:
    """No run comes any more where none happens (semantics 2.1); else the next one stays as it is, late or to come."""
    if not runs(sequence):
        Schedule.objects.filter(tenant_id=current_id(), sequence_id=sequence.pk).update(
            next_run_at=None, retry_at=None, failures=0
        )


def miss(sequence: Sequence, at: datetime, *, now: datetime) -> Run:
    """Note that a run did not happen: it has no ordinal and does not count (semantics 2.7)."""
    run = _missed(sequence, at, now=now)
    run.save()
    return run


def _missed(sequence: Sequence, at: datetime, *, now: datetime) -> Run:
    return Run(sequence=sequence, scheduled_for=at, local_day=day_of(sequence, at), started_at=now)


def next_occurrence(sequence: Sequence, *, since: datetime) -> calendar.Occurrence:
    """The next run, if nothing changes until then. For pages, too: also of a draft, with the instant of now."""
    last, missed = _last_and_missed(sequence, since=since)
    return calendar.next_run(calendar_of(sequence), since=since, last_run_on=last, missed_on=missed)


def _last_and_missed(sequence: Sequence, *, since: datetime) -> tuple[date | None, set[date]]:
    """The local day of the last run that happened, and those of missed ones that still matter at ``since``."""
    earliest = local_date(since, sequence.timezone) - ONE_DAY
    ((last, missed),) = rows(LAST_AND_MISSED, [sequence.pk, sequence.pk, earliest])
    return last, set(missed)


LAST_AND_MISSED = """
    SELECT (SELECT local_day FROM sequences_run WHERE sequence_id = %s AND ordinal IS NOT NULL
            ORDER BY ordinal DESC LIMIT 1),
           ARRAY(SELECT local_day FROM sequences_run WHERE sequence_id = %s AND ordinal IS NULL AND local_day >= %s)"""


def runs(sequence: Sequence) -> bool:
    """Whether runs of the sequence happen (semantics 2.1). An archived one runs as long as somebody is inside."""
    if not has_time(sequence):
        return False
    if sequence.status == Status.ARCHIVED:
        inside = (Enrollment.ACTIVE, Enrollment.PAUSED)
        return Enrollment.objects.filter(sequence=sequence, state__in=inside).exists()
    return sequence.status == Status.ACTIVE


def asks_exits_only(sequence: Sequence) -> bool:
    """Whether it is a paused tree: nothing happens but exits by condition, at full quarters (semantics 5.13)."""
    is_paused = sequence.status == Status.PAUSED and sequence.kind not in BY_CALENDAR
    return is_paused and bool(sequence.exit_conditions) and has_time(sequence)


def has_time(sequence: Sequence) -> bool:
    """Whether it says when it runs: a time of day, or working hours."""
    if sequence.kind in BY_CALENDAR:
        return sequence.run_time is not None
    return sequence.hours_start is not None and sequence.hours_end is not None


def day_of(sequence: Sequence, at: datetime) -> date:
    """The local day for which a scheduled instant stands; the day before, where a gap of that day ends at midnight."""
    schedule = calendar_of(sequence)
    today = local_date(at, sequence.timezone)
    return next((day for day in (today - ONE_DAY, today) if schedule.instant(day) == at), today)


def stale_after(sequence: Sequence, made_on: date) -> datetime:
    """When what was made on a local day is too old to be sent: the end of the next allowed one (reliability §3.3)."""
    off, day = holidays_of(sequence), made_on + ONE_DAY
    while not calendar.is_allowed(day, sequence.timezone, sequence.exclude_weekends, off):
        day += ONE_DAY
    return day_bounds(day, sequence.timezone)[1]
