"""What the filters of the pages say."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.test import RequestFactory
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup

from config import charts, filters

NOW = datetime(2026, 3, 12, 8, 30, tzinfo=UTC)


def test_numbers_are_grouped_and_nothing_is_a_dash() -> None:
    assert [filters.num(v) for v in (0, 1234567, 12.6, None)] == ["0", "1,234,567", "13", "–"]
    assert [
        filters.percent(1, 8),
        filters.percent(0, 8),
        filters.percent(1, 0),
        filters.percent(None, 8),
    ] == [
        "12.5%",
        "0.0%",
        "–",
        "–",
    ]
    assert [filters.plural(1, "step"), filters.plural(1200, "company", "companies")] == [
        "1 step",
        "1,200 companies",
    ]


@pytest.mark.parametrize(
    ("past", "said"),
    [
        (timedelta(seconds=20), "just now"),
        (timedelta(minutes=4), "4 min ago"),
        (timedelta(minutes=-4), "in 4 min"),
        (timedelta(hours=3), "3 h ago"),
        (timedelta(days=1), "1 day ago"),
        (timedelta(days=-3), "in 3 days"),
        (timedelta(days=30), "10 Feb"),
        (timedelta(days=400), "5 Feb 2025"),
    ],
)
def test_how_long_ago(past: timedelta, said: str) -> None:
    assert f">{said}</time>" in filters.ago(NOW - past, NOW)


def test_an_instant_is_shown_in_the_zone_asked_for() -> None:
    shown = filters.local(NOW, ZoneInfo("Asia/Kolkata"))
    assert ">Thu 12 Mar 2026, 14:00</time>" in shown
    assert 'title="Thu 12 Mar 2026, 14:00 IST"' in shown
    assert ">14:00</time>" in filters.clock(NOW, ZoneInfo("Asia/Kolkata"))
    assert ">12 Mar 2026</time>" in filters.day(date(2026, 3, 12))


def test_merge_fields_become_chips_with_their_fallback() -> None:
    assert filters.tokens("Hi {{ contact.first_name | default: 'there' }} & {{account.name}}") == Markup(
        'Hi <var class="token" title="contact.first_name">first_name<span>there</span></var> &amp; '
        '<var class="token" title="account.name">account.name</var>'
    )


@given(st.text(alphabet="<>&\"'{}%| abc"))
def test_no_text_escapes_from_the_chips(text: str) -> None:
    shown = str(filters.tokens(text))
    for ours in ("<var", "</var>", "<span>", "</span>"):
        shown = shown.replace(ours, "")
    assert "<" not in shown


def test_attributes_are_escaped_and_empty_ones_fall_away() -> None:
    assert filters.attrs(
        {"hx_get": '?a="1"', "disabled": True, "id": None, "for_": "x", "hidden": False}
    ) == (' hx-get="?a=&#34;1&#34;" disabled for="x"')


def test_a_query_keeps_what_is_not_changed() -> None:
    request = RequestFactory().get("/sequences/?tab=mine&after=7&q=a+b")
    assert filters.query(request, after=None, sort="-sent") == "?tab=mine&q=a+b&sort=-sent"


def test_names_have_initials_and_a_steady_hue() -> None:
    assert [filters.initials(n) for n in ("Maya Chen", "Ann", "ann@x.example", "", "Jo van der Berg")] == [
        "MC",
        "A",
        "A",
        "?",
        "JB",
    ]
    assert filters.hue("Maya Chen") == filters.hue("Maya Chen") in range(5)


def test_browsers_are_named_in_two_words() -> None:
    chrome = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/150.0.0.0 Safari/537.36"
    assert filters.device(chrome) == "Chrome on Linux"
    assert filters.device("") == "A browser"


def test_charts_bear_odd_values() -> None:
    assert charts.spark([]) == charts.spark([3]) == ""
    assert "NaN" not in charts.spark([2, 2, 2])
    assert 'width="0.0"' in charts.meter(3, 0)
    assert 'width="100.0"' in charts.meter(9, 3)
    assert "&lt;b&gt;" in charts.columns([("<b>", 0)], "People")
