"""The operators' pages: no tenant's data, nothing for others, and a log that is no table."""

from __future__ import annotations

import pytest
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.db import IntegrityError, transaction
from django.test import Client

from tenants.models import Tenant, TenantModel, User

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
    assert not LogEntry.objects.exists()


def test_the_table_of_djangos_log_takes_nothing(operator: User) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        LogEntry.objects.create(user=operator, action_flag=1, object_repr="x")


def test_each_page_of_the_admin_answers(client: Client, operator: User) -> None:
    client.force_login(operator)
    for model in admin.site._registry:
        base = f"/admin/{model._meta.app_label}/{model._meta.model_name}/"
        assert client.get(base).status_code == 200
        assert client.get(base + "add/").status_code == 200
