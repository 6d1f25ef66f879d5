"""When the window of a recipient's day opens (semantics 2.36)."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from messaging.windows import opening, zone_of

NINE, FIVE = time(9), time(17)
BERLIN = ZoneInfo("Europe/Berlin")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("now", "opens"),
    [
        ("2026-03-30 06:59", "2026-03-30 07:00"),
        ("2026-03-30 07:00", None),
        ("2026-03-30 14:59", None),
        ("2026-03-30 15:00", "2026-03-31 07:00"),
        ("2026-03-28 16:30", "2026-03-29 07:00"),  # summer time begins in between
    ],
)
def test_r_026_the_start_is_inside_and_the_end_is_not(now: str, opens: str | None) -> None:
    assert opening(at(now), NINE, FIVE, BERLIN) == (at(opens) if opens else None)


@pytest.mark.parametrize(
    "zone",
    ["Asia/Tokyo", "Asia/Kathmandu", "Pacific/Kiritimati", "Pacific/Pago_Pago", "America/New_York", "UTC"],
)
def test_r_026_wherever_they_live_it_is_day_there(zone: str) -> None:
    here = ZoneInfo(zone)
    for hour in range(48):
        now = at("2026-05-04 00:00") + timedelta(hours=hour)
        leaves = opening(now, NINE, FIVE, here) or now
        assert NINE <= leaves.astimezone(here).time() < FIVE
        assert timedelta(0) <= leaves - now < timedelta(hours=17)


def test_a_window_may_cross_midnight() -> None:
    assert opening(at("2026-05-04 23:00"), time(22), time(2), ZoneInfo("UTC")) is None
    assert opening(at("2026-05-04 01:00"), time(22), time(2), ZoneInfo("UTC")) is None
    assert opening(at("2026-05-04 12:00"), time(22), time(2), ZoneInfo("UTC")) == at("2026-05-04 22:00")


@pytest.mark.parametrize(
    ("timezone", "country", "expected"),
    [
        ("Asia/Tokyo", "Germany", "Asia/Tokyo"),
        ("", "Germany", "Europe/Berlin"),
        ("CET+1", "us", "America/New_York"),
        ("", "Deutschland", "Europe/Berlin"),
        ("", "", "Europe/Berlin"),
        ("nowhere", "Atlantis", "Europe/Berlin"),
    ],
)
def test_2_36_the_contacts_zone_else_the_countrys_else_the_sequences(
    timezone: str, country: str, expected: str
) -> None:
    assert zone_of(timezone, country, BERLIN).key == expected
