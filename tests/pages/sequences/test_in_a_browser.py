"""The pages of sequences and templates in a real browser: built by hand, accessible, within the window, without JS."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import Page, expect

from messaging.models import Mailbox, Message
from messaging.templating import save_template
from sequences.commands.editing import create_sequence
from sequences.commands.planning import add_step
from sequences.models import Sequence, Status
from tenants.models import Member, Tenant
from tenants.wall import use
from tests.browser import NewPage, settle, violations
from tests.factories import NOW, ContactFactory, make_tenant
from tests.pages.sequences.conftest import live
from tests.pages.signing_in import sign_in
from tests.pages.test_gallery import LOOKS, SPREAD

pytestmark = pytest.mark.django_db(transaction=True)

SHOTS = os.environ.get("SHOTS")
"""A folder for pictures of all pages, to be looked at."""


class Site:
    """A workspace with people, a template and a mailbox, and pages of a member who is signed in."""

    def __init__(self, live_server: Any, new_page: NewPage) -> None:
        self.address, self.new_page = live_server.url, new_page
        self.tenant: Tenant = make_tenant()
        self.tenant.postal_address = "1 Road"
        self.tenant.save()
        self.client = Client()
        self.member: Member = sign_in(self.client, self.tenant)
        with use(self.tenant):
            Mailbox.objects.create(member=self.member, email=self.member.email, smtp_host="localhost")
            body = "<p>Hi {{ first_name | default: 'there' }}</p>"
            self.template = save_template(
                by=self.member, name="Intro", subject="Hello", body=body, now=NOW
            ).template
            ContactFactory.create_batch(3, city="Bonn", first_name="Ann")

    def open(self, path: str, *, width: int = 1440, dark: bool = False) -> Page:
        page = self.new_page(self.address, width=width, dark=dark)
        value = self.client.cookies[settings.SESSION_COOKIE_NAME].value
        name = settings.SESSION_COOKIE_NAME
        page.context.add_cookies([{"name": name, "value": value, "url": self.address}])
        page.goto(path)
        return page

    def draft(self) -> Sequence:
        """A sequence of one mail, without a way in."""
        with use(self.tenant):
            made = create_sequence(name="Spring", by=self.member, now=NOW)
            add_step(kind="email", day=1, template=self.template, sequence=made, by=self.member, now=NOW)
        return made

    def running(self) -> Sequence:
        """A sequence of three steps with people inside and unpublished changes."""
        with use(self.tenant):
            made = create_sequence(name="Outbound", by=self.member, now=NOW)
            made.tags, made.problem = ["EMEA", "cold mail"], "The condition on “city” cannot be read."
            made.entry_conditions = [{"field": "city", "op": "is", "value": "Bonn"}]
            made.save()
            given: dict[str, Any] = {"sequence": made, "by": self.member, "now": NOW}
            add_step(kind="email", day=1, template=self.template, **given)
            asked = [{"field": "step.email1.opened", "op": "is", "value": True}]
            add_step(
                kind="call", day=3, settings={"title": "Ring {{ first_name }}"}, conditions=asked, **given
            )
            live(made, self.tenant, people=0, days=2)
            add_step(kind="task", day=9, settings={"title": "Think"}, **given)
        return made


@pytest.fixture
def site(live_server: Any, new_page: NewPage) -> Site:
    return Site(live_server, new_page)


def test_a_sequence_is_built_activated_and_changed_by_hand(site: Site, complaints: list[str]) -> None:
    page = site.open("/sequences/")
    page.get_by_role("link", name="Create sequence").first.click()
    page.get_by_label("Name", exact=True).fill("Spring")
    page.get_by_role("button", name="Create draft").click()

    # The audience: conditions by the builder, counted while they are written.
    page.get_by_role("button", name="Add condition").first.click()
    page.get_by_label("Field").first.select_option("city")
    page.get_by_label("Value").fill("bonn")
    page.get_by_label("Value").blur()
    expect(page.locator("#audience-match")).to_contain_text("3 would enter")
    expect(page.locator("#entry-says")).to_have_text("A contact enters when city is bonn.")
    page.get_by_role("button", name="Save audience").click()
    expect(page.locator("#fold-audience summary")).to_contain_text("Contacts: city is bonn")

    # The first step: its panel says what is missing, then keeps it.
    page.get_by_role("link", name="Add Email", exact=True).click()
    expect(page).to_have_url(re.compile("new=email"))
    expect(page.locator(".ghost")).to_contain_text("New email")
    page.get_by_role("button", name="Add step").click()
    expect(page.locator("#panel")).to_contain_text("Choose the template that is sent.")
    assert [complaint for complaint in complaints if "422" not in complaint] == []
    complaints.clear()  # the browser tells of every answer that is an error, also of one that was asked for
    page.get_by_label("Template").select_option(label="Intro")
    expect(page.locator("#template-preview")).to_contain_text("Hello")
    page.get_by_role("button", name="Add step").click()
    expect(page.locator("#step-email1")).to_contain_text("Hello")

    page.get_by_role("button", name="Activate").click()
    expect(page.get_by_role("heading", name="Spring")).to_be_visible()
    expect(page.locator(".page-head")).to_contain_text("Active")
    expect(page.locator(".sub")).to_contain_text("Next run")

    # Changed while it is active: the change waits until it is published.
    page.get_by_role("link", name="Edit", exact=True).click()
    page.get_by_role("link", name="Add Call", exact=True).click()
    page.get_by_label("Title").fill("Ring {{ first_name }}")
    page.get_by_role("button", name="Add step").click()
    expect(page.locator("#unpublished")).to_contain_text("1 change not yet published")
    page.get_by_role("link", name="Review and publish").click()
    page.get_by_label("What changed?").fill("A call")
    page.get_by_role("button", name="Publish", exact=True).click()
    expect(page.locator(".timeline")).to_contain_text("Ring first_name")
    with use(site.tenant):
        sequence = Sequence.objects.get()
        assert (sequence.status, sequence.plan.number, sequence.draft) == (Status.ACTIVE, 2, None)


def test_the_row_of_a_new_step_follows_the_day_that_is_typed(site: Site) -> None:
    page = site.open(f"/sequences/{site.draft().pk}/edit/")
    page.get_by_role("link", name="Add Follow-up", exact=True).click()
    expect(page.locator(".day:has(.ghost)")).to_have_attribute("data-day", "3")
    page.get_by_label("Title").fill("Look")
    page.get_by_label("Day", exact=True).fill("30")
    expect(page.locator(".day:has(.ghost)")).to_have_attribute("data-day", "30")
    page.get_by_label("Day", exact=True).fill("2")
    expect(page.locator(".day:has(.ghost)")).to_have_attribute("data-day", "2")
    expect(page.locator(".ghost")).to_have_count(1)
    expect(page.get_by_label("Title")).to_have_value("Look")
    expect(page.get_by_label("Day", exact=True)).to_be_focused()
    page.get_by_role("button", name="Add step").click()
    expect(page.locator(".day:has(#step-task1)")).to_have_attribute("data-day", "2")
    settle(page)


def test_a_panel_that_is_closed_takes_its_row_with_it(site: Site) -> None:
    page = site.open(f"/sequences/{site.draft().pk}/edit/")
    page.get_by_role("link", name="Add Follow-up", exact=True).click()
    expect(page.locator(".ghost")).to_have_count(1)
    page.get_by_label("Title").press("Escape")
    expect(page.locator(".ghost")).to_have_count(0)
    expect(page.locator(".timeline")).to_be_visible()
    settle(page)


def test_what_the_browser_styled_itself_is_swapped_without_an_inline_style(site: Site) -> None:
    page = site.open(f"/sequences/{site.draft().pk}/edit/?open=audience")
    # A box that was dragged larger, or an input of which a picture was taken, has a style that no page wrote.
    page.locator("[id]").evaluate_all("all => all.forEach(each => each.style.minHeight = '1px')")
    page.locator("#audience").get_by_role("button", name="Add condition").click()
    expect(page.locator("#audience").get_by_label("Field").first).to_be_visible()
    settle(page)  # at its end the test fails if the browser complained


def test_the_panel_closes_by_escape_and_gives_the_focus_back(site: Site) -> None:
    sequence = site.running()
    page = site.open(f"/sequences/{sequence.pk}/edit/")
    page.get_by_role("link", name="Ring").click()
    expect(page.get_by_label("Title")).to_have_value("Ring {{ first_name }}")
    page.keyboard.press("Escape")
    expect(page.locator("[data-panel]")).to_have_count(0)
    assert page.url.endswith(f"/sequences/{sequence.pk}/edit/#steps")


@pytest.mark.parametrize("width", [1440, 390])
def test_a_message_does_not_lie_on_the_buttons_of_a_panel(site: Site, width: int) -> None:
    sequence = site.running()
    page = site.open(f"/sequences/{sequence.pk}/edit/?step=task1", width=width)
    foot = page.locator(".panel-foot").bounding_box()
    page.evaluate("""document.dispatchEvent(new CustomEvent("toast", {detail: {text: "Added."}}))""")
    toast = page.locator(".toast").bounding_box()
    assert foot and toast
    assert toast["y"] + toast["height"] <= foot["y"]


def test_people_are_picked_and_paused(site: Site) -> None:
    sequence = site.running()
    page = site.open(f"/sequences/{sequence.pk}/people/")
    page.get_by_label("Select all on this page").check()
    expect(page.locator(".bulk")).to_contain_text("3 selected")
    page.get_by_role("button", name="Pause", exact=True).last.click()
    expect(page.locator("#toasts")).to_contain_text("3 people paused.")
    expect(page.get_by_role("navigation", name="Which people")).to_contain_text("Paused 3")


def test_a_template_is_written_and_seen_as_a_contact_would_get_it(site: Site) -> None:
    page = site.open("/templates/new/")
    page.get_by_label("Name").fill("Second")
    page.get_by_label("Subject").fill("For ")
    page.locator(".editor-line summary").click()
    page.get_by_role("button", name="First name contact.first_name").first.click()
    page.get_by_label("Body").fill("Dear {{ first_name }},\n\nsee [this](https://x.example/a).")
    expect(page.locator("#mail-preview")).to_contain_text("Dear Ann,")
    expect(page.locator("#mail-preview")).to_contain_text("For Ann")
    page.get_by_role("button", name="Save template").click()
    expect(page.get_by_role("heading", name="Second")).to_be_visible()


PAGES = (
    "/sequences/",
    "/sequences/new/",
    "/sequences/{pk}/",
    "/sequences/{pk}/people/",
    "/sequences/{pk}/people/add/",
    "/sequences/{pk}/runs/",
    "/sequences/{pk}/settings/",
    "/sequences/{pk}/versions/",
    "/sequences/{pk}/publish/",
    "/sequences/{pk}/reminders/",
    "/sequences/{pk}/versions/2/",
    "/sequences/{pk}/versions/compare/",
    "/sequences/{pk}/archive/",
    "/sequences/{pk}/edit/",
    "/sequences/{pk}/edit/?open=audience",
    "/sequences/{pk}/edit/?open=timing",
    "/sequences/{pk}/edit/?open=exit",
    "/sequences/{pk}/edit/?step=email1",
    "/sequences/{pk}/edit/?step=call1",
    "/sequences/{pk}/edit/?new=email&day=2",
    "/sequences/{pk}/edit/calendar/",
    "/messages/{message}/resend/",
    "/templates/",
    "/templates/{template}/",
    "/templates/{template}/edit/",
)


MOST_DIFFERENT = (PAGES[0], PAGES[2], PAGES[3], PAGES[10], PAGES[13], PAGES[16], PAGES[20])


@pytest.mark.parametrize(("width", "dark"), SPREAD)
def test_axe_finds_nothing_and_nothing_runs_over_the_edge(site: Site, width: int, dark: bool) -> None:
    _look_at(site, PAGES if SHOTS else MOST_DIFFERENT, width, dark)


@pytest.mark.slow
@pytest.mark.parametrize(("width", "dark"), LOOKS)
def test_nor_on_any_page_in_any_look(site: Site, width: int, dark: bool) -> None:
    _look_at(site, PAGES, width, dark)


def _look_at(site: Site, pages: tuple[str, ...], width: int, dark: bool) -> None:
    sequence = site.running()
    with use(site.tenant):
        message = Message.objects.order_by("pk")[0]
        Message.objects.filter(pk=message.pk).update(state="unknown", reason="no_answer", gate_at=NOW)
    names = {"pk": sequence.pk, "template": site.template.pk, "message": message.pk}
    page = site.open("/sequences/", width=width, dark=dark)
    for path in pages:
        page.goto(path.format(**names))
        settle(page)
        if SHOTS:
            name = path.strip("/").replace("{pk}/", "").replace("/", "-").replace("?", "-").replace("&", "-")
            look = f"{width}{'-dark' if dark else ''}"
            page.screenshot(path=Path(SHOTS) / f"{name}-{look}.png", full_page=True)
        assert violations(page, is_first_look=(width, dark) == (1440, False)) == [], path
        over = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert over <= 0, path


def test_a_step_is_added_without_js(site: Site) -> None:
    sequence = site.running()
    page = site.new_page(site.address)
    context = page.context.browser.new_context(base_url=site.address, java_script_enabled=False)  # type: ignore[union-attr]
    name = settings.SESSION_COOKIE_NAME
    context.add_cookies([{"name": name, "value": site.client.cookies[name].value, "url": site.address}])
    plain = context.new_page()
    plain.goto(f"/sequences/{sequence.pk}/edit/")
    plain.get_by_role("link", name="Add Follow-up", exact=True).click()
    plain.get_by_label("Title").fill("Without JS")
    plain.get_by_role("button", name="Add condition").last.click()
    plain.locator("#step-0-field").select_option("city")
    plain.get_by_role("button", name="Update").last.click()
    plain.locator("#step-0-value").fill("Bonn")
    plain.get_by_role("button", name="Add step").click()
    expect(plain.locator(".timeline")).to_contain_text("Without JS")
    expect(plain.locator(".timeline")).to_contain_text("Only if city is Bonn")
    context.close()
