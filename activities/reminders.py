"""Reminders: what a person has to do. The one writer of their state.

open → completed | skipped (by a person) | cancelled (the stay ended, the step was removed)
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.db.models import QuerySet

from activities.models import Fact, Reminder
from activities.signals import reminder_closed, reminder_closing, reminders_skipped
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
    return _close(reminder, Reminder.COMPLETED, by, now, outcome.strip(), note)


@transaction.atomic
def skip(*, reminder: Reminder, by: Member | None, now: datetime, note: str = "") -> bool:
    """A person decided not to do it. False, and nothing happens, when it is not open any more."""
    return _close(reminder, Reminder.SKIPPED, by, now, "", note)


@transaction.atomic
def skip_all(of: QuerySet[Reminder], *, by: Member, now: datetime) -> int:
    """Skip those of these that are open and that ``by`` may work; of how many stays. A few statements, however many.

    The caller holds whatever is locked before a reminder, as ``reminder_closing`` lets others do for a single one.
    """
    mine = policy.visible(by, "reminder.work", of.filter(state=Reminder.OPEN), owner="assignee")
    ids = list(mine.order_by("pk").select_for_update(no_key=True, of=("self",)).values_list("pk", flat=True))
    Reminder.objects.filter(pk__in=ids).update(state=Reminder.SKIPPED, closed_at=now, closed_by=by)
    skipped = list(Reminder.objects.filter(pk__in=ids).select_related("contact", "closed_by").order_by("pk"))
    Fact.objects.bulk_create(_line(reminder, now) for reminder in skipped)
    reminders_skipped.send(sender=Reminder, reminders=skipped, at=now)
    return len({reminder.enrollment_id for reminder in skipped})


def _close(reminder: Reminder, state: str, by: Member | None, now: datetime, outcome: str, note: str) -> bool:
    if by is not None:
        policy.require(by, "reminder.work", reminder)
    reminder_closing.send(sender=Reminder, reminder=reminder)
    row = Reminder.objects.select_for_update(no_key=True).filter(pk=reminder.pk, state=Reminder.OPEN).first()
    if row is None:
        return False
    row.state, row.closed_at, row.closed_by, row.outcome, row.note = state, now, by, outcome, note
    row.save(update_fields=["state", "closed_at", "closed_by", "outcome", "note"])
    _line(row, now).save()
    reminder_closed.send(sender=Reminder, reminder=row, at=now)
    if state == Reminder.COMPLETED:
        _mark(row, now)
    return True


def _line(row: Reminder, now: datetime) -> Fact:
    """The line of the timeline."""
    said = {"reminder": row.pk, "title": row.title, "outcome": row.outcome, "note": row.note}
    return Fact(
        contact_id=row.contact_id,
        account_id=row.contact.account_id,
        kind=f"{row.kind}_{row.state}",
        at=now,
        enrollment_id=row.enrollment_id,
        member=row.closed_by,
        data={key: value for key, value in said.items() if value},
    )


def _mark(row: Reminder, now: datetime) -> None:
    """Activity fields (semantics 6.5). What a person sent for a stay is a message, and marks them itself."""
    if row.kind in WORK:
        event, type_ = WORK[row.kind]
        activity.mark([row.contact_id], event, now, type=type_ or row.settings.get("type") or None)
    elif row.enrollment_id is None:
        activity.mark([row.contact_id], activity.Event.SENT, now, type=SENDING[row.kind])


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
