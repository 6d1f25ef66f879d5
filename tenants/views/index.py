"""What can be set, as cards: each member sees those that concern them."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import Resolver404, resolve
from django.views.decorators.http import require_safe

from tenants.access import MemberRequest
from tenants.models import Member
from tenants.policy import can


@dataclass(frozen=True)
class Card:
    """A page of the settings; shown to who may do one of ``actions`` (none: to everyone), where a page answers."""

    title: str
    text: str
    icon: str
    path: str
    actions: tuple[str, ...] = ()

    def is_for(self, member: Member) -> bool:
        return (not self.actions or any(can(member, action) for action in self.actions)) and self._answers()

    def _answers(self) -> bool:
        try:
            resolve(self.path)
        except Resolver404:
            return False
        return True


YOURS = (
    Card("My settings", "Name, time zone, signature and password.", "user-circle", "/settings/profile/"),
    Card(
        "Mailboxes",
        "From where your mail leaves, and whether it works.",
        "envelope",
        "/settings/mailboxes/",
        ("mailbox.connect", "mailbox.manage"),
    ),
)
EVERYBODYS = (
    Card(
        "Workspace",
        "Name, time zone, country, and the postal address under each mail.",
        "building-office",
        "/settings/workspace/",
        ("policy.edit", "admin.manage"),
    ),
    Card(
        "Sending",
        "Stop everything at once, and try things on a few addresses.",
        "hand-raised",
        "/settings/sending/",
        ("sending.stop", "policy.edit", "admin.manage"),
    ),
    Card(
        "Members",
        "Who works here, in which role and team, and how much each may send.",
        "users",
        "/settings/members/",
        ("admin.manage",),
    ),
    Card("Roles", "What each role may see and do.", "key", "/settings/roles/", ("admin.manage",)),
    Card(
        "Fields",
        "Fields of your own on contacts, companies and opportunities.",
        "adjustments-horizontal",
        "/settings/fields/",
        ("admin.manage",),
    ),
    Card(
        "Lists of values",
        "Stages, types of activities, outcomes of calls.",
        "list-bullet",
        "/settings/lists/",
        ("admin.manage",),
    ),
    Card(
        "Step types",
        "Whether sequences may have steps on LinkedIn.",
        "bars-arrow-down",
        "/settings/steps/",
        ("policy.edit", "admin.manage"),
    ),
    Card("Tags", "Which there are; rename them, take them away.", "tag", "/settings/tags/", ("tag.manage",)),
    Card(
        "Suppression list",
        "Addresses and numbers that nothing is sent to.",
        "no-symbol",
        "/settings/suppression/",
        ("suppression.view",),
    ),
)


@require_safe
def index(request: MemberRequest) -> HttpResponse:
    """The first page of the settings."""
    member = request.member
    groups = [
        (title, [(card.icon, card.title, card.text, card.path) for card in cards if card.is_for(member)])
        for title, cards in (("You", YOURS), (request.membership.tenant.name, EVERYBODYS))
    ]
    return render(request, "tenants/settings.html", {"groups": [group for group in groups if group[1]]})
