"""The recipient window (semantics 2.36): in whose zone, and when it opens. Pure."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from functools import cache
from importlib.resources import files
from zoneinfo import ZoneInfo

from audience.countries import code_of
from tenants.localtime import UnknownZone, local_date, resolve, zone_named

ONE_DAY = timedelta(days=1)


def zone_of(timezone: str, country: str, fallback: ZoneInfo) -> ZoneInfo:
    """The contact's own zone, else that of their country (of several the most populous), else ``fallback``."""
    try:
        return zone_named(timezone.strip())
    except UnknownZone:
        code = code_of(country)
        name = _zones_of_countries().get(code) if code else None
        return ZoneInfo(name) if name else fallback


def opening(now: datetime, start: time, end: time, zone: ZoneInfo) -> datetime | None:
    """When the window opens next; None while it is open. The start is inside, the end is not; it may cross midnight."""
    today = local_date(now, zone)
    for day in (today - ONE_DAY, today, today + ONE_DAY):
        opens = resolve(day, start, zone)
        closes = resolve(day if start < end else day + ONE_DAY, end, zone)
        if opens <= now < closes:
            return None
        if now < opens:
            return opens
    raise AssertionError("tomorrow's window opens after now")


@cache
def _zones_of_countries() -> dict[str, str]:
    """From the tz database's own table, in which a country's first zone is that of most of its people."""
    found: dict[str, str] = {}
    for line in files("tzdata").joinpath("zoneinfo/zone.tab").read_text().splitlines():
        if not line.startswith("#"):
            code, _, name, *_ = line.split("\t")
            found.setdefault(code, name)
    return found
