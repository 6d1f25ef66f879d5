"""A view made from filters: saved, used again, acted on, exported, and the way into a sequence (A2.2)."""

from __future__ import annotations

import csv
import re
from pathlib import Path

from playwright.sync_api import Page, expect

from audience.models import Choice, Contact, ContactTag, SavedView
from tenants.models import Tenant
from tenants.wall import use
from tests.factories import ContactFactory, make_member, make_tenant

PASSWORD = "walk-the-stairs-9"


def workspace() -> Tenant:
    tenant = make_tenant("kite")
    with use(tenant):
        for value in ("Lead", "Customer"):
            Choice.objects.create(record="contact", field="lifecycle_stage", value=value)
        boss = make_member("admin", email="boss@us.example", password=PASSWORD)
        ContactFactory.create_batch(260, lifecycle_stage="Lead", city="Bonn", owner=boss, score=5)
        ContactFactory.create_batch(5, lifecycle_stage="Customer", city="Bonn", owner=boss)
        ContactFactory(first_name="=1+1", last_name="Evil", lifecycle_stage="Lead", city="Bonn", score=90)
    return tenant


def sign_in(page: Page) -> None:
    page.goto("/contacts/")
    page.locator("input[name=login]").fill("boss@us.example")
    page.locator("input[name=password]").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Contacts")


def filter_leads(page: Page) -> None:
    page.get_by_role("link", name=re.compile("^Filter")).click()
    panel = page.locator("#panel")
    expect(panel.get_by_role("heading", name="Filter contacts")).to_be_visible()
    panel.get_by_role("button", name="Add condition").click()
    panel.get_by_label("Field").select_option("lifecycle_stage")
    panel.get_by_label("Value").select_option("Lead")
    expect(panel.get_by_role("status")).to_contain_text("261")
    panel.get_by_role("button", name="Show them").click()
    expect(page.locator(".page-head")).to_contain_text("261 people match")


def choose_columns(page: Page) -> None:
    page.get_by_role("link", name="Columns").click()
    panel = page.locator("#panel")
    for name in ("Company", "Last contacted mode", "Owner"):
        panel.get_by_label(name, exact=True).uncheck()
    for name in ("City", "Score"):
        panel.get_by_label(name, exact=True).check()
    panel.get_by_role("button", name="Show these").click()
    page.locator("thead").get_by_role("link", name="Score").click()
    page.locator("thead").get_by_role("link", name="Score").click()
    expect(page.locator("tbody tr").first).to_contain_text("=1+1 Evil")


def save(page: Page) -> None:
    page.get_by_role("link", name="Save as new view").first.click()
    page.get_by_label("Name").fill("Leads by score")
    page.get_by_label("Share with everyone").check()
    page.get_by_role("button", name="Save view").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Leads by score")


def use_again(page: Page) -> None:
    page.goto("/contacts/")
    page.get_by_label("Saved views").click()
    page.get_by_role("link", name=re.compile("Leads by score")).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Leads by score")
    expect(page.locator("thead")).to_contain_text("City")
    expect(page.locator("tbody tr").first).to_contain_text("=1+1 Evil")


def tag_everyone(page: Page) -> None:
    page.get_by_label("Select =1+1 Evil").check()
    page.get_by_label("all 261 that match").check()
    page.get_by_label("What to do").select_option("Add tags")
    page.get_by_role("button", name="Continue").click()
    page.get_by_label("Tags").fill("Fair 2026")
    page.get_by_role("button", name=re.compile("Add tags · 261 people")).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Add the tag “Fair 2026”")
    expect(page.locator(".pairs")).to_contain_text("261 people", timeout=60_000)
    page.get_by_role("link", name="Back to the list").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Leads by score")


def export(page: Page, folder: Path) -> list[list[str]]:
    page.get_by_role("button", name="Export").click()
    page.get_by_role("button", name=re.compile("Export · 261 people")).click()
    link = page.get_by_role("link", name="Download the file")
    expect(link).to_be_visible(timeout=60_000)
    with page.expect_download() as download:
        link.click()
    path = folder / "export.csv"
    download.value.save_as(path)
    return list(csv.reader(path.read_text("utf-8-sig").splitlines()))


def use_as_audience(page: Page) -> None:
    page.goto("/sequences/new/")
    page.get_by_label("Name").fill("Fair follow-up")
    page.get_by_role("button", name="Create draft").click()
    audience = page.locator("#audience")
    audience.get_by_label("Leads by score").check()
    audience.get_by_role("button", name="Save audience").click()
    expect(page.locator("#fold-audience summary")).to_contain_text("1 saved view")


def refuse_deleting(page: Page) -> None:
    page.goto("/contacts/")
    page.get_by_label("Saved views").click()
    page.get_by_role("link", name=re.compile("Leads by score")).click()
    page.get_by_label("Saved views").click()
    page.get_by_role("link", name="Edit this view").click()
    page.get_by_role("link", name="Delete …").click()
    page.get_by_role("button", name="Delete view").click()
    expect(page.get_by_text("“Leads by score” stays: the sequence “Fair follow-up”")).to_be_visible()


def test_a_view_is_made_from_filters_saved_used_again_and_exported(page: Page, tmp_path: Path) -> None:
    tenant = workspace()
    sign_in(page)
    filter_leads(page)
    choose_columns(page)
    save(page)
    use_again(page)
    tag_everyone(page)
    rows = export(page, tmp_path)
    use_as_audience(page)
    refuse_deleting(page)
    assert rows[0] == ["First name", "Last name", "Email", "City", "Lifecycle stage", "Score"]
    assert len(rows) == 262
    assert ["'=1+1", "Evil"] in [row[:2] for row in rows]
    with use(tenant):
        assert ContactTag.objects.filter(label="Fair 2026").count() == 261
        assert Contact.objects.filter(lifecycle_stage="Customer", tags=None).count() == 5
        assert SavedView.objects.get().is_shared
