"""The operators' pages: no tenant's data, nothing for others, and a log that is no table."""

from __future__ import annotations

import re

import pytest
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.core import mail
from django.db import IntegrityError, transaction
from django.test import Client

from tenants.models import Member, Tenant, TenantModel, User
from tenants.wall import use
from tests.factories import make_member, make_tenant

pytestmark = pytest.mark.django_db


@pytest.fixture
def operator() -> User:
    return User.objects.create_superuser("operator@us.example", "a-long-password")


def test_only_tables_outside_the_wall_are_shown() -> None:
    assert [model for model in admin.site._registry if issubclass(model, TenantModel)] == []


def test_a_stranger_is_led_to_signing_in_and_a_user_is_refused(client: Client) -> None:
    assert client.get("/admin/").status_code == 302
    client.force_login(User.objects.create_user("user@us.example", "a-long-password"))
    assert client.get("/admin/tenants/tenant/").status_code == 302


def test_an_operator_sees_and_changes_a_workspace(client: Client, operator: User) -> None:
    tenant = Tenant.objects.create(slug="acme", name="Acme")
    client.force_login(operator)
    assert client.get("/admin/").status_code == 200
    address = f"/admin/tenants/tenant/{tenant.pk}/change/"
    assert client.get(address).status_code == 200
    form = {"slug": "acme", "name": "Acme & Co", "timezone": "UTC"}
    form |= {"created_at_0": "2026-05-04", "created_at_1": "08:00:00"}
    assert client.post(address, form).status_code == 302
    tenant.refresh_from_db()
    assert tenant.name == "Acme & Co"
    client.post(address, form | {"postal_address": "1 Road"})
    gone = client.post(address, form | {"postal_address": ""})
    assert "change it, but do not take it away" in gone.content.decode()
    assert not LogEntry.objects.exists()


def test_an_operator_lets_the_first_administrator_of_a_workspace_in(client: Client, operator: User) -> None:
    client.force_login(operator)
    form = {"slug": "acme", "name": "Acme", "timezone": "Europe/Berlin"}
    form |= {"created_at_0": "2026-05-04", "created_at_1": "08:00:00"}
    assert client.post("/admin/tenants/tenant/add/", form).status_code == 302
    acme = Tenant.objects.get(slug="acme")
    person = {"email": "Ana@Acme.example", "name": "Ana", "is_active": "on", "memberships-0-tenant": acme.pk}
    person |= {"memberships-TOTAL_FORMS": 1, "memberships-INITIAL_FORMS": 0}
    assert client.post("/admin/tenants/user/add/", person).status_code == 302
    with use(acme):
        ana = Member.objects.select_related("user", "role").get()
    assert (ana.email, ana.role.key, str(ana.timezone)) == ("ana@acme.example", "admin", "Europe/Berlin")
    assert not ana.user.has_usable_password()
    browser = Client()
    browser.post("/accounts/password/reset/", {"email": "ana@acme.example"})
    (link,) = re.findall(r"http\S+", mail.outbox[0].body)
    page = browser.get(link, follow=True)
    password = {"password1": "correct horse battery", "password2": "correct horse battery"}
    browser.post(page.request["PATH_INFO"], password)
    browser.post("/accounts/login/", {"login": "ana@acme.example", "password": "correct horse battery"})
    assert "Members" in browser.get("/settings/").text


def test_an_operator_takes_nobody_out_by_force(client: Client, operator: User) -> None:
    """Sequences and records are theirs; the workspace's own pages deactivate a member with all that follows."""
    client.force_login(operator)
    with use(make_tenant()):
        ana = make_member()
    assert client.post(f"/admin/tenants/user/{ana.user_id}/delete/", {"post": "yes"}).status_code == 403
    page = client.get(f"/admin/tenants/user/{ana.user_id}/change/").text
    assert 'name="memberships-0-DELETE"' not in page


def test_the_table_of_djangos_log_takes_nothing(operator: User) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        LogEntry.objects.create(user=operator, action_flag=1, object_repr="x")


def test_each_page_of_the_admin_answers(client: Client, operator: User) -> None:
    client.force_login(operator)
    for model in admin.site._registry:
        base = f"/admin/{model._meta.app_label}/{model._meta.model_name}/"
        assert client.get(base).status_code == 200
        assert client.get(base + "add/").status_code == 200
