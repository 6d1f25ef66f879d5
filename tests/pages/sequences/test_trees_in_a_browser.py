"""A tree is built, moved through by keyboard and looked at in a real browser."""

from __future__ import annotations

import os
from typing import Any

import pytest
from playwright.sync_api import expect

from sequences.arms import Spot
from sequences.commands.editing import create_sequence
from sequences.commands.planning import add_step
from sequences.models import Sequence
from tenants.wall import use
from tests.browser import NewPage, settle, violations
from tests.factories import NOW
from tests.pages.sequences.test_in_a_browser import Site

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def site(live_server: Any, new_page: NewPage) -> Site:
    return Site(live_server, new_page)


def forest(site: Site) -> Sequence:
    """A tree with two conditions, one in the arm of the other."""
    with use(site.tenant):
        by = site.member
        made = create_sequence(name="Tree", by=by, now=NOW, kind="adaptive")
        mail = {"of": "email1", "event": "replied", "within": {"days": 3}}
        rows: tuple[tuple[str, str, dict[str, Any]], ...] = (
            ("email", "end", {"template": site.template}),
            ("condition", "end", {"settings": mail}),
            ("call", "yes:if1", {"settings": {"title": "Call {{ first_name }}", "outcomes": ["Connected"]}}),
            ("condition", "after:call1", {"settings": {"of": "call1", "outcomes": ["Connected"]}}),
            ("task", "yes:if2", {"settings": {"title": "Send the offer"}}),
            ("wait", "no:if2", {"settings": {"for": {"days": 2, "hours": 3}}}),
            (
                "call",
                "after:wait1",
                {"settings": {"title": "Call once more, and say why this time it matters"}},
            ),
            ("wait", "no:if1", {"settings": {"for": {"days": 5}}}),
            ("email_reminder", "after:wait2", {"settings": {"title": "Write in person"}}),
            ("update_field", "after:if1", {"settings": {"field": "lifecycle_stage", "value": "Worked"}}),
        )
        for kind, at, values in rows:
            add_step(sequence=made, kind=kind, by=by, now=NOW, at=Spot.read(at), **values)
    return made


def test_a_tree_looks_well_and_is_edited_without_a_mouse(site: Site) -> None:
    made = forest(site)
    page = site.open(f"/sequences/{made.pk}/edit/?add=yes:if1")
    settle(page)
    assert violations(page) == []
    page.goto(f"/sequences/{made.pk}/edit/?step=if1")
    settle(page)
    assert violations(page) == []

    # What is not asked about is out of the way.
    panel = page.locator("#panel")
    expect(panel.get_by_label("Days")).to_be_visible()
    panel.get_by_role("radio", name="A call").check()
    expect(panel.get_by_label("Days")).to_be_hidden()
    panel.get_by_label("Call", exact=True).select_option("call1")
    panel.get_by_label("Connected").check()
    panel.get_by_role("button", name="Save step").click()
    expect(page.locator("#step-if1")).to_contain_text("comes to Connected?")

    # Delete on a condition with steps in its arms asks first.
    page.locator("#step-if2 .row-link").focus()
    page.keyboard.press("Delete")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Remove step 4")
    page.get_by_role("radio", name="Keep the yes arm").check()
    page.get_by_role("button", name="Remove").click()
    expect(page.locator("#step-task1")).to_be_visible()
    expect(page.locator("#step-call2")).to_have_count(0)

    # The value of an update follows its field.
    page.locator("#step-set1 .row-link").press("Enter")
    panel.get_by_label("Field", exact=True).select_option("owner")
    expect(panel.locator("select[name=value]")).to_be_visible()


def test_a_tree_fits_a_phone_in_the_dark(site: Site) -> None:
    made = forest(site)
    page = site.open(f"/sequences/{made.pk}/edit/", width=390, dark=True)
    settle(page)
    assert violations(page, is_first_look=False) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.goto(f"/sequences/{made.pk}/steps/if2/place/")
    page.get_by_role("radio", name="First of all").check()
    page.get_by_role("button", name="Move it").click()
    expect(page.locator(".step-card").first).to_have_id("step-if2")
    if where := os.environ.get("SHOTS"):
        page.screenshot(path=f"{where}/phone.png", full_page=True)


def test_a_page_from_before_the_sign_in_says_so_and_keeps_what_was_typed(
    site: Site, complaints: list[str]
) -> None:
    made = forest(site)
    page = site.open(f"/sequences/{made.pk}/edit/?new=call&at=end")
    page.locator("#panel").get_by_label("Title").fill("Kept words")
    page.context.clear_cookies(name="csrf")
    page.get_by_role("button", name="Add step").click()
    expect(page.get_by_text("You signed in or out since this page was opened.").first).to_be_visible()
    expect(page.locator("#panel").get_by_label("Title")).to_have_value("Kept words")
    complaints.clear()  # the browser tells of the refusal that was asked for


def test_long_words_stay_inside_a_narrow_page(site: Site) -> None:
    with use(site.tenant):
        made = create_sequence(name="L" * 120, by=site.member, now=NOW, kind="adaptive")
        made.plan.note = "x" * 900
        made.plan.save()
    page = site.open(f"/sequences/{made.pk}/edit/", width=390)
    for rest in ("edit/", "forecast/", "share/", "delete/", "versions/"):
        page.goto(f"/sequences/{made.pk}/{rest}")
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, rest
