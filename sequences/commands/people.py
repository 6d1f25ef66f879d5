"""Adding people to a sequence by hand, removing them, pausing them and letting them go on: single or in bulk.

``contacts`` are ids. Every verb is a handful of statements, however many they are, and returns how many it concerned.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime

from django.db import connection, transaction

from activities import reminders
from activities.models import Reminder
from sequences import agenda, enrollment
from sequences.models import Addition, Enrollment, Sequence, Status
from sequences.refusals import Refused, TooMany
from tenants.commands import audit
from tenants.confirming import is_confirmed
from tenants.models import Member
from tenants.policy import can, require

MOST_SAID = 100
"""Ids of so many people stand in a line of the audit log; of more than that only their number."""


@transaction.atomic
def add(
    *,
    sequence: Sequence,
    contacts: Iterable[int],
    by: Member,
    now: datetime,
    confirmed: int | None = None,
    is_confirmed_before: bool = False,
) -> int:
    """Have these people decided at the next run (semantics 2.13); how many wait now who did not before.

    Who is inside or waiting already is left alone, and who was inside before, unless ``by`` may add people again:
    ``sequences.reading.adding.picked`` says beforehand who they are. Raises Refused for an archived sequence, which
    admits nobody, and TooMany for more than the workspace's ``confirm_above``, unless ``confirmed`` is their number as
    a person typed it, or somebody typed that of a whole before of which these are a batch.
    """
    require(by, "enrollment.manage", sequence)
    ids = sorted(set(contacts))
    if Sequence.objects.filter(pk=sequence.pk, status=Status.ARCHIVED).exists():
        raise Refused(f"{sequence.name} is archived and admits nobody any more.")
    with connection.cursor() as cursor:
        cursor.execute(
            """INSERT INTO sequences_addition (sequence_id, contact_id, by_id, at)
               SELECT %s, c.id, %s, %s FROM audience_contact c
               WHERE c.id = ANY(%s) AND NOT EXISTS (
                   SELECT 1 FROM sequences_enrollment e WHERE e.sequence_id = %s AND e.contact_id = c.id
                   AND (e.state IN ('active', 'paused') OR NOT %s))
               ORDER BY c.id ON CONFLICT (tenant_id, sequence_id, contact_id) DO NOTHING""",
            [sequence.pk, by.pk, now, ids, sequence.pk, can(by, "enrollment.override")],
        )
        added = int(cursor.rowcount)
    if not is_confirmed_before and not is_confirmed(added, confirmed):
        raise TooMany(added, f"{added:,} people would wait for the next run.")
    if added:
        agenda.wake([sequence.pk], now=now)
    return _done(sequence, "people.add", ids, added, by, now)


@transaction.atomic
def remove(*, sequence: Sequence, contacts: Iterable[int], by: Member, now: datetime) -> int:
    """End their stays as removed, paused ones, too, and take back additions that wait (semantics 2.13)."""
    row, ids = _held(sequence, by), sorted(set(contacts))
    waiting, _ = Addition.objects.filter(sequence=row, contact__in=ids).delete()
    left = enrollment.leave(row, enrollment.stays_of(row, ids), reason=enrollment.REMOVED, now=now)
    return _done(row, "people.remove", ids, waiting + left, by, now)


@transaction.atomic
def pause(*, sequence: Sequence, contacts: Iterable[int], by: Member, now: datetime) -> int:
    """Stop their days until somebody lets them go on (semantics 2.33). A pause after an automatic reply becomes one."""
    row, ids = _held(sequence, by), sorted(set(contacts))
    stays = enrollment.stays_of(row, ids)
    paused = enrollment.pause(row, stays, reason=enrollment.MANUAL, now=now, by=by)
    return _done(row, "people.pause", ids, paused, by, now)


@transaction.atomic
def resume(*, sequence: Sequence, contacts: Iterable[int], by: Member, now: datetime) -> int:
    """Let the paused ones go on where they stopped, whatever paused them."""
    row, ids = _held(sequence, by), sorted(set(contacts))
    resumed = enrollment.resume(row, enrollment.stays_of(row, ids), now=now, by=by)
    agenda.wake([row.pk], now=now)
    return _done(row, "people.resume", ids, resumed, by, now)


@transaction.atomic
def skip_reminders(*, sequence: Sequence, contacts: Iterable[int], by: Member, now: datetime) -> int:
    """Skip the open reminders of their stays, as far as ``by`` may work them (semantics 2.34); of how many stays."""
    row, ids = _held(sequence, by), sorted(set(contacts))
    stays = Enrollment.objects.filter(sequence=row, contact__in=ids)
    of_stays = Reminder.objects.filter(enrollment_id__in=stays.values("pk"))
    closed = reminders.these(reminders.skip_all(of_stays, by=by, now=now))
    skipped = closed.values("enrollment_id").distinct().count()
    return _done(row, "people.skip", ids, skipped, by, now)


def _held(sequence: Sequence, by: Member) -> Sequence:
    require(by, "enrollment.manage", sequence)
    (row,) = enrollment.hold_rows([sequence.pk])
    return row


def _done(sequence: Sequence, verb: str, ids: Collection[int], count: int, by: Member, now: datetime) -> int:
    if count:
        contacts = list(ids) if len(ids) <= MOST_SAID else []
        audit(by=by, verb=verb, obj=sequence, at=now, count=count, contacts=contacts)
    return count
