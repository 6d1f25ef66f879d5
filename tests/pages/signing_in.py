"""Signing in a member without the form."""

from __future__ import annotations

from django.test import Client

from tenants.models import Member, Tenant
from tenants.wall import use
from tests.factories import make_member


def sign_in(client: Client, tenant: Tenant, role: str = "admin", **fields: object) -> Member:
    """A new member of ``tenant``, signed in at ``client``."""
    with use(tenant):
        member = make_member(role, **fields)  # type: ignore[arg-type]
    client.force_login(member.user)
    return member
