"""R-030: a time is read in the zone that stands beside it, wherever the browser is."""

from __future__ import annotations

from datetime import UTC, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.conf import settings
from playwright.sync_api import expect

from sequences.models import Schedule
from tenants.wall import use
from tests.browser import NewPage
from tests.pages.sequences.test_in_a_browser import Site

pytestmark = pytest.mark.django_db(transaction=True)

EVENING = datetime(2027, 1, 12, 1, 20, tzinfo=UTC)
"""20:20 on Monday in New York (UTC-5): the server has Tuesday already."""

ZONES = {
    "America/New_York": datetime(2027, 1, 12, 15, 21, tzinfo=UTC),  # tomorrow, as they say there
    "Asia/Kolkata": datetime(2027, 1, 12, 4, 51, tzinfo=UTC),  # it is 06:50 on Tuesday: today
    "UTC": datetime(2027, 1, 12, 10, 21, tzinfo=UTC),
}


ALONE = "Asia/Kolkata"
"""Whose day is another than where it is typed; the others are left to the slow tests."""


@pytest.mark.parametrize(
    "zone", [ALONE, *(pytest.param(z, marks=pytest.mark.slow) for z in ZONES if z != ALONE)]
)
def test_r_030_a_time_typed_in_new_york_in_the_evening_is_kept_in_the_zone_of_the_sequence(
    live_server: Any, new_page: NewPage, zone: str
) -> None:
    """10:21, typed at 20:20 with a browser at UTC-5 and a server at UTC: accepted, and the right instant is stored."""
    with time_machine.travel(EVENING, tick=True):
        site = Site(live_server, new_page)
        sequence = site.running()
        browser = new_page(site.address).context.browser
        assert browser
        abroad = browser.new_context(base_url=site.address, timezone_id="America/New_York", locale="en-US")
        name = settings.SESSION_COOKIE_NAME
        cookie = {"name": name, "value": site.client.cookies[name].value, "url": site.address}
        abroad.add_cookies([cookie])  # type: ignore[list-item]
        page = abroad.new_page()
        page.clock.set_fixed_time(EVENING)
        page.goto(f"/sequences/{sequence.pk}/edit/?open=timing#timing")
        assert page.evaluate("new Date().getHours()") == 20
        page.locator("#timing input[name=run_time]").fill("10:21")
        page.locator("#timing input[name=timezone]").fill(zone)
        page.locator("#timing").get_by_role("button", name="Save").click()
        expect(page.get_by_text("Timing saved.")).to_be_visible()
        with use(site.tenant):
            sequence.refresh_from_db()
            run_at = Schedule.objects.get(sequence_id=sequence.pk).next_run_at
        abroad.close()
    assert (sequence.run_time, sequence.timezone) == (time(10, 21), ZoneInfo(zone))
    assert run_at == ZONES[zone]
