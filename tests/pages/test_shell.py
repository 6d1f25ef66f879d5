"""What stands around a page: entries by role and by what is built, the meter, times in the reader's zone."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from django.urls import path
from django.utils import timezone

from config.context import NAV, QUICK_ADD, Chrome
from config.quota import quota_of
from config.urls import urlpatterns as the_apps
from messaging.models import Mailbox, SenderUsage
from tenants.models import Member, Tenant
from tenants.wall import use
from tests.factories import make_member, make_tenant

NOON = datetime(2026, 5, 4, 23, 30, tzinfo=UTC)


def anything(request: HttpRequest, **kwargs: Any) -> HttpResponse:
    return HttpResponse(f"{timezone.localtime(NOON):%H:%M}")


urlpatterns = [
    *(path(entry.path.strip("/") + "/", anything) for entry in (*NAV, *QUICK_ADD)),
    *the_apps,
]


def chrome_of(member: Member | None) -> Chrome:
    request = RequestFactory().get("/")
    request.member = member  # type: ignore[attr-defined]
    request.membership = SimpleNamespace(tenant=SimpleNamespace(name="Northwind"))  # type: ignore[attr-defined]
    return Chrome(request)


@pytest.fixture(autouse=True)
def answers_anew() -> Any:
    """Which addresses answer is remembered for the life of a process; here they change."""
    from config.context import _answers

    _answers.cache_clear()
    yield
    _answers.cache_clear()


@pytest.mark.urls(__name__)
def test_a_member_sees_what_the_role_permits(tenant: Tenant) -> None:
    admin, analyst = make_member("admin"), make_member("read_only")
    assert [e.label for e in chrome_of(admin).nav] == [e.label for e in NAV]
    assert "Create sales sequence" in [e.label for e in chrome_of(admin).quick_add]
    assert "Sequences" in [e.label for e in chrome_of(analyst).nav]
    assert "Create sales sequence" not in [e.label for e in chrome_of(analyst).quick_add]
    analyst.role.permissions = {}
    assert chrome_of(analyst).nav == chrome_of(analyst).quick_add == []
    assert chrome_of(None).nav == []


def test_no_entry_leads_to_a_page_that_is_not_there(client: Client, tenant: Tenant) -> None:
    client.raise_request_exception = False
    member = make_member("admin")
    chrome = chrome_of(member)
    for entry in (*chrome.nav, *chrome.quick_add, *chrome.profile):
        assert client.get(entry.path).status_code != 404, entry.path


def test_the_meter_counts_the_members_own_day(tenant: Tenant) -> None:
    member = make_member("sales_rep", timezone=ZoneInfo("Asia/Tokyo"), emails_per_day=250)
    assert quota_of(member, NOON) is None, "no mailbox, no meter"
    Mailbox.objects.create(member=member, email="me@us.example", smtp_host="mail.us.example")
    SenderUsage.objects.create(sender=member, day="2026-05-04", made=9)
    SenderUsage.objects.create(sender=member, day="2026-05-05", made=184)
    quota = quota_of(member, NOON)
    assert quota
    assert (quota.sent, quota.limit, quota.sender) == (184, 250, "me@us.example")


@pytest.mark.urls(__name__)
def test_times_are_shown_in_the_readers_zone(client: Client, db: None) -> None:
    tenant = make_tenant()
    with use(tenant):
        user = make_member("sales_rep", timezone=ZoneInfo("Asia/Tokyo")).user
    client.force_login(user)
    assert client.get("/contacts/").text == "08:30"
