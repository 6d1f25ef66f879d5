"""An edit while people are inside, and a saved view as an audience, in a real browser."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from playwright.sync_api import expect

from audience.models import SavedView
from messaging.models import Message
from sequences.models import Enrollment, Sequence
from sequences.ticking import work_tenant
from tenants.wall import use
from tests.browser import NewPage
from tests.factories import NOW, ContactFactory
from tests.pages.sequences.test_in_a_browser import Site

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def site(live_server: Any, new_page: NewPage) -> Site:
    return Site(live_server, new_page)


def test_an_edit_while_people_are_inside(site: Site) -> None:
    sequence = site.running()  # three people, past day 3; on day 9 a follow-up that is not published yet
    with use(site.tenant):
        ContactFactory(city="Bonn", first_name="New")
        work_tenant(site.tenant.pk, now=NOW + timedelta(days=3), is_on_time=True)
    page = site.open(f"/sequences/{sequence.pk}/edit/")
    expect(page.locator("#unpublished")).to_contain_text("Of 4 people inside, 4 will get it.")

    # A new step says whom it reaches while its day is chosen.
    page.get_by_role("link", name="Add Follow-up", exact=True).click()
    page.get_by_label("Day", exact=True).fill("2")
    page.get_by_label("Day", exact=True).blur()
    expect(page.locator("#reach")).to_have_text("Of 4 people inside, 1 has day 2 still ahead; 3 are past it.")
    page.get_by_label("Title").fill("Look them up")
    page.get_by_role("button", name="Add step").click()
    expect(page.locator(".timeline")).to_contain_text("Look them up")

    # Moved by the keyboard; the focus stays on the step that moved.
    handle = page.locator("#step-task2 [data-drag]")
    handle.press("ArrowDown")
    expect(page.locator("[data-day='3'] .step-card").first).to_have_id("step-task2")
    expect(page.locator("#step-task2 [data-drag]")).to_be_focused()

    # Dragged to the first day, before its mail.
    page.locator("#step-task2 [data-drag]").drag_to(
        page.locator("#step-email1"), target_position={"x": 40, "y": 4}
    )
    expect(page.locator("[data-day='1'] .step-card").first).to_have_id("step-task2")

    # The call is switched off, and the page before publishing says what all that means before it holds.
    page.locator("#step-call1 summary").click()
    page.get_by_role("button", name="Switch off").click()
    expect(page.locator("#step-call1")).to_contain_text("Off")
    page.get_by_role("link", name="Review and publish").click()
    changes = page.locator("#changes")
    expect(changes).to_contain_text("Look them up is new on day 1. 4 are past it.")
    expect(changes).to_contain_text(
        "is switched off; its open reminders are cancelled. 1 will not get it any more, 3 are past it."
    )
    expect(changes).to_contain_text("Think is new on day 9. 4 will get it.")
    page.get_by_role("button", name="Publish", exact=True).click()
    expect(page.locator(".page-head")).to_contain_text("Active")
    with use(site.tenant):
        work_tenant(site.tenant.pk, now=NOW + timedelta(days=9), is_on_time=True)
        runs = Enrollment.objects.get(contact__first_name="New").step_runs.values_list("key", flat=True)
        assert sorted(runs) == ["email1"]
        assert (
            Enrollment.objects.exclude(contact__first_name="New").filter(step_runs__key="task1").count() == 3
        )


def test_a_saved_view_is_an_audience(site: Site) -> None:
    with use(site.tenant):
        ContactFactory(city="Berlin")
    page = site.open("/contacts/")
    page.get_by_role("link", name="Filter").click()
    page.get_by_role("button", name="Add condition").click()
    page.get_by_label("Field").select_option("city")
    page.get_by_label("Value").fill("Bonn")
    page.get_by_role("button", name=re.compile("^(Show|Apply)")).last.click()
    page.get_by_role("link", name="Save as new view").first.click()
    page.get_by_label("Name").fill("People of Bonn")
    page.get_by_role("button", name="Save view").click()
    expect(page.get_by_role("heading", name="People of Bonn")).to_be_visible()

    # It leads into a sequence, beside conditions or alone, counted before it is kept.
    sequence = site.draft()
    page.goto(f"/sequences/{sequence.pk}/edit/?open=audience")
    page.get_by_label("People of Bonn").check()
    expect(page.locator("#audience-match")).to_contain_text("3 would enter")
    page.get_by_role("button", name="Save audience").click()
    expect(page.locator("#fold-audience summary")).to_contain_text("1 saved view")
    page.get_by_role("button", name="Activate").click()
    expect(page.locator(".sub")).to_contain_text("Next run")
    with use(site.tenant):
        Sequence.objects.update(activated_at=NOW)
        assert SavedView.objects.get().name == "People of Bonn"
    page.goto(f"/sequences/{sequence.pk}/settings/")
    expect(page.locator("main")).to_contain_text("People of Bonn")


def test_the_dates_and_a_test_stand_in_the_review(site: Site) -> None:
    sequence = site.running()
    page = site.open(f"/sequences/{sequence.pk}/edit/#review")
    calendar = page.locator("#calendar")
    expect(calendar).to_contain_text("would not enter now, since they were in it before, or are inside")
    calendar.get_by_label("Search a contact").fill("nobody")
    calendar.get_by_role("button", name="Show").click()
    expect(calendar).to_contain_text("No contact begins so.")
    calendar.get_by_role("button", name="Send me a test").click()
    expect(page.locator("#calendar #test-said")).to_contain_text("The server did not take it")
    page.goto(f"/sequences/{sequence.pk}/edit/?step=email1")
    page.get_by_role("button", name="Send me a test").first.click()
    expect(page.locator(".panel #test-said")).to_contain_text("The server did not take it")
    with use(site.tenant):
        assert not Message.objects.filter(enrollment_id=None).exists()


def test_a_drawer_that_is_sent_without_a_session_is_carried_through_the_sign_in(site: Site) -> None:
    sequence = site.running()
    page = site.open(f"/sequences/{sequence.pk}/edit/?new=task&day=2")
    page.get_by_label("Title").fill("Hours of work")
    page.context.clear_cookies(name=settings.SESSION_COOKIE_NAME)
    page.get_by_role("button", name="Add step").click()
    expect(page.locator("main")).to_contain_text("You were signed out.")
    expect(page.locator("input[name=next]")).to_have_value(f"/sequences/{sequence.pk}/edit/?new=task&day=2")
