"""Stopping and resuming all sending, and trying things safely."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect
from django.utils.timezone import now
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from messaging import stops
from messaging.commands.sending import (
    TO_POLICY,
    change_trial,
    may_resume,
    may_stop,
    resume_sending,
    stop_sending,
)
from messaging.models import SendingStop, TrialAddress
from messaging.sending_forms import SafetyForm, StopForm
from tenants.access import MemberRequest, requires
from tenants.commands import change_workspace
from tenants.fragments import page
from tenants.models import Member, Tenant
from tenants.policy import can

MAY = ("sending.stop", *TO_POLICY)
ENDED = 10


@require_safe
@requires(*MAY)
def index(request: MemberRequest) -> HttpResponse:
    """The switch of the workspace and of each member in reach, what stopped before, and how things are tried."""
    me = request.member
    stops = {
        stop.member_id: stop
        for stop in SendingStop.objects.filter(ended_at=None).select_related("by__user", "member__user")
    }
    everyone = Member.objects.filter(is_active=True).select_related("user", "role", "team")
    people = sorted(
        (member for member in everyone if may_stop(me, member)),
        key=lambda member: (member.pk != me.pk, member.name.casefold()),
    )
    ended = SendingStop.objects.exclude(ended_at=None).select_related(
        "by__user", "member__user", "ended_by__user"
    )
    context = {
        "stop": stops.get(None),
        "may_stop_all": may_stop(me, None),
        "people": [(member, stops.get(member.pk)) for member in people],
        "resumable": {key for key, stop in stops.items() if may_resume(me, stop)},
        "ended": [stop for stop in ended.order_by("-ended_at")[:ENDED] if may_stop(me, stop.member)],
        "trial": TrialAddress.objects.count(),
        "workspace": request.membership.tenant,
        "may_set": any(can(me, action) for action in TO_POLICY),
    }
    return page(request, "messaging/sending.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@requires("sending.stop")
def stop(request: MemberRequest) -> HttpResponse:
    """Ask why, and stop: of everybody, or of the member that ``member`` names."""
    member = _member(request.GET.get("member") or request.POST.get("member"))
    if not may_stop(request.member, member):
        raise PermissionDenied("Your role does not permit to stop this.")
    form = StopForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        reason = form.cleaned_data["reason"]
        if not stop_sending(member=member, reason=reason, by=request.member, now=now()):
            messages.info(request, "It was stopped already.")
        return redirect("sending")
    context = {"form": form, "member": member, "is_me": member is not None and member.pk == request.member.pk}
    return page(request, "messaging/sending_stop.html", context, status=422 if form.errors else 200)


@require_POST
@requires("sending.stop")
def resume(request: MemberRequest) -> HttpResponse:
    """Let sending go on where it stopped."""
    member = _member(request.POST.get("member"))
    if resume_sending(member=member, by=request.member, now=now()):
        still = SendingStop.objects.filter(member=None, ended_at=None).exists()
        goes_on = "Sending goes on. What waited leaves now, within the daily limits."
        messages.success(
            request, "Resumed. All sending is still stopped, and so nothing leaves yet." if still else goes_on
        )
    there = request.POST.get("next", "")
    is_inside = there.startswith("/") and not there.startswith(("//", "/\\"))
    return HttpResponseRedirect(there if is_inside else "/settings/sending/")


@require_http_methods(["GET", "HEAD", "POST"])
@requires(*TO_POLICY)
def safety(request: MemberRequest) -> HttpResponse:
    """The trial list, and above how many people activating asks."""
    tenant, posted = request.membership.tenant, request.POST if request.method == "POST" else None
    if posted is not None:
        stops.lock([(stops.TENANT, str(tenant.pk))])
        tenant = Tenant.objects.select_for_update(no_key=True).get(pk=tenant.pk)
    listed = TrialAddress.objects.order_by("address_norm").values_list("address_norm", flat=True)
    now_so = {
        "is_trial": tenant.is_trial,
        "addresses": list(listed),
        "confirm_above": tenant.confirm_above,
    }
    shown = {"addresses": "\n".join(listed)}
    form = SafetyForm(posted, stored=now_so, initial=shown, of=tenant, by=request.member)
    if form.is_bound and form.is_valid():
        given, at = form.cleaned_data, now()
        change_trial(is_on=given["is_trial"], addresses=given["addresses"], by=request.member, now=at)
        if given["confirm_above"] != tenant.confirm_above:
            above = given["confirm_above"]
            change_workspace(tenant=tenant, by=request.member, now=at, confirm_above=above)
        messages.success(request, "Saved. It holds from now on.")
        return redirect("sending")
    return page(request, "messaging/safety.html", {"form": form}, status=422 if form.errors else 200)


def _member(asked: str | None) -> Member | None:
    if not asked:
        return None
    found = Member.objects.select_related("user", "team").filter(is_active=True)
    return get_object_or_404(found, pk=int(asked) if asked.isdecimal() and len(asked) < 19 else 0)
