"""Cells of a file as typed values: numbers, dates, yes and no, lists, as people write them. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from audience.addresses import normalise_address
from audience.conditions.types import FieldType
from audience.conditions.values import Refused
from audience.fields import Field
from tenants.localtime import UnknownZone, known_zone, resolve, zone_named

DATE = re.compile(
    r"(?:(?P<y>\d{4})[-/.](?P<m>\d{1,2})[-/.](?P<d>\d{1,2})|(?P<D>\d{1,2})\.\s?(?P<M>\d{1,2})\.\s?(?P<Y>\d{4})"
    r"|(?P<one>\d{1,2})(?P<sign>[-/])(?P<two>\d{1,2})(?P=sign)(?P<year>\d{4}))"
    r"(?:[T ,]+(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:[.,]\d+)?)?"
    r"(?:\s*Uhr|\s*(?P<half>[AaPp])\.?[Mm]\.?)?)?"
    r"\s*(?P<zone>Z|UTC|[+-]\d{2}:?\d{2})?",
    re.ASCII,
)
CURRENCY = re.compile(r"^(?:[$€£¥]|EUR|USD|GBP|CHF)\s*|\s*(?:[$€£¥]|EUR|USD|GBP|CHF)$")
NUMBER = re.compile(r"[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?", re.ASCII)
GROUPED = re.compile(r"[+-]?\d{1,3}(?:[.,' \u00a0\u202f]\d{3})+(?:[.,]\d+)?", re.ASCII)
BLANKS = str.maketrans("", "", " \u00a0\u202f'\u2019")
DAY_FIRST, MONTH_FIRST = "day", "month"
LONGEST_LABEL = 40
KNOWN = 16_384
"""Values that are kept at hand: in a column they come again and again."""
YES = {"true", "yes", "y", "1", "x", "on", "wahr", "ja", "j", "oui", "si", "sí", "vrai"}
NO = {"false", "no", "n", "0", "off", "falsch", "nein", "non", "faux"}


@dataclass(frozen=True)
class Writing:
    """How the file writes: its decimal sign, the zone of its local times, and what 01/02/2026 begins with.

    ``date_order`` is day or month; empty, such dates are refused: they mean two days.
    """

    zone: ZoneInfo
    decimal_comma: bool = False
    date_order: str = ""


def read_cell(field: Field, text: str, writing: Writing) -> Any:
    """The typed value of a cell that is not blank; text, choice, user stay text, tags become a list. Raises Refused."""
    reader = {
        FieldType.NUMBER: read_number,
        FieldType.MONEY: read_number,
        FieldType.DATE: read_date,
        FieldType.DATE_TIME: read_instant,
        FieldType.YES_NO: read_yes_no,
        FieldType.TAGS: read_labels,
    }.get(field.type)
    return reader(text, writing) if reader else text


@lru_cache(maxsize=KNOWN)
def read_zone(text: str) -> str:
    """The IANA name of a time zone, also without its case and as other systems write it.

    ``europe/berlin``, ``America/New York``, HubSpot's ``us_slash_eastern``, ``(GMT+01:00) … (Europe/Paris)`` of
    Salesforce.
    Raises Refused.
    """
    inside = re.search(r"\(([A-Za-z_]+(?:/[A-Za-z_+-]+)+)\)\s*$", text)
    name = inside[1] if inside else text.strip()
    for tried in (name, name.replace(" ", "_"), name.lower().replace("_slash_", "/")):
        try:
            return zone_named(known_zone(tried)).key
        except UnknownZone:
            continue
    raise Refused("is no time zone, such as Europe/Berlin")


def read_number(text: str, writing: Writing) -> float:
    """A number as the file writes them (``spelled_number``)."""
    return float(spelled_number(text, decimal_comma=writing.decimal_comma))


def spelled_number(text: str, *, decimal_comma: bool = False) -> str:
    """A number with a point before its decimals: of ``71,5``, ``1.234,50``, ``1,234.50``, ``1 234``, ``€ 5``.

    One sign followed by three digits, ``1.234``, is of thousands where the usual decimal sign is the other one.
    Raises Refused.
    """
    plain = CURRENCY.sub("", text.strip())
    if GROUPED.fullmatch(plain):
        plain = plain.translate(BLANKS)
    comma, dot = plain.rfind(","), plain.rfind(".")
    decimal = "," if decimal_comma else "."
    if comma >= 0 and dot >= 0:
        decimal = "," if comma > dot else "."
    elif not GROUPED.fullmatch(plain):
        decimal = "," if comma >= 0 else "."
    elif plain.count(",") + plain.count(".") > 1:
        decimal = "." if comma >= 0 else ","
    plain = plain.replace("." if decimal == "," else ",", "").replace(decimal, ".")
    if not NUMBER.fullmatch(plain):
        raise Refused("is no number")
    return plain


def read_date(text: str, writing: Writing) -> date:
    """``2026-09-14``, ``14.09.2026``, ``14/09/2026`` where its order is told; also with a time, which is left out."""
    found = DATE.fullmatch(text.strip())
    if not found:
        raise Refused("is no date (YYYY-MM-DD or DD.MM.YYYY)")
    return _day(found, writing)


def _day(found: re.Match[str], writing: Writing) -> date:
    part = found.group
    year, month, day = part("y") or part("Y"), part("m") or part("M"), part("d") or part("D")
    if part("one"):
        if not writing.date_order:
            raise Refused("is no date (YYYY-MM-DD or DD.MM.YYYY)")
        year, month, day = part("year"), part("two"), part("one")
        if writing.date_order == MONTH_FIRST:
            month, day = day, month
    try:
        return date(int(year), int(month), int(day))
    except ValueError as error:
        raise Refused("is no date that the calendar has") from error


def read_instant(text: str, writing: Writing) -> datetime:
    """A date with or without a time, local to the zone of the workspace, or with an offset of its own."""
    day = read_date(text, writing)
    found = DATE.fullmatch(text.strip())
    assert found
    try:
        at = time(_hour(found), int(found["minute"] or 0), int(found["second"] or 0))
        if found["zone"]:
            offset = found["zone"].replace("UTC", "Z")
            return datetime.fromisoformat(f"{day}T{at}{offset}")
        return resolve(day, at, writing.zone)
    except (ValueError, OverflowError) as error:
        raise Refused("is no time that a day has") from error


def _hour(found: re.Match[str]) -> int:
    """The hour of 24: 12 AM is midnight, 12 PM noon. Raises ValueError where a half of a day has no such hour."""
    hour = int(found["hour"] or 0)
    if not found["half"]:
        return hour
    if not 1 <= hour <= 12:
        raise ValueError
    return hour % 12 + (12 if found["half"] in "pP" else 0)


def read_yes_no(text: str, writing: Writing) -> bool:
    """Yes or no in some languages, or a cross."""
    plain = text.strip().lower()
    if plain not in YES | NO:
        raise Refused("is neither yes nor no")
    return plain in YES


def read_labels(text: str, writing: Writing | None = None) -> list[str]:
    """Labels between commas, semicolons or bars."""
    return [label.strip() for label in re.split(r"[;,|\n]", text) if label.strip()]


@lru_cache(maxsize=KNOWN)
def normalised(address: str) -> str | None:
    """``normalise_address``, which a row asks for several times."""
    return normalise_address(address)


def read_addresses(text: str) -> list[str]:
    """The email addresses of a cell, the primary one first. Raises Refused where one is none."""
    if text.count("@") == 1 and normalised(text):
        return [text.strip()]
    found = [part.strip() for part in re.split(r"[;,|\n]", text) if part.strip()]
    if len(found) == 1 and found[0].count("@") > 1:
        found = found[0].split()
    for address in found:
        if normalised(address) is None:
            raise Refused(
                "is no email address" if len(found) == 1 else f"has “{address}”, which is no email address"
            )
    once: dict[str | None, str] = {}
    for address in found:
        once.setdefault(normalised(address), address)
    return list(once.values())


def split_name(text: str) -> tuple[str, str]:
    """First and last name of a full one: ``Ann van Dyk`` → Ann, van Dyk; ``Dyk, Ann`` → Ann, Dyk."""
    last, comma, first = text.partition(",")
    if comma:
        return first.strip(), last.strip()
    first, _, last = text.strip().partition(" ")
    return first, last.strip()


def suggested_type(name: str, cells: Iterable[str]) -> FieldType:
    """The type of a new field from the cells of its column: that which all of them have, else text.

    What serves to name something (an id, a number that begins with 0 or +) is text.
    """
    filled = [cell.strip() for cell in cells if cell.strip()]
    if not filled or re.search(r"(?i)(^|[\W_])(id|nr|no|code|zip|plz)$", name.strip()):
        return FieldType.TEXT
    writing = Writing(ZoneInfo("UTC"), decimal_comma=True, date_order=DAY_FIRST)
    if all(_is_a_day(cell, writing) for cell in filled):
        has_times = any((found := DATE.fullmatch(cell)) and found["hour"] for cell in filled)
        return FieldType.DATE_TIME if has_times else FieldType.DATE
    if all(cell.lower() in (YES | NO) - {"1", "0", "x", "y", "n", "j", "on"} for cell in filled):
        return FieldType.YES_NO
    if all(_reads(read_number, c, writing) and not re.match(r"\+|0\d", c) for c in filled):
        return FieldType.NUMBER
    return FieldType.TAGS if _are_labels(filled) else FieldType.TEXT


def _is_a_day(cell: str, writing: Writing) -> bool:
    return _reads(read_date, cell, writing) or _reads(
        read_date, cell, replace(writing, date_order=MONTH_FIRST)
    )


def _are_labels(filled: list[str]) -> bool:
    """Whether cells are lists of a few short labels that come again and again, between semicolons or bars."""
    labels = [label.strip() for cell in filled for label in re.split("[;|]", cell) if label.strip()]
    several = sum(";" in cell or "|" in cell for cell in filled)
    return several >= 2 and len(set(labels)) * 2 <= len(labels) and max(map(len, labels)) <= LONGEST_LABEL


def _reads(reader: Any, cell: str, writing: Writing) -> bool:
    try:
        reader(cell, writing)
    except Refused:
        return False
    return True
