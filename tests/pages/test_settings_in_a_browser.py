"""The settings in a real browser: accessible, within the window, light and dark, with and without troubles."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from messaging.commands.sending import change_trial, resume_sending, stop_sending
from messaging.models import Mailbox
from tenants.models import Role, Team
from tenants.wall import use
from tests.apps.messaging.factories import make_mailbox
from tests.browser import NewPage, violations
from tests.factories import NOW, make_member, make_tenant
from tests.pages.test_gallery import LOOKS, SPREAD
from tests.pages.test_records_in_a_browser import Site, faults_of
from tests.sink import Sink

pytestmark = pytest.mark.django_db(transaction=True)

SHOTS = os.environ.get("SHOTS")
"""A folder for pictures of all pages, to be looked at."""


@pytest.fixture
def site(live_server: Any, new_page: NewPage) -> Site:
    return Site(live_server, new_page)


def fill(site: Site) -> dict[str, str]:
    """Some rows of everything; the paths of their pages by what they show."""
    me = site.member
    me.user.name = "Maya Chen"
    me.user.save()
    with use(site.tenant):
        north = Team.objects.create(name="North")
        ana = make_member(email="ana@us.example", team=north, password="x")
        make_member("sales_manager", email="invited@us.example")
        make_member(email="gone@us.example", is_active=False)
        reps = Role.objects.get(key="sales_rep")
        junior = Role.objects.create(
            name="Junior rep", permissions=reps.permissions, emails_per_day=80, sequences_per_user=5
        )
        make_mailbox(587, member=me, email="maya@us.example", tested_at=NOW)
        said = "The server refuses to sign in: 535 5.7.8 Username and Password not accepted. For more, see the help"
        broken = make_mailbox(465, member=me, is_default=False, state=Mailbox.BROKEN, problem=said)
        make_mailbox(465, member=ana, state=Mailbox.OFF)
        stop_sending(reason="The wrong template went out", by=me, now=NOW)
        stop_sending(member=ana, reason="On holiday", by=me, now=NOW)
        resume_sending(member=ana, by=me, now=NOW)
        stop_sending(member=ana, reason="Again on holiday", by=me, now=NOW)
        change_trial(is_on=True, addresses=["me@us.example", "@acme.example"], by=me, now=NOW)
        me.signature = "<p>Best<br><b>{{ sender.name }}</b> · <a href='https://x.example'>Northwind</a></p>"
        me.save()
    elsewhere = make_tenant("fabrikam")
    with use(elsewhere):
        make_member(email=me.email)
    return {
        "cards": "/settings/",
        "profile": "/settings/profile/",
        "workspace": "/settings/workspace/",
        "members": "/settings/members/",
        "deactivated": "/settings/members/?tab=deactivated",
        "member": f"/settings/members/{ana.pk}/",
        "invite": "/settings/members/new/",
        "roles": "/settings/roles/",
        "role": f"/settings/roles/{junior.pk}/",
        "ready role": f"/settings/roles/{reps.pk}/",
        "new role": "/settings/roles/new/",
        "sending": "/settings/sending/",
        "stop": f"/settings/sending/stop/?member={ana.pk}",
        "safety": "/settings/sending/safety/",
        "mailboxes": "/settings/mailboxes/",
        "mailbox": f"/settings/mailboxes/{broken.pk}/",
        "connect": "/settings/mailboxes/new/",
    }


@pytest.mark.parametrize(("width", "dark"), SPREAD)
def test_axe_finds_nothing_and_nothing_runs_over_the_edge(site: Site, width: int, dark: bool) -> None:
    pages = fill(site)
    if not SHOTS:
        pages = {name: pages[name] for name in ("profile", "members", "mailbox")}
    assert faults_of(site, pages, width, dark) == {}


@pytest.mark.slow
@pytest.mark.parametrize(("width", "dark"), LOOKS)
def test_nor_on_any_page_in_any_look(site: Site, width: int, dark: bool) -> None:
    assert faults_of(site, fill(site), width, dark) == {}


def test_a_refusal_stands_at_its_field_and_what_was_typed_stays(site: Site, complaints: list[str]) -> None:
    with Sink(users={"mia": "right"}, auth_required=True) as sink:
        page = site.open("/settings/mailboxes/new/", 390)
        page.get_by_label("Server", exact=True).fill("127.0.0.1")
        page.get_by_label("Port").fill(str(sink.port))
        page.get_by_label("None").check(force=True)
        page.get_by_label("User name").fill("mia")
        page.get_by_label("Password").fill("wrong")
        page.get_by_role("button", name="Test and save").click()
        expect(page.get_by_label("Password")).to_have_accessible_description(re.compile("535 5.7.8"))
        expect(page.get_by_label("Password")).to_have_value("")
        expect(page.get_by_label("Server", exact=True)).to_have_value("127.0.0.1")
        assert violations(page) == []
        complaints.clear()  # the browser notes the status 422
        page.get_by_label("Password").fill("right")
        page.get_by_role("button", name="Test and save").click()
        expect(page.get_by_text("works and is saved")).to_be_visible()


def test_somebody_is_deactivated_after_being_asked(site: Site) -> None:
    paths = fill(site)
    page = site.open(paths["member"])
    page.get_by_role("link", name="Deactivate").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Their sequences are paused")
    assert violations(page) == []
    dialog.get_by_role("button", name="Deactivate").click()
    expect(page.get_by_text("is deactivated")).to_be_visible()


def test_one_goes_to_another_workspace_by_the_menu(site: Site) -> None:
    fill(site)
    page = site.open("/settings/")
    page.get_by_text("Switch workspace").locator("..").click()
    if SHOTS:
        page.screenshot(path=str(Path(SHOTS) / "switch.png"))
    assert violations(page) == []
    page.get_by_role("button", name="Fabrikam").click()
    expect(page.locator("summary.workspace")).to_contain_text("Fabrikam")


def test_the_page_of_who_is_in_no_workspace(
    live_server: Any, new_page: NewPage, complaints: list[str]
) -> None:
    site = Site(live_server, new_page)
    site.member.user.memberships.update(is_active=False)
    page = site.open("/settings/", 390)
    expect(page.get_by_role("heading", name="You are in no workspace")).to_be_visible()
    assert violations(page) == []
    if SHOTS:
        page.screenshot(path=str(Path(SHOTS) / "nowhere.png"))
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    complaints.clear()  # the browser notes the status 403
