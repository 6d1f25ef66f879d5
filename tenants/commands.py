"""Verbs on tenants and their people."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction

from tenants.models import AuditLine, Member, Membership, Role, Team, Tenant, User
from tenants.roles import READY
from tenants.wall import use


@transaction.atomic
def create_tenant(*, slug: str, name: str, timezone: str = "UTC", **fields: Any) -> Tenant:
    """A new tenant with the five ready roles."""
    tenant = Tenant.objects.create(slug=slug, name=name, timezone=timezone, **fields)
    with use(tenant):
        Role.objects.bulk_create(
            Role(key=key, name=label, permissions=perms) for key, (label, perms) in READY.items()
        )
    return tenant


@transaction.atomic
def add_member(
    *,
    email: str,
    name: str,
    role: str,
    password: str | None = None,
    team: Team | None = None,
    timezone: str = "UTC",
    **fields: Any,
) -> Member:
    """Make ``email`` a member of the tenant in use, with the ready role ``role``; the user is made if there is none."""
    from tenants.wall import current_id

    user = User.objects.filter(email=email.lower()).first() or User.objects.create_user(
        email, password, name=name
    )
    Membership.objects.get_or_create(tenant_id=current_id(), user=user)
    return Member.objects.create(
        user=user, role=Role.objects.get(key=role), team=team, timezone=timezone, **fields
    )


def audit(*, by: Member | None, verb: str, obj: Any, at: datetime, **data: Any) -> None:
    """Write one line of the audit log in the caller's transaction."""
    AuditLine.objects.create(
        at=at, member=by, verb=verb, object_type=obj._meta.model_name, object_id=obj.pk, data=data
    )
