"""The switch that stops all sending at once: of a workspace, or of a member (reliability §3.2, semantics 2.33).

A stop takes the advisory lock that every gate takes, shared, and writes one instant on the row of the tenant or the
member: so either a gate committed before (its message was already leaving), or it sees the stop. It touches no message;
whoever comes to one holds it, and at the end all that waited is stale later by the length of the stop.

The one writer of ``sending_paused_at`` on Tenant and Member.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from messaging import outbox, stops
from messaging.models import SendingStop
from messaging.signals import sending_resumed
from tenants.models import Member, Tenant
from tenants.wall import current_id


def begin(member: Member | None, *, by: Member | None, reason: str, at: datetime) -> SendingStop | None:
    """Nothing leaves any more as soon as the caller's transaction commits; None where it was stopped already."""
    _lock(member)
    if not _row(member).filter(sending_paused_at=None).update(sending_paused_at=at):
        return None
    return SendingStop.objects.create(member=member, by=by, reason=reason, at=at)


def end(member: Member | None, *, by: Member | None, at: datetime) -> bool:
    """Sending goes on; False where it was not stopped.

    What else keeps a message goes on doing so: the floors above are asked by a signal.
    """
    _lock(member)
    since = _row(member).values_list("sending_paused_at", flat=True).first()
    if since is None:
        return False
    member_id = member.pk if member else None
    _row(member).update(sending_paused_at=None)
    SendingStop.objects.filter(member=member, ended_at=None).update(ended_at=at, ended_by=by)
    outbox.hold_sending(member_id, since=since)
    if member is None or _since(None) is None:
        outbox.release_sending(member_id, now=at)
        sending_resumed.send(SendingStop, member_id=member_id, at=at)
    return True


def keep(member: Member) -> bool:
    """Hold what waits in the name of a member where sending is stopped; whether it is."""
    for whose in (None, member):
        if (since := _since(whose)) is not None:
            outbox.hold_sending(member.pk, since=since)
            return True
    return False


def standing(member: Member | None) -> SendingStop | None:
    """The stop in force, with who made it; None where there is none."""
    return (
        SendingStop.objects.filter(member=member, ended_at=None)
        .select_related("by__user", "member__user")
        .first()
    )


def _since(member: Member | None) -> datetime | None:
    return _row(member).values_list("sending_paused_at", flat=True).first()


def _row(member: Member | None) -> QuerySet[Any]:
    return Tenant.objects.filter(pk=current_id()) if member is None else Member.objects.filter(pk=member.pk)


def _lock(member: Member | None) -> None:
    name = (stops.TENANT, current_id()) if member is None else (stops.MEMBER, member.pk)
    stops.lock([(name[0], str(name[1]))])
