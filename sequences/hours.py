"""Working hours of an adaptive sequence, and the moments of waits and limits (semantics 5.2, 5.3, 5.6, 5.7). Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sequences.calendar import is_allowed
from tenants.localtime import MIDNIGHT, ONE_DAY, local_date, plus_days, resolve, window_of

QUARTER = timedelta(minutes=15)
A_YEAR = timedelta(days=366)


@dataclass(frozen=True)
class Duration:
    """The length of a wait or a limit. Days are calendar days, hours and minutes elapsed time."""

    days: int = 0
    hours: int = 0
    minutes: int = 0

    @property
    def elapsed(self) -> timedelta:
        """The part that is counted as elapsed time."""
        return timedelta(hours=self.hours, minutes=self.minutes)

    @property
    def total(self) -> timedelta:
        """Its length where a day is taken as 24 hours: for bounds, never for moments."""
        return timedelta(days=self.days) + self.elapsed


@dataclass(frozen=True)
class WorkingHours:
    """The hours in which an adaptive sequence does anything. An end of 00:00 is the midnight that ends the day."""

    opens: time
    closes: time
    timezone: ZoneInfo
    exclude_weekends: bool = False
    holidays: frozenset[date] = field(default_factory=frozenset)

    def spans(self, since: datetime) -> Iterator[tuple[datetime, datetime]]:
        """Openings and closings, aware UTC, of every working day that is not over at ``since``, without end."""
        day = local_date(since, self.timezone) - ONE_DAY
        while True:
            start, end = window_of(day, self.opens, self.closes, self.timezone)
            if max(start, since) < end and is_allowed(
                day, self.timezone, self.exclude_weekends, self.holidays
            ):
                yield start, end
            day += ONE_DAY

    def moved_inside(self, at: datetime) -> datetime:
        """The moment itself when it is inside the hours, else the next opening (semantics 5.2)."""
        start, _ = next(self.spans(at))
        return max(at, start)

    def are_open(self, at: datetime) -> bool:
        """Whether an instant is inside: the start is, the end is not."""
        return self.moved_inside(at) == at

    def next_quarter(self, at: datetime) -> datetime | None:
        """The first full quarter of a local hour inside the hours, at or after an instant (semantics 5.3).

        None where there is none within a year: hours of a few minutes may lie between two quarters.
        """
        for start, end in self.spans(at):
            quarter = full_quarter(max(at, start), self.timezone)
            if quarter < end:
                return quarter
            if start - at > A_YEAR:
                break
        return None

    def next_opening(self, at: datetime) -> datetime:
        """The first opening at or after an instant: the moment at which hours begin, not merely one inside them."""
        return next(start for start, _ in self.spans(at) if start >= at)

    def opening_on(self, day: date, since: datetime) -> datetime:
        """When a pause until a local day ends (semantics 2.24): the first opening from that day and ``since`` on."""
        return self.next_opening(max(resolve(day, MIDNIGHT, self.timezone), since))

    def moment_after(self, at: datetime, length: Duration) -> datetime:
        """When a wait or limit that begins at ``at`` is over (semantics 5.6): before it moves into the hours."""
        return plus_days(at, length.days, self.timezone) + length.elapsed


def full_quarter(at: datetime, zone: ZoneInfo) -> datetime:
    """The first instant from ``at`` on at which the local clock shows :00, :15, :30 or :45."""
    local = at.astimezone(zone)
    past = timedelta(minutes=local.minute % 15, seconds=local.second, microseconds=local.microsecond)
    return at + (QUARTER - past) if past else at


def is_quarter(at: datetime, zone: ZoneInfo) -> bool:
    """Whether an instant is a full quarter of a local hour."""
    return full_quarter(at, zone) == at
