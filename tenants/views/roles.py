"""What each role may do: the matrix of all, and a page for each."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby

from django.contrib import messages
from django.db.models import Count
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.timezone import now
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from tenants.access import MemberRequest, requires
from tenants.commands import Refused, lock_roles
from tenants.fragments import page
from tenants.models import EMAILS_PER_DAY, Member, Role
from tenants.role_commands import OF_REPS, REPS, change_role, create_role, delete_role, let_reps_create
from tenants.role_forms import NewRoleForm, RoleForm, words_of
from tenants.roles import ACTIONS, NONE, REACHING

TOPICS = {
    "sequence": "Sequences",
    "enrollment": "People in sequences",
    "reminder": "Reminders",
    "template": "Templates",
    "record": "Contacts and companies",
    "tag": "Tags",
    "report": "Reports",
    "import": "Import and export",
    "export": "Import and export",
    "suppression": "Suppression list",
    "mailbox": "Mailboxes",
    "sending": "Sending",
    "policy": "Limits and schedules",
    "admin": "Administration",
    "audit": "Administration",
}


@require_safe
@requires("admin.manage")
def roles(request: MemberRequest) -> HttpResponse:
    """All roles with their limits, and the matrix of roles and actions, by topic."""
    found = list(Role.objects.order_by("pk"))
    people = Member.objects.filter(is_active=True).values_list("role_id").annotate(n=Count("pk"))
    topics = [
        (topic, [(ACTIONS[action], [_shown(role, action) for role in found]) for action in actions])
        for topic, actions in by_topic()
    ]
    reps = next((role for role in found if role.key == REPS), None)
    context = {
        "roles": found,
        "topics": topics,
        "people": dict(people),
        "default_limit": EMAILS_PER_DAY,
        "reps_create": bool(reps and all(reps.permissions.get(a, NONE) != NONE for a in OF_REPS)),
    }
    return page(request, "tenants/roles.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@requires("admin.manage")
def new(request: MemberRequest) -> HttpResponse:
    """A custom role that begins as a copy of another."""
    asked = request.GET.get("like", "")
    begin = asked if asked.isdecimal() else Role.objects.filter(key=REPS).values_list("pk", flat=True).first()
    form = NewRoleForm(request.POST if request.method == "POST" else None, initial={"like": begin})
    if form.is_bound and form.is_valid():
        try:
            role = create_role(by=request.member, now=now(), **form.cleaned_data)
        except Refused as refused:
            form.add_error(refused.field or None, str(refused))
        else:
            messages.success(request, f"{role.name} is made. Say what it may do, then give it to members.")
            return redirect("role", role.pk)
    return page(request, "tenants/role_new.html", {"form": form}, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@requires("admin.manage")
def edit(request: MemberRequest, role_id: int) -> HttpResponse:
    """One role: its limits and, of a custom one, its name and what it may do."""
    if request.method == "POST":
        lock_roles()
    role = get_object_or_404(Role, pk=role_id)
    form = RoleForm(request.POST if request.method == "POST" else None, role=role, by=request.member)
    if form.is_bound and form.is_valid() and _change(form, role, request.member):
        messages.success(request, f"{role.name} is saved. It holds from now on.")
        return redirect("roles")
    context = {
        "form": form,
        "role": role,
        "default_limit": EMAILS_PER_DAY,
        "topics": by_topic(),
        "readable": {
            topic: [(ACTIONS[action], _shown(role, action)[1]) for action in actions]
            for topic, actions in by_topic()
        },
        "members": list(Member.objects.filter(role=role).select_related("user").order_by("user__name", "pk")),
    }
    return page(request, "tenants/role.html", context, status=422 if form.errors else 200)


@require_POST
@requires("admin.manage")
def delete(request: MemberRequest, role_id: int) -> HttpResponse:
    """Delete a custom role that nobody has."""
    role = get_object_or_404(Role, pk=role_id)
    try:
        delete_role(role=role, by=request.member, now=now())
    except Refused as refused:
        messages.error(request, str(refused))
        return redirect("role", role_id)
    messages.success(request, f"{role.name} is deleted.")
    return redirect("roles")


@require_POST
@requires("admin.manage")
def reps(request: MemberRequest) -> HttpResponse:
    """Whether sales reps create, edit and activate sequences of their own."""
    allowed = request.POST.get("allowed") == "1"
    if let_reps_create(allowed=allowed, by=request.member, now=now()):
        what = "create and edit sequences of their own" if allowed else "only view sequences"
        messages.success(request, f"Sales reps now {what}.")
    return redirect("roles")


def by_topic() -> list[tuple[str, list[str]]]:
    """The actions under the headings of the pages."""
    order = list(TOPICS.values())
    rows: Iterable[str] = sorted(ACTIONS, key=lambda action: order.index(_topic(action)))
    return [(topic, list(actions)) for topic, actions in groupby(rows, key=_topic)]


def _shown(role: Role, action: str) -> tuple[str, str]:
    """The scope, and how it is called; where scopes do not differ, yes or no."""
    reach = role.permissions.get(action, NONE)
    if action not in REACHING:
        return ("none", "no") if reach == NONE else ("all", "yes")
    return reach, words_of(reach, action).lower()


def _topic(action: str) -> str:
    return TOPICS[action.partition(".")[0]]


def _change(form: RoleForm, role: Role, by: Member) -> bool:
    try:
        change_role(role=role, by=by, now=now(), **form.values)
    except Refused as refused:
        form.add_error(refused.field or None, str(refused))
        return False
    return True
