"""When a sequence runs (semantics 2.6-2.8, 3.1, 4.1) and its working hours (5.2, 5.3, 5.6)."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from itertools import islice, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sequences.calendar import Occurrence, Schedule, is_missed, next_run, occurrences
from sequences.hours import Duration, WorkingHours, is_quarter
from tenants.localtime import local_date, resolve, zone_named
from tests.pure.test_localtime import days, times, utc, zones

BERLIN = zone_named("Europe/Berlin")
NINE = Schedule(time(9), BERLIN)


def day(text: str) -> date:
    return date.fromisoformat(text)


def test_2_6_the_first_run_is_at_or_after_the_activation():
    assert next_run(NINE, since=utc("2026-05-04 06:59")) == Occurrence(
        utc("2026-05-04 07:00"), day("2026-05-04")
    )
    assert next_run(NINE, since=utc("2026-05-04 07:00")).day == day("2026-05-04")
    assert next_run(NINE, since=utc("2026-05-04 07:01")).day == day("2026-05-05")


def test_3_1_excluded_days_have_no_run():
    schedule = Schedule(time(9), BERLIN, exclude_weekends=True, holidays=frozenset({day("2026-05-01")}))
    found = [run.day for run in islice(occurrences(schedule, since=utc("2026-04-30 00:00")), 3)]
    assert found == [day("2026-04-30"), day("2026-05-04"), day("2026-05-05")]


def test_4_1_the_interval_counts_from_the_last_run_that_happened():
    schedule = Schedule(time(9), BERLIN, every_days=3, exclude_weekends=True)
    # last ran on Wednesday: Saturday and Sunday are not allowed, so Monday, and from there Thursday
    found = occurrences(schedule, since=utc("2026-05-06 07:01"), last_run_on=day("2026-05-06"))
    assert [run.day for run in islice(found, 2)] == [day("2026-05-11"), day("2026-05-14")]


def test_4_1_after_a_missed_run_the_next_allowed_day_is_taken():
    schedule = Schedule(time(9), BERLIN, every_days=3)
    state = {"last_run_on": day("2026-05-04"), "missed_on": {day("2026-05-07")}}
    assert next_run(schedule, since=utc("2026-05-07 14:00"), **state).day == day("2026-05-08")


def test_2_8_a_new_time_never_makes_two_runs_on_one_day():
    later = Schedule(time(11), BERLIN)
    assert next_run(later, since=utc("2026-05-04 08:00")).day == day("2026-05-04")
    changed = next_run(later, since=utc("2026-05-04 08:00"), last_run_on=day("2026-05-04"))
    assert changed.day == day("2026-05-05")


def test_2_8_a_day_whose_run_was_missed_gets_no_second_one():
    evening = Schedule(time(20), BERLIN)
    assert next_run(evening, since=utc("2026-05-04 14:00"), missed_on={day("2026-05-04")}).day == day(
        "2026-05-05"
    )


def test_2_8_after_a_change_of_zone_dates_are_compared_as_dates():
    tokyo, new_york = zone_named("Asia/Tokyo"), zone_named("America/New_York")
    ran = next_run(Schedule(time(9), tokyo), since=utc("2026-05-04 20:00"))
    assert ran == Occurrence(utc("2026-05-05 00:00"), day("2026-05-05"))
    moved = next_run(Schedule(time(22), new_york), since=utc("2026-05-05 00:30"), last_run_on=ran.day)
    assert moved == Occurrence(utc("2026-05-07 02:00"), day("2026-05-06"))


@pytest.mark.parametrize(
    ("scheduled", "now", "missed"),
    [
        ("2026-05-04 07:00", "2026-05-04 13:00", False),
        ("2026-05-04 07:00", "2026-05-04 13:01", True),
        ("2026-05-04 20:00", "2026-05-04 21:59", False),
        ("2026-05-04 20:00", "2026-05-04 22:00", True),
    ],
)
def test_2_7_a_run_is_missed_over_six_hours_or_a_day_later(scheduled, now, missed):
    assert is_missed(utc(scheduled), utc(now), BERLIN) is missed


def test_a_run_moved_over_midnight_by_a_gap_stands_for_its_own_day():
    nuuk = Schedule(time(23, 30), zone_named("America/Nuuk"))
    saturday, sunday = islice(occurrences(nuuk, since=utc("2026-03-28 12:00")), 2)
    assert saturday == Occurrence(utc("2026-03-29 01:00"), day("2026-03-28"))
    assert sunday == Occurrence(utc("2026-03-30 00:30"), day("2026-03-29"))
    assert next_run(nuuk, since=saturday.at) == saturday
    assert not is_missed(saturday.at, saturday.at + timedelta(hours=1), nuuk.timezone)


def test_a_day_that_does_not_exist_has_no_run():
    apia = Schedule(time(9), zone_named("Pacific/Apia"))
    found = [
        run.day.day for run in islice(occurrences(apia, since=datetime(2011, 12, 29, 12, tzinfo=UTC)), 3)
    ]
    assert found == [29, 31, 1]


schedules = st.builds(
    Schedule,
    times,
    zones,
    every_days=st.integers(1, 9),
    exclude_weekends=st.booleans(),
    holidays=st.frozensets(st.dates(date(2026, 3, 1), date(2026, 4, 30)), max_size=12),
)


@given(schedules, st.dates(date(2026, 3, 1), date(2026, 4, 30)), times)
def test_runs_are_in_order_on_allowed_days_and_apart_by_the_interval(schedule, start, at):
    since = resolve(start, at, schedule.timezone)
    found = list(islice(occurrences(schedule, since=since), 8))
    assert found[0].at >= since
    assert all(schedule.allows(run.day) and run.at == schedule.instant(run.day) for run in found)
    for one, other in pairwise(found):
        assert other.day - one.day >= timedelta(days=schedule.every_days)
        assert next_run(schedule, since=one.at + timedelta(seconds=1), last_run_on=one.day) == other


@given(schedules, days, times)
def test_no_allowed_day_before_the_first_run_was_passed_over(schedule, start, at):
    since = resolve(start, at, schedule.timezone)
    first = next_run(schedule, since=since)
    skipped = start
    while skipped < first.day:
        assert not schedule.allows(skipped) or schedule.instant(skipped) < since
        skipped += timedelta(days=1)


OFFICE = WorkingHours(time(9), time(17), BERLIN, exclude_weekends=True)


def test_5_2_the_opening_is_inside_and_the_closing_is_not():
    assert OFFICE.are_open(utc("2026-05-04 07:00"))
    assert not OFFICE.are_open(utc("2026-05-04 15:00"))
    assert OFFICE.moved_inside(utc("2026-05-08 15:00")) == utc("2026-05-11 07:00")
    assert OFFICE.moved_inside(utc("2026-05-08 14:59")) == utc("2026-05-08 14:59")


def test_5_3_quarters_are_those_of_the_local_clock_inside_the_hours():
    odd = WorkingHours(time(9, 5), time(17, 10), zone_named("Asia/Kathmandu"))
    assert odd.next_quarter(utc("2026-05-04 00:00")) == utc("2026-05-04 03:30")
    assert odd.next_quarter(utc("2026-05-04 03:30")) == utc("2026-05-04 03:30")
    assert odd.next_quarter(utc("2026-05-04 03:31")) == utc("2026-05-04 03:45")
    assert odd.next_quarter(utc("2026-05-04 11:16")) == utc("2026-05-05 03:30")
    assert is_quarter(utc("2026-05-04 03:30"), odd.timezone)


def test_5_3_hours_between_two_quarters_have_none():
    between = WorkingHours(time(9, 1), time(9, 14), zone_named("Europe/Berlin"))
    assert between.next_quarter(utc("2026-05-04 00:00")) is None
    repeated = WorkingHours(time(2, 46), time(3), zone_named("Europe/Berlin"))
    assert repeated.next_quarter(utc("2026-05-04 00:00")) == utc("2026-10-25 01:00")


def test_2_24_a_pause_ends_at_the_first_opening_of_the_day_or_after():
    assert OFFICE.opening_on(day("2026-05-09"), utc("2026-05-04 08:00")) == utc("2026-05-11 07:00")
    assert OFFICE.opening_on(day("2026-05-04"), utc("2026-05-04 08:00")) == utc("2026-05-05 07:00")


def test_5_6_days_keep_the_local_time_and_hours_are_elapsed():
    new_york = WorkingHours(time(2, 45), time(11), zone_named("America/New_York"))
    at = utc("2026-03-07 07:45")
    assert new_york.moment_after(at, Duration(days=1, minutes=5)) == utc("2026-03-08 07:05")
    assert new_york.moment_after(utc("2026-03-08 07:05"), Duration(hours=23, minutes=55)) == utc(
        "2026-03-09 07:00"
    )


def test_5_6_a_wait_of_hours_from_the_second_half_past_two_is_not_moved_back():
    hours = WorkingHours(time(0), time(0), BERLIN)
    assert hours.moment_after(utc("2026-10-25 01:30"), Duration(hours=1)) == utc("2026-10-25 02:30")


@given(days, times, zones, times, times, st.booleans())
def test_moving_inside_the_hours_moves_never_back_and_once(start, at, zone, one, other, weekends):
    opens, closes = sorted([one, other])
    hours = WorkingHours(opens, time(0) if opens == closes else closes, zone, weekends)
    instant = resolve(start, at, zone)
    moved = hours.moved_inside(instant)
    assert moved >= instant and hours.are_open(moved)
    assert not weekends or local_date(moved, zone).weekday() < 5
    opening = hours.next_opening(instant)
    assert (opening >= moved and not hours.are_open(opening - timedelta(seconds=1))) or opens == time(0)
