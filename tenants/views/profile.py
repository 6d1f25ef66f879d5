"""A member's own settings."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.timezone import now
from django.views.decorators.http import require_http_methods

from tenants import signatures
from tenants.access import MemberRequest
from tenants.commands import change_profile
from tenants.forms import ProfileForm
from tenants.fragments import page
from tenants.models import User
from tenants.zones import zone_names


@require_http_methods(["GET", "HEAD", "POST"])
def profile(request: MemberRequest) -> HttpResponse:
    """Name, time zone and signature; each member has one."""
    member = request.member
    posted = request.POST if request.method == "POST" else None
    if posted is not None:
        member.user = User.objects.select_for_update(no_key=True).get(pk=member.user_id)
        member.refresh_from_db(fields=["timezone", "signature"])
    now_so = {"name": member.user.name, "timezone": member.timezone, "signature": member.signature}
    form = ProfileForm(posted, stored=now_so, of=member, by=member)
    if form.is_bound and form.is_valid():
        change_profile(member=member, now=now(), **form.cleaned_data)
        messages.success(request, "Your settings are saved.")
        return redirect("profile")
    context = {
        "form": form,
        "zones": zone_names(),
        "fields": signatures.reader.fields(),
        "preview": signatures.reader.preview(member.signature, member.name, member.email),
    }
    return page(request, "tenants/profile.html", context, status=422 if form.errors else 200)
