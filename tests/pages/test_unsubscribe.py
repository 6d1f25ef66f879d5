"""The page of the unsubscribe link, as a recipient sees it: without cookies, sign-in or JS."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

from audience.models import Suppression
from messaging.models import Message
from messaging.tokens import UNSUBSCRIBE
from messaging.tracking import signer
from tenants.models import Tenant
from tenants.wall import use
from tests.apps.messaging.factories import sent_message
from tests.browser import NewPage, violations
from tests.factories import ContactFactory, make_tenant
from tests.pages.test_gallery import SPREAD

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def tenant(transactional_db: None) -> Tenant:
    return make_tenant()


@pytest.fixture
def address(tenant: Tenant) -> str:
    with use(tenant):
        message: Message = sent_message(contact=ContactFactory(email="ann@acme.example"))
    return f"/u/{signer().token(tenant.pk, message.pk, UNSUBSCRIBE)}"


@pytest.mark.parametrize(("width", "dark"), SPREAD)
def test_axe_finds_nothing_and_nothing_runs_over_the_edge(
    live_server: Any, new_page: NewPage, address: str, width: int, dark: bool
) -> None:
    page = new_page(live_server.url, width=width, dark=dark)
    page.goto(address)
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") == 0


def test_one_press_unsubscribes_and_another_undoes(
    live_server: Any, new_page: NewPage, tenant: Tenant, address: str
) -> None:
    page = new_page(live_server.url)
    page.goto(address)
    page.get_by_role("button", name="Unsubscribe").click()
    expect(page.get_by_role("heading", name="You are unsubscribed")).to_be_visible()
    with use(tenant):
        assert Suppression.objects.get().address_norm == "ann@acme.example"
    page.get_by_role("button", name="undo").click()
    expect(page.get_by_role("heading", name="Undone")).to_be_visible()
    with use(tenant):
        assert not Suppression.objects.exists()
