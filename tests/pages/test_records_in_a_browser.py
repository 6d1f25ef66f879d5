"""Pages of records in a real browser: accessible, within the window, light and dark, and an import by hand."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import Page, expect

from audience.catalogue import make_field
from audience.conditions.types import FieldType
from audience.models import (
    Contact,
    ContactTag,
    CustomField,
    ImportJob,
    ImportRefusal,
    RecordJob,
    RecordJobPart,
    SavedView,
    Suppression,
)
from tenants.models import Tenant
from tenants.wall import use
from tests.browser import NewPage, settle, violations
from tests.factories import NOW, AccountFactory, ContactFactory, OpportunityFactory, make_tenant
from tests.pages.signing_in import sign_in
from tests.pages.test_gallery import LOOKS, SPREAD

pytestmark = pytest.mark.django_db(transaction=True)

SHOTS = os.environ.get("SHOTS")
"""A folder for pictures of all pages, to be looked at."""


class Site:
    """A workspace with people, and pages of a member who is signed in."""

    def __init__(self, live_server: Any, new_page: NewPage) -> None:
        self.address, self.new_page = live_server.url, new_page
        self.tenant = make_tenant()
        self.client = Client()
        self.member = sign_in(self.client, self.tenant)
        self.looks: dict[tuple[int, bool], Page] = {}
        """A page of each look; those that follow share what it has loaded, as tabs of a browser do."""

    def open(self, path: str, width: int = 1440, dark: bool = False) -> Page:
        beside = self.looks.get((width, dark))
        page = self.new_page(self.address, width=width, dark=dark, beside=beside)
        self.looks.setdefault((width, dark), page)
        value = self.client.cookies[settings.SESSION_COOKIE_NAME].value
        page.context.add_cookies(
            [{"name": settings.SESSION_COOKIE_NAME, "value": value, "url": self.address}]
        )
        page.goto(path)
        settle(page)
        return page


@pytest.fixture
def site(live_server: Any, new_page: NewPage) -> Site:
    return Site(live_server, new_page)


def fill(site: Site) -> dict[str, str]:
    """Some rows of everything; the paths of their pages by what they show."""
    with use(site.tenant):
        acme = AccountFactory(name="Acme Werke GmbH & Co. KG", industry="Manufacturing", employees=1200)
        people = ContactFactory.create_batch(
            60, account=acme, job_title="Head of Procurement", lifecycle_stage="Sales Qualified Lead"
        )
        contact: Contact = people[-1]
        contact.owner, contact.email, contact.last_contacted_mode = (
            site.member,
            "Ann@x.example",
            "Opened but no reply",
        )
        contact.save()
        deal = OpportunityFactory(
            name="Framework contract for all plants",
            stage="Negotiation",
            amount=125000,
            close_on=NOW.date(),
            contact=contact,
            account=acme,
            owner=site.member,
        )
        for label in ("Fair 2026", "Hot", "Newsletter"):
            ContactTag.objects.create(record=contact, label=label)
        Suppression.objects.create(
            channel="email", address_norm="ann@x.example", reason="unsubscribed", at=NOW
        )
        Suppression.objects.create(channel="email", address_norm="b@x.example", reason="bounced", at=NOW)
        tier = make_field("contact", "tier", FieldType.CHOICE, "Tier of support")
        make_field("contact", "renews_on", FieldType.DATE)
        make_field("contact", "long", FieldType.TEXT, "W" * 60)
        CustomField.objects.filter(pk=make_field("contact", "old", FieldType.TEXT).pk).update(retired_at=NOW)
        view = SavedView.objects.create(
            name="Gold", owner=site.member, conditions=[{"field": "tier", "op": "is_not", "value": "Gold"}]
        )
        said = {"record": "contact", "owner": site.member, "made_at": NOW, "finished_at": NOW}
        job = RecordJob.objects.create(
            verb="export",
            said="Export 7 columns",
            state="done",
            total=60,
            done=60,
            changed=58,
            left_out=2,
            **said,
        )
        RecordJobPart.objects.create(job=job, number=0, data=b"x")
        busy = RecordJob.objects.create(
            verb="add_tag", said="Add the tag “Fair”", state="running", total=8000, done=3000, **said
        )
        running = ImportJob.objects.create(
            file_name="a.csv",
            state="running",
            total=8000,
            done=3120,
            refused=12,
            made_at=NOW,
            owner=site.member,
        )
        done = ImportJob.objects.create(
            file_name="freshsales-contacts.csv",
            state="done",
            total=8000,
            done=8000,
            created=7726,
            updated=150,
            refused=124,
            made_at=NOW,
            warnings=["There are several columns “first name”; the first is taken."],
        )
        ImportRefusal.objects.create(
            job=done, line=17, reason="Emails: “a at b” is no email address", cells=["a at b", "x" * 300]
        )
    conditions = (
        "cond-match=any&cond-0-field=lifecycle_stage&cond-0-op=is&cond-0-value=Sales+Qualified+Lead"
        "&cond-1-field=score&cond-1-op=between&cond-1-value=3&cond-1-value2=80"
    )
    return {
        "contacts": "/contacts/",
        "nobody": "/contacts/?q=zzz",
        "contact": f"/contacts/{contact.pk}/",
        "contact-edit": f"/contacts/{contact.pk}/edit/",
        "companies": "/companies/",
        "company": f"/companies/{acme.pk}/",
        "opportunities": "/opportunities/",
        "opportunity": f"/opportunities/{deal.pk}/",
        "opportunity-edit": f"/opportunities/{deal.pk}/edit/",
        "imports": "/imports/",
        "import-new": "/imports/new/",
        "import-running": f"/imports/{running.pk}/",
        "import-done": f"/imports/{done.pk}/",
        "suppression": "/settings/suppression/",
        "list-filter": f"/contacts/?{conditions}&panel=filter",
        "list-columns": "/contacts/?panel=columns",
        "list-view": f"/contacts/?view={view.pk}&sort=-score&col=tier&col=email&col=score&col=tags&col=owner",
        "view-new": f"/views/new/?record=contact&{conditions}&q=ann",
        "view": f"/views/{view.pk}/",
        "jobs": "/jobs/",
        "job": f"/jobs/{job.pk}/",
        "job-running": f"/jobs/{busy.pk}/",
        "fields": "/settings/fields/",
        "field-new": "/settings/fields/new/",
        "field": f"/settings/fields/{tier.pk}/",
        "value-lists": "/settings/lists/",
        "tags": "/settings/tags/",
    }


@pytest.mark.parametrize(("width", "dark"), SPREAD)
def test_axe_finds_nothing_and_nothing_runs_over_the_edge(site: Site, width: int, dark: bool) -> None:
    paths = pages_of(site)
    if not SHOTS:
        paths = {
            name: path for name, path in paths.items() if name in ("contact", "import-match", "import-check")
        }
    assert faults_of(site, paths, width, dark) == {}


@pytest.mark.slow
@pytest.mark.parametrize(("width", "dark"), LOOKS)
def test_nor_on_any_page_in_any_look(site: Site, width: int, dark: bool) -> None:
    assert faults_of(site, pages_of(site), width, dark) == {}


def pages_of(site: Site) -> dict[str, str]:
    return fill(site) | {"import-check": checked(site), "import-match": uploaded(site)}


def faults_of(site: Site, paths: dict[str, str], width: int, dark: bool) -> dict[str, Any]:
    """What axe finds on each page, and whether something runs over its edge."""
    found: dict[str, Any] = {}
    for name, path in paths.items():
        page = site.open(path, width, dark)
        if SHOTS:
            page.screenshot(path=f"{SHOTS}/{name}-{width}{'-dark' if dark else ''}.png", full_page=True)
        found[name] = violations(page, is_first_look=(width, dark) == (1440, False))
        if page.evaluate("document.documentElement.scrollWidth - innerWidth"):
            found[name].append(("too wide", []))
        page.close()
    return {name: faults for name, faults in found.items() if faults}


def uploaded(site: Site) -> str:
    """The address of an import whose columns are to be matched."""
    from django.core.files.uploadedfile import SimpleUploadedFile

    data = (
        b"E-Mail;Vorname;Phase;Bemerkung\na@x.example;Ann;Lead;Messe, Stand 4\nb@x.example;Ben;;\nnobody;;;\n"
    )
    form = {"file": SimpleUploadedFile("messe.csv", data), "kind": "contact"}
    return site.client.post("/imports/new/", form)["Location"]


def checked(site: Site) -> str:
    """The address of an import that was checked."""
    path = uploaded(site)
    form = {
        "column-0": "email",
        "column-1": "first_name",
        "column-2": "lifecycle_stage",
        "column-3": "new:text",
    }
    site.client.post(f"{path}check/", form | {"on_duplicate": "update", "save_as": "Messe"})
    return path


def test_a_file_is_imported_by_hand(site: Site, tmp_path: Path) -> None:
    file = tmp_path / "people.csv"
    file.write_text("E-Mail;Vorname;Thema\na@x.example;Ann;Preise\nnobody;Ben;\n")
    page = site.open("/contacts/")
    page.get_by_role("link", name="Import people").click()
    page.get_by_label("CSV or Excel file").set_input_files(file)
    page.get_by_role("button", name="Upload").click()
    expect(page.get_by_role("heading", name="Match columns")).to_be_visible()
    expect(page.get_by_label("Field for E-Mail")).to_have_value("email")
    page.get_by_label("Field for Thema").select_option("new:tags")
    page.get_by_role("button", name="Import 2 rows").click()
    expect(page.get_by_text("Waiting for a worker.")).to_be_visible()
    work(site.tenant)
    expect(page.get_by_text("is no email address")).to_be_visible()
    page.get_by_role("link", name="See contacts").click()
    page.get_by_role("link", name="Ann").click()
    expect(page.get_by_role("heading", name="Ann", level=1)).to_be_visible()
    expect(page.get_by_text("Preise")).to_be_visible()
    settle(page)  # panels that still load would meet the end of the test's database


def work(tenant: Tenant) -> None:
    from audience.tasks import work_import

    with use(tenant):
        job = ImportJob.objects.get()
    work_import(tenant.pk, job.pk)


def test_people_are_found_while_one_types_and_the_address_follows(site: Site) -> None:
    fill(site)
    with use(site.tenant):
        ContactFactory(first_name="Zoë", last_name="Quent")
    page = site.open("/contacts/")
    page.keyboard.press("/")
    page.keyboard.type("zo")
    main = page.get_by_label("Search by name, email or company")
    main.fill("zoë")
    expect(page.locator("tbody tr")).to_have_count(1)
    expect(page.get_by_role("link", name="Zoë Quent")).to_be_visible()
    assert "q=zo" in page.url
    page.reload()
    settle(page)
    expect(page.get_by_role("link", name="Zoë Quent")).to_be_visible()


@pytest.mark.parametrize("path", ["/contacts/", "/opportunities/"])
def test_all_of_a_page_are_picked_on_a_phone(site: Site, path: str) -> None:
    with use(site.tenant):
        ContactFactory.create_batch(3)
        OpportunityFactory.create_batch(3)
    page = site.open(path, width=390)
    page.get_by_label("Select all on this page").check()
    expect(page.locator(".pick input[name=ids]:checked")).to_have_count(3)
    expect(page.locator("[data-picked]")).to_have_text("3")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    if SHOTS:
        page.screenshot(path=f"{SHOTS}/pick-all-{path.strip('/')}-390.png", full_page=True)
    assert violations(page) == []
    wide = site.open(path)
    expect(wide.get_by_text("Select all on this page")).to_be_hidden()
    wide.get_by_label("Select all on this page").check()
    expect(wide.locator(".pick input[name=ids]:checked")).to_have_count(3)
    if SHOTS:
        wide.screenshot(path=f"{SHOTS}/pick-all-{path.strip('/')}-1440.png")
