"""What is the same for all members of a workspace, and going from one workspace to another."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.timezone import now
from django.views.decorators.http import require_http_methods, require_POST

from tenants.access import MemberRequest, outside_transaction, requires
from tenants.commands import Refused, change_workspace
from tenants.forms import WorkspaceForm
from tenants.fragments import page
from tenants.models import Tenant
from tenants.sessions import CHOSEN, active_memberships
from tenants.zones import zone_names

FIELDS = ("name", "timezone", "country", "legal_name", "postal_address")


@require_http_methods(["GET", "HEAD", "POST"])
@requires("policy.edit", "admin.manage")
def workspace(request: MemberRequest) -> HttpResponse:
    """Name, time zone, country; who sends, and their postal address."""
    tenant, posted = request.membership.tenant, request.POST if request.method == "POST" else None
    if posted is not None:
        tenant = Tenant.objects.select_for_update(no_key=True).get(pk=tenant.pk)
    now_so = {name: getattr(tenant, name) for name in FIELDS}
    form = WorkspaceForm(posted, stored=now_so, of=tenant, by=request.member)
    if form.is_bound and form.is_valid():
        try:
            change_workspace(tenant=tenant, by=request.member, now=now(), **form.cleaned_data)
        except Refused as refused:
            form.add_error(refused.field, str(refused))
        else:
            messages.success(request, "The workspace is saved.")
            return redirect("workspace")
    context = {"form": form, "zones": zone_names()}
    return page(request, "tenants/workspace.html", context, status=422 if form.errors else 200)


@outside_transaction
@require_POST
def switch(request: MemberRequest) -> HttpResponse:
    """Go to another workspace of one's own. The choice stays with the session."""
    asked = request.POST.get("workspace", "")
    mine = active_memberships(request.user.pk)  # type: ignore[arg-type]
    chosen = get_object_or_404(mine, tenant_id=int(asked) if asked.isdecimal() else 0)
    request.session[CHOSEN] = chosen.tenant_id
    return redirect("/")
