"""R-030: a time is read in the zone that stands beside it, wherever the browser is."""

from __future__ import annotations

from datetime import UTC, time
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.conf import settings
from django.utils.timezone import now
from playwright.sync_api import expect

from sequences.models import Schedule
from tenants.wall import use
from tests.browser import NewPage
from tests.pages.sequences.test_in_a_browser import Site

pytestmark = pytest.mark.django_db(transaction=True)


def test_r_030_a_time_typed_in_new_york_is_kept_in_the_zone_of_the_sequence(
    live_server: Any, new_page: NewPage
) -> None:
    site = Site(live_server, new_page)
    sequence = site.running()
    page = new_page(site.address)
    browser = page.context.browser
    assert browser
    abroad = browser.new_context(base_url=site.address, timezone_id="America/New_York", locale="en-US")
    name = settings.SESSION_COOKIE_NAME
    abroad.add_cookies([{"name": name, "value": site.client.cookies[name].value, "url": site.address}])
    page = abroad.new_page()
    page.goto(f"/sequences/{sequence.pk}/edit/?open=timing#timing")
    page.locator("#timing input[name=run_time]").fill("10:21")
    page.locator("#timing input[name=timezone]").fill("Asia/Kolkata")
    page.locator("#timing").get_by_role("button", name="Save").click()
    expect(page.get_by_text("Timing saved.")).to_be_visible()
    with use(site.tenant):
        sequence.refresh_from_db()
        run_at = Schedule.objects.get(sequence_id=sequence.pk).next_run_at
    assert (sequence.run_time, str(sequence.timezone)) == (time(10, 21), "Asia/Kolkata")
    assert run_at and run_at > now()
    assert run_at.astimezone(ZoneInfo("Asia/Kolkata")).time() == time(10, 21)
    assert run_at.astimezone(UTC).time() == time(4, 51)
    abroad.close()
