"""The suite runs on a real PostgreSQL, as a role that the wall holds."""

import os

import pytest
from django.conf import settings
from django.db import connection

from tenants.models import Tenant
from tenants.wall import current_id


def test_the_mode_is_test() -> None:
    assert settings.MODE == os.environ["MODE"] == "test"


@pytest.mark.django_db
def test_the_role_cannot_pass_the_wall() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user")
        assert cursor.fetchone() == (False,)


def test_a_test_stands_inside_the_tenant_of_its_fixture(tenant: Tenant) -> None:
    assert current_id() == tenant.pk
