"""Sharing, and being asked before many are written to, in a real browser."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from sequences.commands.editing import create_sequence
from sequences.commands.planning import add_step
from tenants.models import Team, Tenant
from tenants.wall import use
from tests.browser import NewPage, violations
from tests.factories import NOW, ContactFactory, make_member
from tests.pages.sequences.test_in_a_browser import Site
from tests.pages.test_gallery import LOOKS

pytestmark = pytest.mark.django_db(transaction=True)

SHOTS = os.environ.get("SHOTS")


@pytest.fixture
def site(live_server: Any, new_page: NewPage) -> Site:
    return Site(live_server, new_page)


def test_a_sequence_is_tried_shared_stopped_and_activated_for_many(site: Site) -> None:
    with use(site.tenant):
        Team.objects.create(name="North")
        make_member(email="ana@us.example")
        ContactFactory.create_batch(4, city="Bonn")
        made = create_sequence(name="Outbound", by=site.member, now=NOW)
        made.entry_conditions = [{"field": "city", "op": "is", "value": "Bonn"}]
        made.save()
        add_step(sequence=made, kind="email", day=1, template=site.template, by=site.member, now=NOW)
    Tenant.objects.filter(pk=site.tenant.pk).update(confirm_above=5)
    for width, dark in LOOKS:
        page = site.open(f"/sequences/{made.pk}/share/", width=width, dark=dark)
        look(page, "share", width, dark)
        page.goto(f"/sequences/{made.pk}/activate/ask/")
        look(page, "activate", width, dark)
    page.goto(f"/sequences/{made.pk}/share/")
    page.get_by_label("Some members and teams").check(force=True)
    page.get_by_label("North").check()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Outbound is shared.")).to_be_visible()
    page.goto("/settings/sending/stop/")
    page.get_by_label("Why?").fill("Let us look at it first")
    page.get_by_role("button", name="Stop all sending").click()
    expect(page.get_by_role("region", name="All sending is stopped")).to_be_visible()
    page.goto(f"/sequences/{made.pk}/edit/")
    page.get_by_role("button", name="Activate").click()
    expect(page.get_by_role("heading", name="Activate for 7 people?")).to_be_visible()
    expect(page.get_by_role("region", name="All sending is stopped")).to_contain_text("Let us look at it")
    page.get_by_label("Type their number").fill("7")
    page.get_by_role("button", name="Activate").click()
    expect(page.get_by_text("Outbound is active.")).to_be_visible()
    page.get_by_role("region", name="All sending is stopped").get_by_role("button", name="Resume").click()
    expect(page.get_by_text("Sending goes on.")).to_be_visible()
    expect(page.get_by_role("region", name="All sending is stopped")).to_have_count(0)


def look(page: Any, name: str, width: int, dark: bool) -> None:
    if SHOTS:
        page.screenshot(path=Path(SHOTS) / f"{name}-{width}{'-dark' if dark else ''}.png", full_page=True)
    assert violations(page) == [], name
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") == 0, name
