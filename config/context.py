"""What stands around every page: the sidebar's entries for this member, quick-add, profile menu, messages."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest
from django.urls import Resolver404, resolve
from django.utils import timezone

from config.quota import Quota, quota_of
from messaging.standing import Standing, standing_for
from tenants.models import Member
from tenants.policy import can


@dataclass(frozen=True)
class Entry:
    """An entry of the sidebar or of a menu; shown to members who may do ``action`` and where a page answers."""

    label: str
    icon: str
    path: str
    actions: tuple[str, ...] = ()
    under: tuple[str, ...] = ()
    """Other paths whose pages belong to this entry."""

    def is_for(self, member: Member) -> bool:
        allowed = not self.actions or any(can(member, action) for action in self.actions)
        return allowed and _answers(self.path)

    def is_current(self, path: str) -> bool:
        return any(path.startswith(prefix) for prefix in (self.path, *self.under))


NAV = (
    Entry("Today", "inbox-stack", "/activities/", ("reminder.work",)),
    Entry("Inbox", "chat-bubble-left-right", "/replies/", ("record.view",)),
    Entry("Sequences", "bars-arrow-down", "/sequences/", ("sequence.view",)),
    Entry("Contacts", "users", "/contacts/", ("record.view",), under=("/imports/",)),
    Entry("Companies", "building-office-2", "/companies/", ("record.view",)),
    Entry("Opportunities", "briefcase", "/opportunities/", ("record.view",)),
    Entry("Templates", "document-text", "/templates/", ("template.personal", "template.shared")),
    Entry("Reports", "chart-bar", "/reports/", ("report.view",)),
)
STOP = Entry("Stop sending", "hand-raised", "/settings/sending/", ("sending.stop",))
SETTINGS = Entry("Settings", "cog-6-tooth", "/settings/")
DEMO = Entry("Demonstration mailbox", "envelope-open", "/demo/")
QUICK_ADD = (
    Entry("Create sales sequence", "bars-arrow-down", "/sequences/new/", ("sequence.create",)),
    Entry("Import people", "arrow-up-tray", "/imports/new/", ("import.run",)),
    Entry("Add contact", "user-plus", "/contacts/new/", ("record.edit",)),
    Entry("Add company", "building-office-2", "/companies/new/", ("record.edit",)),
    Entry("Add opportunity", "briefcase", "/opportunities/new/", ("record.edit",)),
    Entry("Write template", "document-plus", "/templates/new/", ("template.personal", "template.shared")),
)
PROFILE = (
    Entry("Sales sequences", "bars-arrow-down", "/sequences/", ("sequence.view",)),
    Entry("My settings", "user-circle", "/settings/profile/"),
    Entry("Password", "key", "/accounts/password/change/"),
    Entry("Devices", "computer-desktop", "/accounts/sessions/"),
)
SEARCH = Entry("Search contacts", "magnifying-glass", "/contacts/", ("record.view",))


class Chrome:
    """Worked out only when a template asks: fragments ask for nothing of it."""

    def __init__(self, request: HttpRequest) -> None:
        self.request = request
        self.mode = settings.MODE

    @cached_property
    def member(self) -> Member | None:
        return getattr(self.request, "member", None)

    @cached_property
    def workspace(self) -> str:
        membership = getattr(self.request, "membership", None)
        return membership.tenant.name if membership else ""

    @cached_property
    def workspaces(self) -> list[tuple[int, str, bool]]:
        """Where else the user may go: id, name, whether they are there now. Empty for members of a single one."""
        here = getattr(self.request, "membership", None)
        mine = getattr(self.request, "memberships", [])
        return [(m.tenant_id, m.tenant.name, m == here) for m in mine] if len(mine) > 1 else []

    @cached_property
    def nav(self) -> list[Entry]:
        return self._for_member(NAV)

    @cached_property
    def stop(self) -> Entry | None:
        """Where all sending is stopped, a step from every page."""
        return next(iter(self._for_member((STOP,))), None)

    @cached_property
    def settings(self) -> Entry | None:
        return next(iter(self._for_member((SETTINGS,))), None)

    @cached_property
    def demo(self) -> Entry | None:
        """The mailbox of the demonstration, linked from every page of it."""
        return DEMO if self.mode == "demo" else None

    @cached_property
    def quick_add(self) -> list[Entry]:
        return self._for_member(QUICK_ADD)

    @cached_property
    def profile(self) -> list[Entry]:
        return self._for_member(PROFILE)

    @cached_property
    def search(self) -> Entry | None:
        return next(iter(self._for_member((SEARCH,))), None)

    @cached_property
    def quota(self) -> Quota | None:
        return quota_of(self.member, timezone.now()) if self.member and self.member.pk else None

    @cached_property
    def standing(self) -> tuple[list[Standing], int]:
        """What sending is stopped, as far as it concerns the member, and how many stops more."""
        return standing_for(self.member) if self.member and self.member.pk else ([], 0)

    @cached_property
    def is_trial(self) -> bool:
        """Mails go only to the trial list."""
        membership = getattr(self.request, "membership", None)
        return bool(membership and getattr(membership.tenant, "is_trial", False))

    @cached_property
    def messages(self) -> list[Any]:
        return list(messages.get_messages(self.request))

    def _for_member(self, entries: tuple[Entry, ...]) -> list[Entry]:
        return [entry for entry in entries if self.member is not None and entry.is_for(self.member)]


@lru_cache
def _answers(path: str) -> bool:
    try:
        resolve(path)
    except Resolver404:
        return False
    return True


def chrome(request: HttpRequest) -> dict[str, Chrome]:
    """Context processor: one name, so that nothing of a view's own context is covered."""
    return {"chrome": Chrome(request)}
