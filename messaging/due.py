"""When to look at a mailbox next, and who may look: the rows of MailboxDue, and a mailbox's places."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import Value
from django.db.models.functions import Greatest

from messaging import stops
from messaging.models import MailboxDue, Message
from tenants.wall import use

MUCH = 50

PICK = """
    SELECT d.tenant_id, d.mailbox_id FROM messaging_mailboxdue AS d
    WHERE d.due_at <= %(now)s
    ORDER BY (SELECT count(*) FROM messaging_mailboxdue AS v
              WHERE v.tenant_id = d.tenant_id AND v.visited_until > %(now)s), d.due_at, d.id
    LIMIT 1 FOR UPDATE OF d SKIP LOCKED
"""
NEXT = """
    UPDATE messaging_mailboxdue AS d SET visited_until = NULL, due_at = LEAST(
        (SELECT GREATEST(m.due_at, box.backoff_until) FROM messaging_message AS m
         WHERE m.mailbox_id = d.mailbox_id AND m.state = 'pending' AND m.held_since IS NULL
         ORDER BY m.due_at, m.id LIMIT 1),
        (SELECT min(m.lease_until) FROM messaging_message AS m
         WHERE m.mailbox_id = d.mailbox_id AND m.state IN ('leased', 'sending')))
    FROM messaging_mailbox AS box
    WHERE box.id = d.mailbox_id AND d.tenant_id = box.tenant_id AND d.id = %s
"""


def mailboxes(*, now: datetime, tenant_id: int | None = None) -> list[tuple[int, int]]:
    """Tenant and mailbox of those that have something to do, the longest waiting first."""
    found = MailboxDue.objects.filter(due_at__lte=now)
    if tenant_id is not None:
        found = found.filter(tenant_id=tenant_id)
    return list(found.order_by("due_at", "pk").values_list("tenant_id", "mailbox_id"))


def is_much(tenant_id: int, mailbox_id: int, *, now: datetime) -> bool:
    """Whether so much waits in a mailbox that a second worker is of use."""
    with use(tenant_id):
        waiting = Message.objects.filter(
            mailbox_id=mailbox_id, state="pending", held_since=None, due_at__lte=now
        )
        return len(waiting.values_list("pk")[:MUCH]) == MUCH


def oldest(*, now: datetime) -> timedelta:
    """For how long delivery has been behind: since when the longest waiting mailbox should have been looked at."""
    found = MailboxDue.objects.filter(due_at__lte=now).order_by("due_at").values_list("due_at", flat=True)
    return now - (found.first() or now)


def put_off(tenant_id: int, mailbox_id: int, *, until: datetime) -> None:
    """A worker is at it: nobody else need look before ``until``, by when the worker has put it off again or died."""
    found = MailboxDue.objects.filter(tenant_id=tenant_id, mailbox_id=mailbox_id)
    found.update(due_at=Greatest("due_at", Value(until)), visited_until=until)


def pick(*, now: datetime, until: datetime) -> tuple[int, int] | None:
    """Tenant and mailbox to visit next, put off until ``until``; None where nothing is due.

    The one that waits longest, of the tenant that is served least at this moment: a tenant with a thousand mailboxes
    does not make another wait for all of them (R-022). Workers that pick at the same time pick different ones.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(PICK, {"now": now})
        found: tuple[int, int] | None = cursor.fetchone()
        if found is not None:
            put_off(*found, until=until)
    return found


def note_next(tenant_id: int, mailbox_id: int) -> None:
    """Set when to look next by what there is: the first message that waits, or a lease that may run out.

    A run that adds messages holds the row until it commits; then it is left as it is, and one look is in vain. Read
    and written in two statements: the second sees all that was committed before the row was locked.
    """
    with use(tenant_id), connection.cursor() as cursor:
        row = MailboxDue.objects.filter(tenant_id=tenant_id, mailbox_id=mailbox_id)
        locked = row.select_for_update(skip_locked=True).values_list("pk", flat=True).first()
        if locked is not None:
            cursor.execute(NEXT, [locked])


@contextmanager
def place(tenant_id: int, mailbox_id: int, places: int) -> Iterator[bool]:
    """Take one of a mailbox's places, so that it never has more connections than that; False where all are taken.

    A lock of the session: it ends with the worker, however that ends.
    """
    numbers = [stops.advisory_key(tenant_id, "place", f"{mailbox_id}:{n}") for n in range(places)]
    taken = next((number for number in numbers if _lock("pg_try_advisory_lock", number)), None)
    try:
        yield taken is not None
    finally:
        if taken is not None and connection.connection is not None and not connection.connection.closed:
            _lock("pg_advisory_unlock", taken)


def _lock(function: str, number: int) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {function}(%s)", [number])
        (done,) = cursor.fetchone()
    return bool(done)
