"""Local times and days of a zone, as aware UTC instants (semantics 2.2). Pure: no clock, no Django."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, available_timezones

MIDNIGHT = time(0, 0)
ONE_DAY = timedelta(days=1)


class UnknownZone(ValueError):
    """The name is no IANA zone; the message is fit for a person."""


@lru_cache(maxsize=1)
def _names() -> dict[str, str]:
    return {name.lower(): name for name in available_timezones()}


@lru_cache(maxsize=1024)
def zone_named(name: str) -> ZoneInfo:
    """The zone of an IANA name, spelled exactly. Raises UnknownZone, with a suggestion where only the case differs."""
    known = _names().get(name.lower())
    if known == name:
        return ZoneInfo(name)
    hint = f"; did you mean {known}?" if known else ""
    raise UnknownZone(f"there is no time zone “{name}”{hint}")


def known_zone(name: str) -> str:
    """The name as IANA spells it, whatever its case; one that is not known as it is."""
    return _names().get(name.lower(), name)


@lru_cache(maxsize=4096)
def resolve(day: date, at: time, zone: ZoneInfo) -> datetime:
    """The instant of a local time on a day, aware UTC (semantics 2.2).

    A local time that the day does not have (summer time begins) is the first instant after the gap; one that it has
    twice is the first.
    """
    local = datetime.combine(day, at.replace(tzinfo=None, fold=0))
    first = local.replace(tzinfo=zone).astimezone(UTC)
    if first.astimezone(zone).replace(tzinfo=None) == local:
        return first
    return _end_of_gap(local.replace(tzinfo=zone, fold=1).astimezone(UTC), first, zone)


def _end_of_gap(before: datetime, after: datetime, zone: ZoneInfo) -> datetime:
    """The instant in (before, after] at which the offset changes; transitions fall on whole seconds."""
    old = before.astimezone(zone).utcoffset()
    low, high = int(before.timestamp()), int(after.timestamp())
    while high - low > 1:
        middle = (low + high) // 2
        if datetime.fromtimestamp(middle, zone).utcoffset() == old:
            low = middle
        else:
            high = middle
    return datetime.fromtimestamp(high, UTC)


def local_date(at: datetime, zone: ZoneInfo) -> date:
    """The calendar date of an aware instant in a zone."""
    return at.astimezone(zone).date()


def day_bounds(day: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """The instants at which a local day begins (inside) and ends (outside): 23, 24 or 25 hours apart."""
    return resolve(day, MIDNIGHT, zone), resolve(day + ONE_DAY, MIDNIGHT, zone)


def day_exists(day: date, zone: ZoneInfo) -> bool:
    """False for a date that a zone left out altogether, as Samoa did on 2011-12-30."""
    start, end = day_bounds(day, zone)
    return start < end


def plus_days(at: datetime, days: int, zone: ZoneInfo) -> datetime:
    """The same local time some calendar days later (semantics 5.6). Nought days is the instant itself."""
    if not days:
        return at
    local = at.astimezone(zone)
    return resolve(local.date() + timedelta(days=days), local.time(), zone)


def window_of(day: date, opens: time, closes: time, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """Start and end of a daily window on a day. An end of 00:00 is the midnight that ends the day."""
    ending_on = day + ONE_DAY if closes == MIDNIGHT else day
    return resolve(day, opens, zone), resolve(ending_on, closes, zone)
