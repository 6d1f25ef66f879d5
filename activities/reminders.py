"""Reminders: what a person has to do. The one writer of their state.

open → completed | skipped (by a person) | cancelled (the stay ended, the step was removed)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.db.models import Q, QuerySet, TextField, Value
from django.db.models.expressions import RawSQL
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Coalesce

from activities.models import Reminder
from activities.signals import reminder_closing, reminders_closed
from audience import activity
from tenants import policy
from tenants.models import Member

GIVEN = (
    *("contact_id", "opportunity_id", "kind", "title", "description", "settings", "priority"),
    *("assignee_id", "due_at", "enrollment_id", "step_run_id"),
)
"""The columns that a SELECT for ``add`` gives, by these names, in any order."""

COLUMNS = frozenset({"title", "description", "priority", "assignee", "due"})
"""Settings of a manual step that have columns of their own; the others are kept in ``settings``."""

Some = tuple[str, Sequence[Any]]
"""SQL that selects ids, with its parameters."""

WORK = {
    "call": (activity.Event.CALLED, ""),
    "task": (activity.Event.WORKED, ""),
    "linkedin": (activity.Event.WORKED, "LinkedIn"),
}
SENDING = {"email_reminder": "Email", "sms_reminder": "SMS"}
OWN_TYPE = Coalesce(KeyTextTransform("type", "settings"), Value(""), output_field=TextField())
"""The activity type that a step of a task names."""


def add(select_sql: str, params: Sequence[Any] = (), *, now: datetime) -> int:
    """Make an open reminder for each row of the SELECT, which gives the columns of ``GIVEN``; how many were made."""
    columns = ", ".join(GIVEN)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO activities_reminder (made_at, {columns}) SELECT %s, {columns} FROM ({select_sql}) AS given",
            [now, *params],
        )
        return int(cursor.rowcount)


def cancel(enrollments: Some, *, now: datetime) -> int:
    """Close the open reminders of these stays; how many (semantics 2.18)."""
    return _cancel("enrollment_id", enrollments, now)


def cancel_of_step_runs(step_runs: Some, *, now: datetime) -> int:
    """Close the open reminders that these step runs made: their step is gone (semantics 3.5)."""
    return _cancel("step_run_id", step_runs, now)


@transaction.atomic
def complete(
    *, reminder: Reminder, by: Member | None, now: datetime, outcome: str = "", note: str = ""
) -> bool:
    """A person did it. False, and nothing happens, when it is not open any more (semantics 2.34)."""
    outcomes = {outcome.strip(): [reminder.pk]}
    return _close_one(reminder, by, Closing(Reminder.COMPLETED, now, by, note, outcomes))


@transaction.atomic
def skip(*, reminder: Reminder, by: Member | None, now: datetime, note: str = "") -> bool:
    """A person decided not to do it. False, and nothing happens, when it is not open any more."""
    return _close_one(reminder, by, Closing(Reminder.SKIPPED, now, by, note))


@transaction.atomic
def complete_all(
    of: QuerySet[Reminder], *, by: Member, now: datetime, outcomes: Mapping[str, list[int]] | None = None
) -> list[int]:
    """A person did these: those that are open and that ``by`` may work; which. A few statements, however many.

    ``outcomes``: what calls came to → the ids of those. The caller holds whatever is locked before a reminder, as
    ``reminder_closing`` lets others do for a single one.
    """
    return _close(_workable(of, by), Closing(Reminder.COMPLETED, now, by, outcomes=outcomes or {}))


@transaction.atomic
def skip_all(of: QuerySet[Reminder], *, by: Member, now: datetime) -> list[int]:
    """A person decided not to do these; which. Otherwise as ``complete_all``."""
    return _close(_workable(of, by), Closing(Reminder.SKIPPED, now, by))


@dataclass(frozen=True)
class Closing:
    """How reminders are closed. ``outcomes``: what those of calls came to → the ids of those."""

    state: str
    at: datetime
    by: Member | None
    note: str = ""
    outcomes: Mapping[str, list[int]] = field(default_factory=dict)


def _close_one(reminder: Reminder, by: Member | None, how: Closing) -> bool:
    if by is not None:
        policy.require(by, "reminder.work", reminder)
    reminder_closing.send(sender=Reminder, reminder=reminder)
    return bool(_close(Reminder.objects.filter(pk=reminder.pk), how))


def _workable(of: QuerySet[Reminder], by: Member) -> QuerySet[Reminder]:
    return policy.visible(by, "reminder.work", of, owner="assignee")


def _close(of: QuerySet[Reminder], how: Closing) -> list[int]:
    """The one way out of ``open`` by a person; the ids of those that were open, locked in their order."""
    found = of.filter(state=Reminder.OPEN).order_by("pk").select_for_update(no_key=True, of=("self",))
    ids = list(found.values_list("pk", flat=True))
    if not ids:
        return []
    rows = these(ids)
    rows.update(state=how.state, closed_at=how.at, closed_by=how.by, outcome="", note=how.note)
    for outcome, some in how.outcomes.items():
        if outcome:
            rows.filter(pk__in=some).update(outcome=outcome)
    _write_lines(ids, how.at)
    reminders_closed.send(sender=Reminder, ids=ids, state=how.state, at=how.at)
    if how.state == Reminder.COMPLETED:
        _mark(rows, how.at)
    return ids


def these(ids: list[int]) -> QuerySet[Reminder]:
    """The reminders with these ids, which are one parameter, however many."""
    return Reminder.objects.filter(pk__in=RawSQL("SELECT unnest(%s::bigint[])", [ids]))


def _write_lines(ids: list[int], at: datetime) -> None:
    """The lines of the timeline."""
    with connection.cursor() as cursor:
        cursor.execute(
            """INSERT INTO activities_fact (kind, at, contact_id, account_id, enrollment_id, member_id, data)
               SELECT r.kind || '_' || r.state, %s, r.contact_id, c.account_id, r.enrollment_id, r.closed_by_id,
                      jsonb_strip_nulls(jsonb_build_object('reminder', r.id, 'title', nullif(r.title, ''),
                          'outcome', nullif(r.outcome, ''), 'note', nullif(r.note, '')))
               FROM activities_reminder r JOIN audience_contact c ON c.id = r.contact_id
               WHERE r.id = ANY(%s) ORDER BY r.id""",
            [at, ids],
        )


def _mark(rows: QuerySet[Reminder], now: datetime) -> None:
    """Activity fields (semantics 6.5). What a person sent for a stay is a message, and marks them itself."""
    marked = rows.filter(Q(kind__in=WORK) | Q(enrollment_id=None)).annotate(own=OWN_TYPE)
    for kind, own in marked.order_by("kind", "own").values_list("kind", "own").distinct():
        event, type_ = WORK.get(kind) or (activity.Event.SENT, SENDING[kind])
        alike = marked.filter(kind=kind, own=own).values("contact_id")
        activity.mark(alike, event, now, type=type_ or own or None)


def _cancel(column: str, some: Some, now: datetime) -> int:
    """Locks in order of id, as everything that locks many rows does."""
    sql, params = some
    with connection.cursor() as cursor:
        cursor.execute(
            f"""WITH locked AS (
                    SELECT id FROM activities_reminder WHERE state = 'open' AND {column} IN ({sql})
                    ORDER BY id FOR NO KEY UPDATE
                )
                UPDATE activities_reminder SET state = 'cancelled', closed_at = %s
                WHERE id IN (SELECT id FROM locked)""",
            [*params, now],
        )
        return int(cursor.rowcount)
