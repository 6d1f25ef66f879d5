"""The dates on which the steps of a plan would fall for one contact, by the calendar of the engine itself."""

from __future__ import annotations

from collections.abc import Sequence as Ordered
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import islice
from zoneinfo import ZoneInfo

from audience.models import Contact
from messaging.windows import opening, zone_of
from sequences import schedule
from sequences.calendar import SATURDAY, Occurrence
from sequences.models import Sequence
from sequences.reading.live import if_it_ran
from steps.kinds import KINDS
from steps.models import Step
from tenants.localtime import ONE_DAY

MOST_OFF = 60


@dataclass(frozen=True)
class Dated:
    """One step. ``leaves_at`` is later than the run where a mail waits for the contact's own hours."""

    step: Step
    run: Occurrence
    leaves_at: datetime
    zone: ZoneInfo

    @property
    def waits(self) -> bool:
        return self.leaves_at != self.run.at


@dataclass(frozen=True)
class Dates:
    """The steps in the order of their dates, and the days between the first and the last that have no run."""

    steps: list[Dated] = field(default_factory=list)
    weekends: int = 0
    holidays: list[date] = field(default_factory=list)


def dates_of(sequence: Sequence, steps: Ordered[Step], contact: Contact, *, now: datetime) -> Dates:
    """If the contact came in at the next run, and nobody were held, paused or missed.

    Smart: at the earliest, one step a run. Of a draft as if it were activated now; empty without a time.
    """
    if sequence.kind not in schedule.BY_CALENDAR or sequence.run_time is None or not steps:
        return Dates()
    days = [n if sequence.kind == "smart" else step.day or 1 for n, step in enumerate(steps, 1)]
    runs = list(islice(if_it_ran(sequence, now=now), max(days)))
    dated = [_dated(sequence, step, runs[day - 1], contact) for step, day in zip(steps, days, strict=True)]
    dated.sort(key=lambda one: one.run)
    first, last = dated[0].run.day, dated[-1].run.day
    off = {date.fromisoformat(day) for day in sequence.holidays}
    weekends = (
        sum(day.weekday() >= SATURDAY for day in _days(first, last)) if sequence.exclude_weekends else 0
    )
    return Dates(dated, weekends, sorted(day for day in off if first < day < last)[:MOST_OFF])


def _dated(sequence: Sequence, step: Step, run: Occurrence, contact: Contact) -> Dated:
    zone = zone_of(contact.timezone, contact.country, sequence.timezone)
    start, end = sequence.window_start, sequence.window_end
    opens = opening(run.at, start, end, zone) if start and end and KINDS[step.kind].sends else None
    return Dated(step, run, opens or run.at, zone)


def _days(first: date, last: date) -> list[date]:
    return [first + ONE_DAY * n for n in range(1, (last - first).days)]
