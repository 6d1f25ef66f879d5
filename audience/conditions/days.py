"""Date operators as bounds of days and of instants, in local dates of one zone (semantics 6.3). Pure."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from tenants.localtime import MIDNIGHT, ONE_DAY, resolve

# Nearer to the ends of the calendar, local midnights of some zones are no instant that Python can hold.
FIRST, LAST = date(1, 1, 3), date(9999, 12, 28)

DayBounds = list[tuple[str, date]]
InstantBounds = list[tuple[str, datetime]]


def day_bounds(op: str, value: Any, today: date) -> DayBounds:
    """What a day must be, as pairs of lt, lte, gt or gte and a day, all of which must hold.

    ``value`` is a date, of the operators in days their number.
    """
    if op == "before":
        return [("lt", value)]
    if op == "after":
        return [("gt", value)]
    if op == "on":
        return [("gte", value), ("lte", value)]
    if op == "in_last_days":
        return [("gte", _plus(today, -value)), ("lte", today)]
    if op == "in_next_days":
        return [("gte", today), ("lte", _plus(today, value))]
    raise AssertionError(f"{op} is no operator of dates")


def instant_bounds(bounds: DayBounds, zone: ZoneInfo) -> InstantBounds:
    """The same asked of an instant: whether the local day in ``zone`` in which it lies is within the bounds."""
    starts = {"lt": ("lt", 0), "lte": ("lt", 1), "gt": ("gte", 1), "gte": ("gte", 0)}
    return [(starts[op][0], _midnight(day, starts[op][1], zone)) for op, day in bounds]


def _midnight(day: date, later: int, zone: ZoneInfo) -> datetime:
    return resolve(min(max(day, FIRST), LAST) + later * ONE_DAY, MIDNIGHT, zone)


def _plus(day: date, days: int) -> date:
    """Some days later, at most to the ends of the calendar."""
    try:
        return day + timedelta(days=days)
    except OverflowError:
        return date.max if days > 0 else date.min
