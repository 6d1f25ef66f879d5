"""Which types of steps the workspace has: those on LinkedIn are off unless it turns them on (D-12)."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.timezone import now
from django.views.decorators.http import require_http_methods

from sequences.reading.using import sequences_with
from tenants.access import MemberRequest, requires
from tenants.commands import change_workspace
from tenants.models import Tenant

LINKEDIN = "linkedin"
ON, OFF = "on", "off"


@require_http_methods(["GET", "HEAD", "POST"])
@requires("policy.edit", "admin.manage")
def step_types(request: MemberRequest) -> HttpResponse:
    """The switch, and which sequences have such steps: they go on when it is turned off, and no more are added."""
    fault = ""
    if request.method == "POST":
        if request.POST.get(LINKEDIN) in (ON, OFF):
            return _turn(request, is_on=request.POST[LINKEDIN] == ON)
        fault = "Choose on or off."
    context: dict[str, Any] = {
        "is_on": request.membership.tenant.has_linkedin,
        "using": sequences_with(LINKEDIN),
        "fault": fault,
    }
    return render(request, "sequences/step_types.html", context, status=422 if fault else 200)


def _turn(request: MemberRequest, *, is_on: bool) -> HttpResponse:
    tenant = Tenant.objects.select_for_update(no_key=True).get(pk=request.membership.tenant_id)
    using = 0 if is_on else len(sequences_with(LINKEDIN))
    if tenant.has_linkedin != is_on:
        change_workspace(tenant=tenant, by=request.member, now=now(), has_linkedin=is_on)
    said = "LinkedIn steps can be added now." if is_on else "No LinkedIn steps can be added any more."
    if using:
        said += (
            f" {using} {'sequence has some, which go' if using == 1 else 'sequences have some, which go'} on."
        )
    messages.success(request, said)
    return redirect("step-types")
