"""The pieces of moments say for every instant what the calendar says for one (semantics 5.6, 5.7, 5.13)."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from random import Random

import pytest

from sequences.hours import Duration, WorkingHours
from sequences.moments import pieces
from tenants.localtime import zone_named

ZONES = ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Africa/Cairo", "Asia/Kathmandu"]
STARTS = [
    datetime(2026, 3, 5, tzinfo=UTC),
    datetime(2026, 10, 20, tzinfo=UTC),
    datetime(2026, 4, 1, tzinfo=UTC),
]
SPANS = [(time(9), time(17)), (time(0), time(0)), (time(2, 15), time(3, 10)), (time(1, 30), time(2, 45))]


@pytest.mark.parametrize("zone", [*ZONES, "America/Nuuk", "Africa/Casablanca"])
@pytest.mark.parametrize("start", STARTS)
def test_pieces_are_the_calendar_for_every_instant(zone: str, start: datetime) -> None:
    random = Random(f"{zone}{start}")
    for opens, closes in SPANS:
        hours = WorkingHours(opens, closes, zone_named(zone), exclude_weekends=random.random() < 0.3)
        length = Duration(
            random.choice([0, 1, 2, 7, 30]), random.choice([0, 0, 5, 30]), random.choice([0, 7])
        )
        first, last = start, start + timedelta(days=random.choice([1, 6, 20]), minutes=random.randrange(900))
        found = list(pieces(hours, first, last, length))
        assert found[0].since == first and found[-1].until > last
        edges = [one.since for one in found] + [one.until - timedelta(microseconds=1) for one in found]
        width = int((last - first).total_seconds())
        drawn = [first + timedelta(seconds=random.randrange(width), microseconds=1) for _ in range(300)]
        for at in (*edges, *drawn):
            (piece,) = [one for one in found if one.since <= at < one.until]
            moment = piece.moment + (at - piece.since if piece.grows else timedelta())
            assert moment == hours.moved_inside(hours.moment_after(at, length)), (at, hours, length)


def test_a_single_instant_is_one_piece() -> None:
    hours = WorkingHours(time(9), time(17), zone_named("Europe/Berlin"))
    at = datetime(2026, 5, 4, 9, 12, 13, 456, tzinfo=UTC)
    (piece,) = pieces(hours, at, at, Duration(days=1))
    assert piece.moment == at + timedelta(days=1)
