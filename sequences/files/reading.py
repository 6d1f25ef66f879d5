"""The tools with which every part of a file is read: keys taken one by one, faults collected at their place. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from audience.conditions.faults import Fault, Place
from audience.conditions.values import Refused, label
from sequences.hours import Duration
from tenants.localtime import UnknownZone, resolve, zone_named

T = TypeVar("T")
D = TypeVar("D")

CLOCK = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])\Z")
YEARS = {str(year) for year in range(1900, 2201)}
"""Of moments: clocks cannot go on from the last day of the calendar."""
MOMENT = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})[ T]+([0-9]{1,2}:[0-9]{2})\Z")


class Keys:
    """A mapping of the file while it is read: each key is taken, what is left over in the end is unknown."""

    def __init__(self, raw: Any, place: Place, faults: list[Fault]) -> None:
        self.place = place
        self.faults = faults
        self.is_mapping = isinstance(raw, Mapping)
        self.left: dict[str, Any] = dict(raw) if isinstance(raw, Mapping) else {}
        if not self.is_mapping:
            self.fault("keys and values are wanted")

    def fault(self, reason: str, *key: str | int) -> None:
        """Names a fault of this mapping, or of one of its keys."""
        self.faults.append(Fault((*self.place, *key), reason))

    def has(self, key: str) -> bool:
        """Whether the key stands there with something behind it."""
        return self.left.get(key) is not None

    def raw(self, key: str) -> Any:
        """What stands behind a key, unread, taken."""
        return self.left.pop(key, None)

    def take(self, key: str, read: Callable[[Any], T], default: D) -> T | D:
        """What stands behind a key, read; the default where nothing does or where it cannot be read (a fault)."""
        value = self.left.pop(key, None)
        if value is None:
            return default
        try:
            return read(value)
        except Refused as refused:
            self.fault(str(refused), key)
            return default

    def need(self, key: str, read: Callable[[Any], T], default: D) -> T | D:
        """As ``take``, but nothing is a fault."""
        if self.is_mapping and self.left.get(key) is None:
            self.left.pop(key, None)
            self.fault("is missing", key)
            return default
        return self.take(key, read, default)

    def items(self, key: str) -> list[tuple[Any, Place]]:
        """The items of a list behind a key, each with its place."""
        value = self.left.pop(key, None)
        if value is None:
            return []
        if not isinstance(value, list):
            self.fault("a list is wanted", key)
            return []
        return [(item, (*self.place, key, n)) for n, item in enumerate(value)]

    def done(self) -> None:
        """Every key that nobody took is a fault."""
        for key in self.left:
            self.fault("unknown key", key)
        self.left = {}


@dataclass(frozen=True)
class Names:
    """What may be referred to by name, found without case and spelled as it was written first."""

    what: str
    known: Mapping[str, str]

    @classmethod
    def of(cls, what: str, names: Collection[str]) -> Names:
        return cls(what, {name.strip().casefold(): name for name in reversed(list(names))})

    def __call__(self, raw: Any) -> str:
        """The name as it is spelled. Raises Refused."""
        found = self.known.get(label(raw).strip().casefold())
        if found is None:
            raise Refused(f"there is no {self.what} “{raw}”")
        return found


def text(raw: Any) -> str:
    """Any scalar as its text."""
    if isinstance(raw, bool):
        return "true" if raw else "false"
    if isinstance(raw, (list, dict)):
        raise Refused("a text is wanted")
    return str(raw)


def written(raw: Any) -> str:
    """A text that is not blank."""
    found = text(raw)
    if not found.strip():
        raise Refused("it is blank")
    return found


def up_to(most: int) -> Callable[[Any], str]:
    """Reads a text that is not blank and has so many characters at most."""

    def read(raw: Any) -> str:
        found = written(raw)
        if len(found) > most:
            raise Refused(f"a text may have {most:,} characters, this one has {len(found):,}")
        return found

    return read


def identifier(raw: Any) -> str:
    """An id or key: text without blanks, since a line of the trace separates its words by them."""
    found = written(raw)
    if any(c.isspace() for c in found):
        raise Refused("an id must have no blanks")
    return found


def boolean(raw: Any) -> bool:
    if not isinstance(raw, bool):
        raise Refused("true or false is wanted")
    return raw


def whole(least: int, most: int) -> Callable[[Any], int]:
    """Reads a whole number within bounds."""

    def read(raw: Any) -> int:
        if isinstance(raw, bool) or not isinstance(raw, int) or not least <= raw <= most:
            raise Refused(f"a whole number from {least:,} to {most:,} is wanted")
        return raw

    return read


def one_of(*possible: str) -> Callable[[Any], str]:
    """Reads one of some words."""

    def read(raw: Any) -> str:
        if raw not in possible or not isinstance(raw, str):
            raise Refused(f"“{raw}” is not possible; possible: {', '.join(possible)}")
        return raw

    return read


def texts(raw: Any) -> tuple[str, ...]:
    """A list of texts that are not blank."""
    if not isinstance(raw, list):
        raise Refused("a list is wanted")
    return tuple(written(item) for item in raw)


def day(raw: Any) -> date:
    if type(raw) is not date:
        raise Refused("a date is wanted: YYYY-MM-DD")
    return raw


def days(raw: Any) -> frozenset[date]:
    """A list of dates."""
    if not isinstance(raw, list):
        raise Refused("a list of dates is wanted")
    return frozenset(day(item) for item in raw)


def clock(raw: Any) -> time:
    """A local time of day, HH:MM."""
    found = CLOCK.match(raw) if isinstance(raw, str) else None
    if not found:
        raise Refused("a time of day is wanted: HH:MM")
    return time(int(found[1]), int(found[2]))


def span(raw: Any) -> tuple[time, time]:
    """``HH:MM-HH:MM``, the start before the end; an end of 24:00 is the midnight that ends the day."""
    start, dash, end = raw.partition("-") if isinstance(raw, str) else ("", "", "")
    if not dash:
        raise Refused("two times are wanted: HH:MM-HH:MM")
    closes = time(0) if end.strip() == "24:00" else clock(end.strip())
    opens = clock(start.strip())
    if closes <= opens and end.strip() != "24:00":
        raise Refused("the start must come before the end: they do not cross midnight")
    return opens, closes


def zone(raw: Any) -> ZoneInfo:
    """An IANA zone."""
    try:
        return zone_named(written(raw))
    except UnknownZone as unknown:
        raise Refused(str(unknown)) from None


def moment(timezone: ZoneInfo) -> Callable[[Any], datetime]:
    """Reads ``YYYY-MM-DD HH:MM``, local to a zone."""

    def read(raw: Any) -> datetime:
        found = MOMENT.match(raw) if isinstance(raw, str) else None
        try:
            if found and found[1][:4] in YEARS:
                return resolve(date.fromisoformat(found[1]), clock(found[2]), timezone)
        except ValueError:
            pass
        raise Refused("a moment is wanted: YYYY-MM-DD HH:MM")

    return read


def duration(raw: Any) -> dict[str, int]:
    """``{days, hours, minutes}``, more than nothing in all, as a plain mapping."""
    if not isinstance(raw, Mapping) or not raw or set(raw) - {"days", "hours", "minutes"}:
        raise Refused("a duration is wanted: {days: 2, hours: 3, minutes: 5}")
    found = {unit: whole(0, 100_000)(n) for unit, n in raw.items()}
    if not Duration(**found).total:
        raise Refused("it must be more than nothing")
    return found
