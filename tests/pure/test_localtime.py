"""Local times of a zone (semantics 2.2)."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenants.localtime import (
    UnknownZone,
    day_bounds,
    day_exists,
    local_date,
    plus_days,
    resolve,
    zone_named,
)

ZONES = [
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "Africa/Cairo",
    "Asia/Kathmandu",
    "America/Nuuk",
    "America/Havana",
    "Pacific/Apia",
    "Africa/Casablanca",
    "America/St_Johns",
    "UTC",
]

days = st.dates(date(2000, 1, 3), date(2037, 12, 28))
times = st.times().map(lambda t: t.replace(second=0, microsecond=0))
zones = st.sampled_from(ZONES).map(zone_named)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "day", "at", "expected"),
    [
        ("Europe/Berlin", "2026-05-04", "09:00", "2026-05-04 07:00"),
        ("Europe/Berlin", "2026-12-31", "23:59", "2026-12-31 22:59"),
        ("Europe/Berlin", "2028-02-29", "00:00", "2028-02-28 23:00"),
        ("Asia/Kathmandu", "2026-05-04", "09:00", "2026-05-04 03:15"),
        # the time does not exist: the first instant after the gap
        ("Europe/Berlin", "2026-03-29", "02:00", "2026-03-29 01:00"),
        ("Europe/Berlin", "2026-03-29", "02:59", "2026-03-29 01:00"),
        ("America/New_York", "2026-03-08", "02:10", "2026-03-08 07:00"),
        ("Australia/Lord_Howe", "2026-10-04", "02:15", "2026-10-03 15:30"),
        ("Africa/Cairo", "2026-04-24", "00:30", "2026-04-23 22:00"),
        # a gap that ends at midnight: the Saturday's 23:30 comes on Sunday at 00:00
        ("America/Nuuk", "2026-03-28", "23:30", "2026-03-29 01:00"),
        ("Pacific/Apia", "2011-12-30", "09:00", "2011-12-30 10:00"),
        # the time exists twice: the first
        ("Europe/Berlin", "2026-10-25", "02:30", "2026-10-25 00:30"),
        ("America/New_York", "2026-11-01", "01:30", "2026-11-01 05:30"),
        ("Australia/Lord_Howe", "2026-04-05", "01:45", "2026-04-04 14:45"),
        ("Africa/Cairo", "2026-10-29", "23:30", "2026-10-29 20:30"),
        ("America/Havana", "2026-11-01", "00:00", "2026-11-01 04:00"),
    ],
)
def test_2_2_a_local_time_has_one_instant_also_when_the_clocks_change(zone, day, at, expected):
    assert resolve(date.fromisoformat(day), time.fromisoformat(at), zone_named(zone)) == utc(expected)


@given(days, times, zones)
def test_the_instant_shows_its_local_time_or_ends_a_gap(day, at, zone):
    instant = resolve(day, at, zone)
    wanted, shown = datetime.combine(day, at), instant.astimezone(zone).replace(tzinfo=None)
    assert instant.tzinfo is UTC
    if shown == wanted:
        assert (instant - timedelta(hours=3)).astimezone(zone).replace(tzinfo=None) < wanted
    else:
        just_before = (instant - timedelta(seconds=1)).astimezone(zone).replace(tzinfo=None)
        assert just_before < wanted < shown


@given(days, times, times, zones)
def test_later_local_times_are_never_earlier_instants(day, one, other, zone):
    low, high = sorted([one, other])
    assert resolve(day, low, zone) <= resolve(day, high, zone) <= resolve(day + timedelta(days=1), low, zone)


@given(days, zones)
def test_days_follow_each_other_without_a_hole(day, zone):
    start, end = day_bounds(day, zone)
    assert end == day_bounds(day + timedelta(days=1), zone)[0]
    if day_exists(day, zone):
        assert local_date(start, zone) == day == local_date(end - timedelta(seconds=1), zone)
        assert timedelta(hours=22) < end - start < timedelta(hours=26)


def test_2_2_a_day_that_a_zone_left_out_does_not_exist():
    apia = zone_named("Pacific/Apia")
    assert [day_exists(date(2011, 12, n), apia) for n in (29, 30, 31)] == [True, False, True]


def test_calendar_days_keep_the_local_time_and_nought_days_the_instant():
    berlin = zone_named("Europe/Berlin")
    assert plus_days(utc("2026-03-27 08:00"), 3, berlin) == utc("2026-03-30 07:00")
    second_half_past_two = utc("2026-10-25 01:30")
    assert plus_days(second_half_past_two, 0, berlin) == second_half_past_two
    assert plus_days(utc("2028-01-30 08:00"), 30, berlin) == utc("2028-02-29 08:00")


def test_a_zone_that_does_not_exist_is_named_with_a_suggestion():
    with pytest.raises(UnknownZone, match=r"there is no time zone “Europe/Berlim”$"):
        zone_named("Europe/Berlim")
    with pytest.raises(UnknownZone, match="did you mean Europe/Berlin"):
        zone_named("europe/berlin")
