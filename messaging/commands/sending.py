"""Stopping all sending and letting it go on; to whom mails go while a workspace tries things."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.core.exceptions import PermissionDenied
from django.db import transaction

from messaging import halts, stops
from messaging.models import SendingStop, TrialAddress
from tenants.commands import audit
from tenants.models import Member, Tenant
from tenants.policy import require_any, scope
from tenants.roles import ALL, NONE, TEAM
from tenants.wall import current_id

TO_POLICY = ("policy.edit", "admin.manage")
"""Who may change the trial list."""


def may_stop(by: Member, member: Member | None) -> bool:
    """Whether ``by`` may stop sending: of all of the workspace (None), of those of their team, or their own."""
    reach = scope(by, "sending.stop")
    if member is None or reach in (ALL, NONE):
        return reach == ALL
    is_of_team = by.team_id is not None and member.team_id == by.team_id
    return member.pk == by.pk or (reach == TEAM and is_of_team)


def may_resume(by: Member, stop: SendingStop) -> bool:
    """Whoever may stop may resume; what another has stopped in one's own name, only who may stop everything."""
    if stop.member_id == by.pk and stop.by_id != by.pk:
        return may_stop(by, None)
    return may_stop(by, stop.member)


@transaction.atomic
def stop_sending(*, member: Member | None = None, reason: str, by: Member, now: datetime) -> bool:
    """Nothing leaves any more: of nobody (``member`` None), or in the name of one member. It holds as this commits.

    False where it is stopped already. What is made from now on is held by the runs; what was made waits.
    """
    if not may_stop(by, member):
        raise PermissionDenied("Your role does not permit: stop and resume sending.")
    stop = halts.begin(member, by=by, reason=reason, at=now)
    if stop is None:
        return False
    audit(by=by, verb="sending.stop", obj=stop, at=now, of=member.email if member else "all", reason=reason)
    return True


@transaction.atomic
def resume_sending(*, member: Member | None = None, by: Member, now: datetime) -> bool:
    """Sending goes on where it stopped; False where it was not stopped."""
    stop = halts.standing(member)
    if stop is None:
        return False
    if not may_resume(by, stop):
        raise PermissionDenied("Somebody else has stopped this; they or an administrator can let it go on.")
    if not halts.end(member, by=by, at=now):
        return False
    audit(by=by, verb="sending.resume", obj=stop, at=now, of=member.email if member else "all")
    return True


@transaction.atomic
def change_trial(*, is_on: bool, addresses: Iterable[str], by: Member, now: datetime) -> bool:
    """From now on mails go only to these addresses and domains (``is_on``), or to everybody. Whether it changed.

    ``addresses`` are normalised, a domain as ``@acme.example``. Takes the lock of every gate, as a stop does: what is
    taken from the list gets nothing more.
    """
    require_any(by, *TO_POLICY)
    stops.lock([(stops.TENANT, str(current_id()))])
    tenant, wanted = Tenant.objects.get(pk=current_id()), set(addresses)
    had = set(TrialAddress.objects.values_list("address_norm", flat=True))
    if (tenant.is_trial, had) == (is_on, wanted):
        return False
    before = {"on": tenant.is_trial, "addresses": sorted(had)}
    TrialAddress.objects.exclude(address_norm__in=wanted).delete()
    TrialAddress.objects.bulk_create(TrialAddress(address_norm=one) for one in sorted(wanted - had))
    Tenant.objects.filter(pk=tenant.pk).update(is_trial=is_on)
    after = {"on": is_on, "addresses": sorted(wanted)}
    audit(by=by, verb="sending.trial", obj=tenant, at=now, before=before, after=after)
    return True
