"""Verbs on tenants and their people."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Value

from tenants.fields import Lowered
from tenants.models import KEEPS_ADDRESS, AuditLine, Member, Membership, Role, Team, Tenant, User
from tenants.policy import require, require_any
from tenants.roles import ALL, READY
from tenants.sessions import end_sessions
from tenants.signals import member_deactivated, member_reactivated
from tenants.wall import current_id, use


class Refused(ValueError):
    """The command cannot be done as it was asked; nothing of it happened. The message is fit for a person.

    ``field`` names the input at fault; empty: the whole.
    """

    def __init__(self, message: str, field: str = "") -> None:
        super().__init__(message)
        self.field = field


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
    return _add(
        email=email,
        name=name,
        role=Role.objects.get(key=role),
        password=password,
        team=team,
        timezone=timezone,
        **fields,
    )


@transaction.atomic
def invite(
    *, email: str, name: str, role: Role, by: Member, now: datetime, team: str = "", **fields: Any
) -> Member:
    """Add a member at another's wish. Raises Refused where the address is a member already.

    ``team`` by its name; one that there is not yet is made. Somebody who has an account here keeps its name and
    password. Their mail is the caller's affair.
    """
    require(by, "admin.manage")
    known = Member.objects.select_related("user").filter(user__email=email.lower()).first()
    if known:
        how = "is a member already" if known.is_active else "was a member: activate them again"
        raise Refused(f"{known.email} {how}.")
    zone = Tenant.objects.get(pk=current_id()).timezone
    member = _add(email=email, name=name, role=role, team=team_named(team), timezone=zone, **fields)
    audit(by=by, verb="member.invite", obj=member, at=now, email=member.email, role=role.name)
    return member


@transaction.atomic
def change_member(
    *, member: Member, role: Role, team: str, emails_per_day: int | None, by: Member, now: datetime
) -> None:
    """Give a member another role, team (as in ``invite``) or limit.

    Raises Refused where nobody would be left to manage members.
    """
    require(by, "admin.manage")
    row = _held(member)
    before = {"role": row.role.name, "team": row.team and row.team.name, "limit": row.emails_per_day}
    if not _manages(role):
        _keep_an_admin(row)
    row.role, row.team, row.emails_per_day = role, team_named(team), emails_per_day
    row.save(update_fields=["role", "team", "emails_per_day"])
    after = {"role": role.name, "team": row.team and row.team.name, "limit": emails_per_day}
    audit(by=by, verb="member.change", obj=row, at=now, before=before, after=after)


@transaction.atomic
def deactivate_member(*, member: Member, by: Member, now: datetime) -> bool:
    """Shut somebody out: their sessions here end, their sequences pause (semantics 2.29). Nothing of theirs is lost.

    Whether it changed anything. Raises Refused for oneself and for the last who may manage members.
    """
    require(by, "admin.manage")
    row = _held(member)
    if not row.is_active:
        return False
    if row.pk == by.pk:
        raise Refused("You cannot deactivate yourself; another administrator can.")
    _keep_an_admin(row)
    membership = Membership.objects.get(tenant=current_id(), user=row.user_id)
    end_sessions(membership)
    _set_active(row, membership, to=False)
    audit(by=by, verb="member.deactivate", obj=row, at=now)
    member_deactivated.send(Member, member=row, by=by, at=now)
    return True


@transaction.atomic
def reactivate_member(*, member: Member, by: Member, now: datetime) -> bool:
    """Let somebody in again. Sequences that were paused stay so. Whether it changed anything."""
    require(by, "admin.manage")
    row = _held(member)
    if row.is_active:
        return False
    membership = Membership.objects.get(tenant=current_id(), user=row.user_id)
    _set_active(row, membership, to=True)
    audit(by=by, verb="member.reactivate", obj=row, at=now)
    member_reactivated.send(Member, member=row, by=by, at=now)
    return True


def team_named(name: str) -> Team | None:
    """The team of that name, whatever its letters' case; made if there is none. None without a name."""
    if not name:
        return None
    Team.objects.bulk_create([Team(name=name)], ignore_conflicts=True)
    return Team.objects.get(name_norm=Lowered(Value(name)))


@transaction.atomic
def change_workspace(*, tenant: Tenant, by: Member, now: datetime, **fields: Any) -> None:
    """Change name, time zone, country or postal address of the tenant in use. Raises Refused for one taken away."""
    assert tenant.pk == current_id()
    require_any(by, "policy.edit", "admin.manage")
    if tenant.postal_address and not fields.get("postal_address", tenant.postal_address).strip():
        raise Refused(KEEPS_ADDRESS, "postal_address")
    before = {name: str(getattr(tenant, name)) for name in fields}
    for name, value in fields.items():
        setattr(tenant, name, value)
    tenant.save(update_fields=[*fields])
    after = {name: str(value) for name, value in fields.items()}
    audit(by=by, verb="workspace.change", obj=tenant, at=now, before=before, after=after)


@transaction.atomic
def change_profile(*, member: Member, name: str, timezone: ZoneInfo, signature: str, now: datetime) -> None:
    """Change what a member says of themselves. Their name is the same in all their workspaces."""
    member.user.name = name
    member.user.save(update_fields=["name"])
    member.timezone, member.signature = timezone, signature
    member.save(update_fields=["timezone", "signature"])
    audit(by=member, verb="member.profile", obj=member, at=now, name=name, timezone=str(timezone))


def audit(*, by: Member | None, verb: str, obj: Any, at: datetime, **data: Any) -> None:
    """Write one line of the audit log in the caller's transaction."""
    AuditLine.objects.create(
        at=at, member=by, verb=verb, object_type=obj._meta.model_name, object_id=obj.pk, data=data
    )


def _add(*, email: str, name: str, role: Role, password: str | None = None, **fields: Any) -> Member:
    user = User.objects.filter(email=email.lower()).first()
    user = user or User.objects.create_user(email, password, name=name)
    Membership.objects.get_or_create(tenant_id=current_id(), user=user)
    return Member.objects.create(user=user, role=role, **fields)


def _manages(role: Role) -> bool:
    return role.permissions.get("admin.manage") == ALL


def lock_roles() -> None:
    """Let nobody change roles, or who manages members, until the transaction ends."""
    list(Role.objects.order_by("pk").select_for_update(no_key=True).values_list("pk", flat=True))


def _held(member: Member) -> Member:
    """The row, locked together with those of all who manage members: two admins may deactivate each other at once."""
    lock_roles()
    admins = Member.objects.filter(role__permissions__contains={"admin.manage": ALL})
    ids = {member.pk, *admins.values_list("pk", flat=True)}
    rows = Member.objects.select_related("user", "role").filter(pk__in=ids).order_by("pk")
    held = {row.pk: row for row in rows.select_for_update(of=("self",), no_key=True)}
    return held[member.pk]


def _keep_an_admin(row: Member) -> None:
    """Raises Refused if without ``row`` nobody would be left who manages members."""
    if not _manages(row.role):
        return
    others = Member.objects.filter(is_active=True).exclude(pk=row.pk).select_related("role")
    if not any(_manages(other.role) for other in others):
        raise Refused(f"{row.name} is the last administrator; make somebody else one first.")


def _set_active(row: Member, membership: Membership, *, to: bool) -> None:
    membership.is_active = row.is_active = to
    membership.save(update_fields=["is_active"])
    row.save(update_fields=["is_active"])
