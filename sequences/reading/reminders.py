"""The reminders that a sequence made, as its page lists them: what is to be done, soonest first, or was done last."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet

from activities.models import Reminder
from audience.models import Contact
from sequences.cursors import Cursor
from sequences.models import Enrollment, Sequence
from sequences.records.reminders import with_people
from tenants.models import Member
from tenants.policy import visible

PAGE = 50
OPEN, OVERDUE, CLOSED = "open", "overdue", "closed"
KINDS = ("call", "task", "email_reminder", "sms_reminder", "linkedin")


@dataclass(frozen=True)
class Wanted:
    """Which are asked for: open, overdue or closed ones; of one kind; those of the member alone."""

    state: str = OPEN
    kind: str = ""
    is_mine: bool = False

    @classmethod
    def asked(cls, query: Mapping[str, str]) -> Wanted:
        """As an address asks for them; what it asks wrongly is left out."""
        state, kind = query.get("state", ""), query.get("kind", "")
        return cls(
            state if state in (OVERDUE, CLOSED) else OPEN,
            kind if kind in KINDS else "",
            query.get("whose") == "mine",
        )

    @property
    def query(self) -> dict[str, str]:
        """The same as an address says it."""
        asked = {
            "state": self.state if self.state != OPEN else "",
            "kind": self.kind,
            "whose": "mine" if self.is_mine else "",
        }
        return {name: value for name, value in asked.items() if value}


def reminders_in(sequence: Sequence, wanted: Wanted, member: Member, *, now: datetime) -> QuerySet[Reminder]:
    """Those of people whom the member may see, in their order: by due time, of closed ones the latest first."""
    stays = Enrollment.objects.filter(sequence=sequence).values("pk")
    seen = visible(member, "record.view", Contact.objects.all()).values("pk")
    found = Reminder.objects.filter(_state(wanted.state, now), enrollment_id__in=stays, contact__in=seen)
    if wanted.kind in KINDS:
        found = found.filter(kind=wanted.kind)
    if wanted.is_mine:
        found = found.filter(assignee=member)
    order = ("-closed_at", "-pk") if wanted.state == CLOSED else ("due_at", "pk")
    return with_people(found).order_by(*order)


def after(found: QuerySet[Reminder], wanted: Wanted, key: Cursor) -> QuerySet[Reminder]:
    """What comes after a place in their order."""
    at, pk = key
    if wanted.state == CLOSED:
        return found.filter(Q(closed_at__lt=at) | Q(closed_at=at, pk__lt=pk))
    return found.filter(Q(due_at__gt=at) | Q(due_at=at, pk__gt=pk))


def key_of(reminder: Reminder, wanted: Wanted) -> Cursor:
    """The place of one in that order."""
    at = reminder.closed_at if wanted.state == CLOSED else reminder.due_at
    assert at is not None
    return at, reminder.pk


def _state(state: str, now: datetime) -> Q:
    if state == CLOSED:
        return ~Q(state=Reminder.OPEN) & Q(closed_at__isnull=False)
    is_open: Any = Q(state=Reminder.OPEN)
    return is_open & Q(due_at__lt=now) if state == OVERDUE else is_open
