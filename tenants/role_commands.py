"""Verbs on roles: made, changed, deleted by who manages members; each holds from the members' next request on."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Value

from tenants.commands import Refused, audit, lock_roles
from tenants.fields import Lowered
from tenants.models import Member, Role
from tenants.policy import require
from tenants.roles import ACTIONS, ALL, NONE, READY, SCOPES

LIMITS = ("emails_per_day", "sequences_per_user")

REPS = "sales_rep"
OF_REPS = ("sequence.create", "sequence.edit", "sequence.delete")
"""What the switch of the workspace takes from sales reps and gives back (templates-and-roles §3)."""


@transaction.atomic
def create_role(*, name: str, like: Role, by: Member, now: datetime) -> Role:
    """A custom role that permits and limits what ``like`` does. Raises Refused where the name is taken."""
    require(by, "admin.manage")
    lock_roles()
    _refuse_taken(name)
    permissions = {action: reach for action, reach in like.permissions.items() if action in ACTIONS}
    limits = {limit: getattr(like, limit) for limit in LIMITS}
    role = Role.objects.create(name=name, permissions=permissions, **limits)
    audit(by=by, verb="role.create", obj=role, at=now, name=name, like=like.name)
    return role


@transaction.atomic
def change_role(
    *,
    role: Role,
    by: Member,
    now: datetime,
    name: str | None = None,
    permissions: Mapping[str, str] | None = None,
    **limits: int | None,
) -> bool:
    """Change what a role permits and limits; None and what is not given stay as they are. Whether anything changed.

    Of a ready role only the limits change. Raises Refused where the name is taken, or nobody would be left who manages
    members.
    """
    require(by, "admin.manage")
    lock_roles()
    row = Role.objects.get(pk=role.pk)
    before = _said(row)
    assert limits.keys() <= set(LIMITS), limits
    for limit, most in limits.items():
        setattr(row, limit, most)
    if not row.is_ready:
        if name is not None:
            _refuse_taken(name, but=row)
            row.name = name
        _give(row, permissions or {})
    after = _said(row)
    changed = {key for key in before | after if before.get(key) != after.get(key)}
    if not changed:
        return False
    row.save()
    _keep_an_admin()
    was, is_now = ({key: said.get(key) for key in sorted(changed)} for said in (before, after))
    audit(by=by, verb="role.change", obj=row, at=now, role=row.name, before=was, after=is_now)
    return True


@transaction.atomic
def delete_role(*, role: Role, by: Member, now: datetime) -> None:
    """Delete a custom role that nobody has. Raises Refused for others."""
    require(by, "admin.manage")
    lock_roles()
    if role.is_ready:
        raise Refused(f"{role.name} is one of the ready roles, which stay.")
    if count := Member.objects.filter(role=role).count():
        who = "1 member has" if count == 1 else f"{count} members have"
        raise Refused(f"{who} the role {role.name}: give them another one first.")
    audit(by=by, verb="role.delete", obj=role, at=now, name=role.name)
    role.delete()


@transaction.atomic
def let_reps_create(*, allowed: bool, by: Member, now: datetime) -> bool:
    """The switch of the workspace by which sales reps create, edit and activate sequences of their own.

    Whether it changed anything.
    """
    require(by, "admin.manage")
    lock_roles()
    row = Role.objects.get(key=REPS)
    before = dict(row.permissions)
    _give(row, {action: READY[REPS][1][action] if allowed else NONE for action in OF_REPS})
    if row.permissions == before:
        return False
    row.save(update_fields=["permissions"])
    audit(by=by, verb="role.reps", obj=row, at=now, allowed=allowed)
    return True


def _give(row: Role, permissions: Mapping[str, str]) -> None:
    for action, reach in permissions.items():
        assert action in ACTIONS, action
        assert reach in SCOPES, reach
        if reach != row.permissions.get(action, NONE):
            row.permissions[action] = reach


def _said(row: Role) -> dict[str, Any]:
    """A role as the audit log keeps it."""
    return {"name": row.name, **{limit: getattr(row, limit) for limit in LIMITS}, **row.permissions}


def _refuse_taken(name: str, but: Role | None = None) -> None:
    taken = Role.objects.filter(name_norm=Lowered(Value(name)))
    if (taken.exclude(pk=but.pk) if but else taken).exists():
        raise Refused(f"There is already a role called “{name}”.", "name")


def _keep_an_admin() -> None:
    managing = Role.objects.filter(permissions__contains={"admin.manage": ALL})
    if not Member.objects.filter(is_active=True, role__in=managing).exists():
        raise Refused("Nobody would be left who manages members and roles; give it to another role first.")
