"""When a classic or smart sequence runs: local time arithmetic (semantics 2.2, 2.6-2.8, 3.1, 4.1). Pure.

An occurrence is a *nominal* day of the schedule together with the instant at which that day's time comes. The day,
not the date of the instant, is what a Run row stands for: where a gap ends at midnight (Nuuk, a Saturday in March),
the time 23:30 of the Saturday comes at Sunday 00:00, and Sunday still has a run of its own.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from tenants.localtime import ONE_DAY, day_exists, local_date, resolve

SATURDAY = 5
MOST_LATE = timedelta(hours=6)


@dataclass(frozen=True)
class Schedule:
    """When a classic or smart sequence runs: local time, zone, excluded days. Classic has every_days 1."""

    time: time
    timezone: ZoneInfo
    every_days: int = 1
    exclude_weekends: bool = False
    holidays: frozenset[date] = field(default_factory=frozenset)

    def allows(self, day: date) -> bool:
        """Whether the day may have a run (semantics 3.1). The weekend is Saturday and Sunday in every zone."""
        return is_allowed(day, self.timezone, self.exclude_weekends, self.holidays)

    def instant(self, day: date) -> datetime:
        """The aware UTC instant of the schedule's time on that day (semantics 2.2)."""
        return resolve(day, self.time, self.timezone)


@dataclass(frozen=True, order=True)
class Occurrence:
    """One scheduled run: its instant (aware UTC) and the local day it stands for."""

    at: datetime
    day: date


def is_allowed(day: date, zone: ZoneInfo, exclude_weekends: bool, holidays: Collection[date]) -> bool:
    """Whether something may happen on a local day; a date that the zone left out altogether is no day."""
    if day in holidays or (exclude_weekends and day.weekday() >= SATURDAY):
        return False
    return day_exists(day, zone)


def next_run(
    schedule: Schedule,
    *,
    since: datetime,
    last_run_on: date | None = None,
    missed_on: Collection[date] = (),
) -> Occurrence:
    """The next run whose instant is at or after ``since`` (semantics 2.6, 2.8, 4.1).

    ``since`` is the activation, the resume, the change of the schedule, or any instant after the last occurrence.
    ``last_run_on`` is the local day of the last run that happened, as it was in its own zone then: the next one is at
    least ``every_days`` later. ``missed_on`` are local days of missed runs, which get no second chance. Days are
    compared as dates, whatever zones they came from.
    """
    return next(occurrences(schedule, since=since, last_run_on=last_run_on, missed_on=missed_on))


def occurrences(
    schedule: Schedule,
    *,
    since: datetime,
    last_run_on: date | None = None,
    missed_on: Collection[date] = (),
) -> Iterator[Occurrence]:
    """Every run to come, if none is missed and nothing changed: ``next_run``, then on by every_days. Never ends."""
    day = local_date(since, schedule.timezone) - ONE_DAY
    if last_run_on is not None:
        day = max(day, last_run_on + timedelta(days=schedule.every_days))
    while True:
        at = schedule.instant(day)
        if at >= since and day not in missed_on and schedule.allows(day):
            yield Occurrence(at, day)
            day += timedelta(days=schedule.every_days)
        else:
            day += ONE_DAY


def is_missed(scheduled_for: datetime, now: datetime, zone: ZoneInfo) -> bool:
    """Whether a run comes too late to happen (semantics 2.7): over six hours, or on another local day by now."""
    return now - scheduled_for > MOST_LATE or local_date(now, zone) != local_date(scheduled_for, zone)
