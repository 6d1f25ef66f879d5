"""What a member may do: the one place that decides, used by pages, templates and commands."""

from __future__ import annotations

from typing import Any, Protocol, TypeVar

from django.core.exceptions import PermissionDenied
from django.db.models import Model, Q, QuerySet

from tenants.models import Member
from tenants.roles import ACTIONS, ALL, NONE, OWN, TEAM

M = TypeVar("M", bound=Model)


class Owned(Protocol):
    """An object with an owner; ``is_shared``, where it has one, lets everyone view it.

    A model may have ``shared_with(member) -> Q`` besides: which of its objects somebody else has shared with them.
    """

    owner_id: int | None


def scope(member: Member, action: str) -> str:
    """How far the member's role permits the action: none, own, team or all."""
    assert action in ACTIONS, f"unknown action {action}"
    if not member.is_active:
        return NONE
    return member.role.permissions.get(action, NONE)


def can(member: Member | None, action: str, obj: Any = None) -> bool:
    """Whether the member may do ``action``, to ``obj`` if one is given (an object with ``owner_id``).

    Viewing reaches what is shared, too; an edit right never does (F-09).
    """
    if member is None:
        return False
    reach = scope(member, action)
    if obj is None or reach in (NONE, ALL):
        return reach != NONE
    if obj.owner_id == member.pk:
        return True
    if action.endswith(".view") and _is_shared_with(obj, member):
        return True
    return reach == TEAM and member.team_id is not None and _team_of(obj) == member.team_id


def require(member: Member | None, action: str, obj: Any = None) -> None:
    """Raise PermissionDenied with a message fit for a person unless ``can``."""
    if not can(member, action, obj):
        raise PermissionDenied(f"Your role does not permit: {ACTIONS[action].lower()}.")


def require_any(member: Member | None, *actions: str) -> None:
    """Raise PermissionDenied, naming the first, unless the member may do one of these."""
    if not any(can(member, action) for action in actions):
        require(member, actions[0])


def visible(member: Member, action: str, objects: QuerySet[M], *, owner: str = "owner") -> QuerySet[M]:
    """Those of ``objects`` to which ``can(member, action, object)``, as a set; ``owner``: the field that has theirs."""
    reach = scope(member, action)
    if reach == ALL:
        return objects
    if reach == NONE:
        return objects.none()
    mine = Q((owner, member))
    if reach == TEAM and member.team_id is not None:
        mine |= Q((f"{owner}__team", member.team_id))
    if action.endswith(".view") and any(f.name == "is_shared" for f in objects.model._meta.fields):
        mine |= Q(is_shared=True)
        if with_some := getattr(objects.model, "shared_with", None):
            mine |= with_some(member)
    return objects.filter(mine)


def _is_shared_with(obj: Any, member: Member) -> bool:
    if getattr(obj, "is_shared", False):
        return True
    with_some = getattr(type(obj), "shared_with", None)
    return bool(with_some and type(obj).objects.filter(with_some(member), pk=obj.pk).exists())


def _team_of(obj: Any) -> int | None:
    return obj.owner.team_id if obj.owner_id is not None else None


__all__ = ["OWN", "can", "require", "require_any", "scope", "visible"]
