"""Who works in the workspace."""

from __future__ import annotations

from django.contrib import messages
from django.db.models.functions import Lower
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.timezone import now
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from tenants import invitations
from tenants.access import MemberRequest, as_member, outside_transaction, requires
from tenants.commands import (
    Refused,
    change_member,
    deactivate_member,
    invite,
    lock_roles,
    reactivate_member,
)
from tenants.forms import InviteForm, MemberForm
from tenants.fragments import page
from tenants.models import Member, Role, Team
from tenants.policy import require

USUAL = "sales_rep"
"""The role that is offered first: nobody becomes an administrator by oversight."""


@require_safe
@requires("admin.manage")
def index(request: MemberRequest) -> HttpResponse:
    """All members; those who were deactivated on a tab of their own."""
    gone = request.GET.get("tab") == "deactivated"
    everyone = Member.objects.select_related("user", "role", "team").order_by(Lower("user__name"), "pk")
    members = [member for member in everyone if member.is_active is not gone]
    context = {
        "members": members,
        "gone": gone,
        "counts": (len(everyone) - len(members), len(members))
        if gone
        else (len(members), len(everyone) - len(members)),
    }
    return page(request, "tenants/members.html", context)


@outside_transaction
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: MemberRequest) -> HttpResponse:
    """Add somebody; the invitation goes by mail."""
    with as_member(request) as by:
        require(by, "admin.manage")
        usual = Role.objects.filter(key=USUAL).values_list("pk", flat=True).first()
        form = InviteForm(request.POST if request.method == "POST" else None, initial={"role": usual})
        member = _invite(form, by) if form.is_bound and form.is_valid() else None
        if member is None:
            context = {"form": form, "teams": _teams()}
            return page(request, "tenants/member_new.html", context, status=422 if form.errors else 200)
    _mail(request, member)
    return redirect("members")


@require_http_methods(["GET", "HEAD", "POST"])
@requires("admin.manage")
def edit(request: MemberRequest, member_id: int) -> HttpResponse:
    """One member: role, team, limit."""
    if request.method == "POST":
        lock_roles()  # as whoever changes a member
    member = _member(member_id)
    now_so = {
        "role": member.role,
        "team": member.team.name if member.team else "",
        "emails_per_day": member.emails_per_day,
    }
    posted = request.POST if request.method == "POST" else None
    form = MemberForm(posted, stored=now_so, of=member, by=request.member)
    if form.is_bound and form.is_valid() and _change(form, member, request.member):
        messages.success(request, f"{member.name} is saved.")
        return redirect("members")
    context = {
        "form": form,
        "member": member,
        "teams": _teams(),
        "awaited": member.is_active and invitations.was_never_here(member),
        "is_me": member.pk == request.member.pk,
    }
    return page(request, "tenants/member.html", context, status=422 if form.errors else 200)


@outside_transaction
@require_POST
def invite_again(request: MemberRequest, member_id: int) -> HttpResponse:
    """Another invitation for who has not come yet; the link of the one before goes on working."""
    with as_member(request) as by:
        require(by, "admin.manage")
        member = _member(member_id)
        awaited = member.is_active and invitations.was_never_here(member)
    if awaited:
        _mail(request, member)
    else:
        messages.info(request, f"{member.name} needs no invitation.")
    return redirect("member", member_id)


@require_POST
@requires("admin.manage")
def deactivate(request: MemberRequest, member_id: int) -> HttpResponse:
    """Shut somebody out."""
    member = _member(member_id)
    try:
        deactivate_member(member=member, by=request.member, now=now())
    except Refused as refused:
        messages.error(request, str(refused))
        return redirect("member", member_id)
    messages.success(request, f"{member.name} is deactivated; their sequences are paused.")
    return redirect("members")


@require_POST
@requires("admin.manage")
def activate(request: MemberRequest, member_id: int) -> HttpResponse:
    """Let somebody in again."""
    member = _member(member_id)
    if reactivate_member(member=member, by=request.member, now=now()):
        messages.success(request, f"{member.name} is active again; resume their sequences by hand.")
    return redirect("member", member_id)


def _invite(form: InviteForm, by: Member) -> Member | None:
    try:
        return invite(**form.cleaned_data, by=by, now=now())
    except Refused as refused:
        form.add_error("email", str(refused))
        return None


def _change(form: MemberForm, member: Member, by: Member) -> bool:
    try:
        change_member(member=member, **form.cleaned_data, by=by, now=now())
    except Refused as refused:
        form.add_error("role", str(refused))
        return False
    return True


def _mail(request: MemberRequest, member: Member) -> None:
    if invitations.send(member, tenant=request.membership.tenant, by=request.member):
        messages.success(request, f"{member.name} was invited by a mail to {member.email}.")
        return
    said = (
        f"{member.name} is a member now, but the mail to {member.email} could not be sent. Try again later."
    )
    messages.warning(request, said)


def _member(member_id: int) -> Member:
    return get_object_or_404(Member.objects.select_related("user", "role", "team"), pk=member_id)


def _teams() -> list[str]:
    return list(Team.objects.order_by("name_norm").values_list("name", flat=True))
