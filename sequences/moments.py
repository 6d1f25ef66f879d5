"""Moments of many people at once: when a wait, a limit or a pause is over, as pieces of a straight line. Pure.

A moment follows from an instant (a message was sent, a moment stood open) by calendar days, hours and the working hours
(semantics 5.6). As a function of that instant it consists of pieces: on each it either grows with the instant or is one
opening. A handful of pieces says it for everybody, so that a statement can set it for a whole set.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from sequences.hours import Duration, WorkingHours
from tenants.localtime import ONE_DAY

INSTANT = timedelta(microseconds=1)
NOTHING = Duration()


@dataclass(frozen=True)
class Piece:
    """From ``since`` (inside) to ``until`` (outside) the moment begins at ``moment`` and grows with it, or stays."""

    since: datetime
    until: datetime
    moment: datetime
    grows: bool


def pieces(
    hours: WorkingHours, first: datetime, last: datetime, length: Duration = NOTHING
) -> Iterator[Piece]:
    """The moments, moved into the hours, of everything that begins from ``first`` to ``last``, both inside."""
    cuts = sorted({first, last + INSTANT, *_breaks(hours.timezone, length.days, first, last)})
    for since, until in pairwise(cuts):
        start = hours.moment_after(since, length)
        middle = hours.moment_after(since + (until - since) / 2, length)
        if middle == start:
            yield Piece(since, until, hours.moved_inside(start), grows=False)
        else:
            yield from _inside(hours, since, until, start)


def _inside(hours: WorkingHours, since: datetime, until: datetime, start: datetime) -> Iterator[Piece]:
    """The pieces of a stretch on which the moment grows, where the hours cut it."""
    for opens, closes in hours.spans(start):
        if since < until and start < opens:
            end = min(until, since + (opens - start))
            yield Piece(since, end, opens, grows=False)
            since, start = end, opens
        if since >= until:
            return
        end = min(until, since + (closes - start))
        yield Piece(since, end, start, grows=True)
        since, start = end, closes
        if since >= until:
            return


def _breaks(zone: ZoneInfo, days: int, first: datetime, last: datetime) -> Iterator[datetime]:
    """Instants at which the same local time some days later may begin to grow otherwise; some may be for nothing.

    Those are the changes of the clock themselves, and what lies the days before the local times that they leave out or
    have twice.
    """
    if not days:
        return
    length = timedelta(days=days)
    changes = list(_changes(zone, first - 2 * ONE_DAY, last + length + 2 * ONE_DAY))
    offsets = {offset for _, *both in changes for offset in both}
    for at, *both in changes:
        walls = [at + offset - length for offset in both]
        for candidate in (at, *(wall - offset for wall in walls for offset in offsets)):
            if first < candidate <= last:
                yield candidate


def _changes(
    zone: ZoneInfo, first: datetime, last: datetime
) -> Iterator[tuple[datetime, timedelta, timedelta]]:
    """Every change of a zone's clock between two instants, with the offsets before and after it."""
    low = first
    while low < last:
        high = low + ONE_DAY
        before, after = _offset(low, zone), _offset(high, zone)
        if before != after:
            yield _change(low, high, before, zone), before, after
        low = high


def _change(low: datetime, high: datetime, before: timedelta, zone: ZoneInfo) -> datetime:
    """The second at which the offset is not the one before any more."""
    start, end = int(low.timestamp()), int(high.timestamp()) + 1
    while end - start > 1:
        middle = (start + end) // 2
        if _offset(datetime.fromtimestamp(middle, UTC), zone) == before:
            start = middle
        else:
            end = middle
    return datetime.fromtimestamp(end, UTC)


def _offset(at: datetime, zone: ZoneInfo) -> timedelta:
    found = at.astimezone(zone).utcoffset()
    assert found is not None
    return found
