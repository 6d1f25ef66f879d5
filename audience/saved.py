"""Saved views: who may use and change which."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet

from audience.models import SavedView
from tenants.models import Member
from tenants.policy import can


def visible_views(member: Member, views: Any) -> Any:
    """The saved views that a member may use: their own, shared ones, and those without an owner."""
    return views.filter(Q(owner=member) | Q(owner=None) | Q(is_shared=True))


def views_for(member: Member, record: str) -> QuerySet[SavedView]:
    """The views of a kind of record that a member may use, by name; their own first."""
    found: QuerySet[SavedView] = visible_views(member, SavedView.objects.filter(record=record))
    return found.select_related("owner__user").order_by("name_norm", "pk")


def reachable_views(member: Member) -> QuerySet[SavedView]:
    """The views that a member may open by their address: who manages the workspace also those that others keep.

    A view names fields, which cannot be retired before somebody takes them out there.
    """
    found = SavedView.objects.select_related("owner__user")
    return found if can(member, "admin.manage") else visible_views(member, found)


def may_change(member: Member, view: SavedView) -> bool:
    """A shared view is changed by its owner only, or by who manages the workspace (as F-09)."""
    return view.owner_id == member.pk or can(member, "admin.manage")
