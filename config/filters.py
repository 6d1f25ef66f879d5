"""Filters of the pages: numbers, times, names, merge fields. Pure but for the zone and the clock of the request."""

from __future__ import annotations

import re
import zlib
from collections.abc import Mapping
from datetime import date, datetime, tzinfo
from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from markupsafe import Markup, escape

NOTHING = "–"


def num(value: float | None, digits: int = 0) -> str:
    """1234.5 as ``1,234`` (``digits`` after the point); nothing as a dash."""
    return NOTHING if value is None else f"{value:,.{digits}f}"


def percent(part: float | None, whole: float | None, digits: int = 1) -> str:
    """``part | percent(whole)``: 9.2%; a dash where there is nothing to divide by."""
    if part is None or not whole:
        return NOTHING
    return f"{100 * part / whole:.{digits}f}%"


def plural(count: int, one: str, many: str = "") -> str:
    """``3 | plural("step")``: 3 steps; ``many`` where an s is not enough."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def hue(name: str) -> int:
    """One of five colours for a name, always the same."""
    return zlib.crc32(name.encode()) % 5


def initials(name: str) -> str:
    """Maya Chen: MC; maya@x.example: M."""
    words = [w for w in name.split("@")[0].split() if w[0].isalnum()] or [name or "?"]
    return (words[0][0] + (words[-1][0] if len(words) > 1 else "")).upper()


def ago(value: datetime | None, now: datetime | None = None) -> Markup | str:
    """How long ago or how soon, with the full local time as its title: ``4 min ago``, ``in 3 h``, ``12 Mar``."""
    if value is None:
        return NOTHING
    now = now or timezone.now()
    seconds = (now - value).total_seconds()
    minutes, future = abs(seconds) / 60, seconds < 0
    if minutes < 1:
        text = "in a moment" if future else "just now"
    elif minutes < 60:
        text = _span(f"{minutes:.0f} min", future)
    elif minutes < 60 * 24:
        text = _span(f"{minutes / 60:.0f} h", future)
    elif minutes < 60 * 24 * 7:
        days = round(minutes / 60 / 24)
        text = _span("1 day" if days == 1 else f"{days} days", future)
    else:
        text = _short(timezone.localtime(value), timezone.localtime(now).year)
    return _time(value, text, None)


def local(value: datetime | None, zone: tzinfo | None = None, with_time: bool = True) -> Markup | str:
    """An instant in the reader's zone or in ``zone``: ``Tue 12 Mar 2026, 09:00``; the title names the zone."""
    if value is None:
        return NOTHING
    here = timezone.localtime(value, zone)
    text = f"{here:%a} {here.day} {here:%b %Y}"
    return _time(value, f"{text}, {here:%H:%M}" if with_time else text, zone)


def clock(value: datetime | None, zone: tzinfo | None = None) -> Markup | str:
    """The time alone, where the day stands above: ``09:00``."""
    return NOTHING if value is None else _time(value, f"{timezone.localtime(value, zone):%H:%M}", zone)


def day(value: date | None) -> Markup | str:
    """A calendar day: ``12 Mar 2026``."""
    if value is None:
        return NOTHING
    return Markup('<time datetime="{}">{}</time>').format(value.isoformat(), f"{value.day} {value:%b %Y}")


def _span(text: str, future: bool) -> str:
    return f"in {text}" if future else f"{text} ago"


def _short(here: datetime, this_year: int) -> str:
    return f"{here.day} {here:%b}" if here.year == this_year else f"{here.day} {here:%b %Y}"


def _time(value: datetime, text: str, zone: tzinfo | None) -> Markup:
    here = timezone.localtime(value, zone)
    title = f"{here:%a} {here.day} {here:%b %Y, %H:%M} {here:%Z}"
    return Markup('<time datetime="{}" title="{}">{}</time>').format(value.isoformat(), title, text)


OUTPUT = re.compile(r"\{\{-?\s*(.*?)\s*-?\}\}|\{%-?\s*(.*?)\s*-?%\}", re.S)
FALLBACK = re.compile(r"""\|\s*default\s*:\s*(?:'([^']*)'|"([^"]*)")""")


def tokens(text: str) -> Markup:
    """A template's text with its merge fields as chips: the field's last name, and its fallback after *or*."""
    parts, at = [Markup("")], 0
    for found in OUTPUT.finditer(text):
        parts.append(escape(text[at : found.start()]))
        at = found.end()
        output, tag = found.group(1), found.group(2)
        if tag is not None:
            parts.append(Markup('<var class="token token-tag">{}</var>').format(tag))
            continue
        name = output.split("|")[0].strip()
        fallback = FALLBACK.search(output)
        rest = (
            Markup("<span>{}</span>").format(fallback.group(1) or fallback.group(2) or "nothing")
            if fallback
            else ""
        )
        parts.append(
            Markup('<var class="token" title="{}">{}{}</var>').format(
                name, name.removeprefix("contact."), rest
            )
        )
    parts.append(escape(text[at:]))
    return Markup("").join(parts)


BROWSERS = (("Edg/", "Edge"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari"))
SYSTEMS = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS", "macOS"),
    ("Linux", "Linux"),
)


def device(user_agent: str) -> str:
    """What a browser says of itself, in two words: ``Firefox on Linux``."""
    browser = next((name for mark, name in BROWSERS if mark in user_agent), "A browser")
    system = next((name for mark, name in SYSTEMS if mark in user_agent), "")
    return f"{browser} on {system}" if system else browser


def attrs(values: Mapping[str, Any]) -> Markup:
    """HTML attributes out of keyword arguments: ``_`` becomes ``-``, True stands bare, None and False fall away."""
    parts = []
    for name, value in values.items():
        if value is None or value is False:
            continue
        name = name.rstrip("_").replace("_", "-")
        parts.append(Markup(" {}").format(name) if value is True else Markup(' {}="{}"').format(name, value))
    return Markup("").join(parts)


def query(request: HttpRequest, **changes: Any) -> str:
    """The address of this page with other parameters: None removes one; ``query(request, tab="mine", after=None)``."""
    params = request.GET.copy()
    for name, value in changes.items():
        if value is None:
            params.pop(name, None)
        else:
            params[name] = str(value)
    return f"?{params.urlencode()}"
