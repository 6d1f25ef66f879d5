"""The one writer of activity fields, on contacts and their accounts of that moment, the latest wins (semantics 6.5)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from typing import Any

from django.db import connection
from django.db.models import Case, F, Q, QuerySet, TextField, Value, When
from django.db.models.expressions import Combinable, RawSQL
from django.db.models.functions import Greatest
from django.db.models.lookups import Exact

from audience.models import Account, Contact

MOMENTS = ("last_sent_at", "last_opened_at", "last_clicked_at", "last_replied_at", "last_activity_at")
NO_REPLY, OPENED_BUT_NO_REPLY = "No reply", "Opened but no reply"

Contacts = Iterable[int] | QuerySet[Any, Any] | RawSQL


class Event(StrEnum):
    """What happened to a contact. The values may be given as plain texts."""

    SENT = "sent"  # e-mail or SMS sent, e-mail or SMS reminder completed
    OPENED = "opened"
    CLICKED = "clicked"
    REPLIED = "replied"  # to a message
    WROTE = "wrote"  # a reply that answers no message
    CALLED = "called"  # a call completed
    WAS_CALLED = "was_called"  # a call of theirs, written down
    CHATTED = "chatted"  # a chat, written down
    WORKED = "worked"  # a task or LinkedIn step completed


STAMPS = {
    Event.SENT: ("last_sent_at",),
    Event.OPENED: ("last_opened_at",),
    Event.CLICKED: ("last_clicked_at", "last_opened_at"),
    Event.REPLIED: ("last_replied_at", "last_opened_at"),
    Event.WROTE: ("last_replied_at",),
    Event.CALLED: (),
    Event.WAS_CALLED: (),
    Event.CHATTED: (),
    Event.WORKED: (),
}
MODE = {
    Event.SENT: NO_REPLY,
    Event.OPENED: OPENED_BUT_NO_REPLY,
    Event.CLICKED: OPENED_BUT_NO_REPLY,
    Event.REPLIED: "Replied",
    Event.WROTE: "Replied",
    Event.CALLED: "Outgoing call",
    Event.WAS_CALLED: "Incoming call",
    Event.CHATTED: "Chat",
    Event.WORKED: "Sales Activity",
}
TYPE = {Event.CALLED: "Call", Event.WAS_CALLED: "Call", Event.CHATTED: "Chat", Event.WORKED: "Task"}


def mark(contacts: Contacts, event: Event | str, at: datetime, type: str | None = None) -> None:
    """Keep the activity fields of these contacts and of their accounts for one event at ``at``.

    ``contacts``: ids, a queryset of them, or RawSQL that selects them. ``type`` is the activity type where the event
    sets one: ``SMS`` or ``Email`` (an e-mail reminder) of what was sent, the task's own type or ``LinkedIn``; a call is
    ``Call`` and a task ``Task`` by themselves. What comes late overwrites nothing that happened after it.
    """
    event = Event(event)
    people = Contact.objects.filter(pk__in=contacts)
    companies = Account.objects.filter(pk__in=people.values("account"))
    changes = _changes(event, at, type or TYPE.get(event))
    for rows in (people, companies):
        _lock(rows)
        rows.update(**changes)


def _changes(event: Event, at: datetime, type_: str | None) -> dict[str, Combinable]:
    changes: dict[str, Combinable] = {name: Greatest(F(name), Value(at)) for name in STAMPS[event]}
    is_latest = Q(Exact(Greatest(*map(F, MOMENTS), Value(at)), at))
    if MODE[event] == OPENED_BUT_NO_REPLY:
        is_latest &= Q(last_contacted_mode=NO_REPLY)
    changes["last_contacted_mode"] = _where(is_latest, MODE[event], "last_contacted_mode")
    if type_:
        is_newer = Q(last_activity_at__isnull=True) | Q(last_activity_at__lte=at)
        changes["last_activity_type"] = _where(is_newer, type_, "last_activity_type")
        changes["last_activity_at"] = Greatest(F("last_activity_at"), Value(at))
    return changes


def _where(condition: Q, value: str, column: str) -> Case:
    return Case(When(condition, then=Value(value)), default=F(column), output_field=TextField())


def _lock(rows: QuerySet[Any]) -> None:
    """Take the locks in the order of ids: deliveries that touch the same people or companies must not deadlock."""
    sql, params = rows.order_by("pk").select_for_update(no_key=True).values("pk").query.sql_with_params()
    with connection.cursor() as cursor:
        # Counted in the database: 200,000 ids need not come here.
        cursor.execute(f"SELECT count(*) FROM ({sql}) AS locked", params)
