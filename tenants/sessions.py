"""Where somebody is signed in, and in which workspace they stand there."""

from __future__ import annotations

from collections.abc import Sequence

from allauth.usersessions.models import UserSession
from django.contrib.sessions.backends.base import SessionBase
from django.db.models import QuerySet

from tenants.models import Membership

CHOSEN = "tenant"
"""Where a session keeps the id of the workspace that was chosen."""


def active_memberships(user_id: int) -> QuerySet[Membership]:
    """The workspaces that a user may enter; the first is where they stand without a choice."""
    return Membership.objects.filter(user=user_id, is_active=True).select_related("tenant").order_by("pk")


def standing(mine: Sequence[Membership], session: SessionBase) -> Membership | None:
    """Of the active memberships of a user the one in which a session stands; None without a workspace."""
    chosen: int | None = session.get(CHOSEN)
    return next((one for one in mine if one.tenant_id == chosen), mine[0] if mine else None)


def end_sessions(membership: Membership) -> int:
    """Sign a user out wherever they stand in this workspace; call it while the membership is active.

    In other workspaces they stay signed in: it is not for the one to say who leaves the other.
    """
    ended, mine = 0, list(active_memberships(membership.user_id))
    for signed_in in UserSession.objects.filter(user=membership.user_id):
        if standing(mine, signed_in._session_store(signed_in.session_key)) == membership:
            signed_in.end()
            ended += 1
    return ended
