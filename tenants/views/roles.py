"""What each role may do, to be read."""

from __future__ import annotations

from itertools import groupby

from django.db.models import Count
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from tenants.access import MemberRequest, requires
from tenants.models import Member, Role
from tenants.roles import ACTIONS, NONE

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
    "policy": "Limits and schedules",
    "admin": "Administration",
    "audit": "Administration",
}


@require_safe
@requires("admin.manage")
def roles(request: MemberRequest) -> HttpResponse:
    """The matrix of roles and actions, by topic."""
    found = list(Role.objects.order_by("pk"))
    people = Member.objects.filter(is_active=True).values_list("role_id").annotate(n=Count("pk"))
    rows = sorted(ACTIONS, key=lambda action: list(TOPICS.values()).index(_topic(action)))
    topics = [
        (
            topic,
            [(ACTIONS[action], [role.permissions.get(action, NONE) for role in found]) for action in actions],
        )
        for topic, actions in groupby(rows, key=_topic)
    ]
    return render(request, "tenants/roles.html", {"roles": found, "topics": topics, "people": dict(people)})


def _topic(action: str) -> str:
    return TOPICS[action.partition(".")[0]]
