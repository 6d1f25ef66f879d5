"""Moving a sequence through its states: draft → active ⇄ paused; active or paused → archived (semantics 2.1).

Each verb returns whether it changed anything: pausing what is paused, or a draft, does nothing.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction

from messaging import outbox, stops
from messaging.models import Mailbox
from sequences import checking, enrollment, schedule, standstill
from sequences.commands import confirming
from sequences.commands.editing import SETTINGS
from sequences.models import Addition, Sequence, Status
from sequences.refusals import Refused
from sequences.seen import mark_of_all, refuse_unseen
from tenants.commands import audit
from tenants.models import Member
from tenants.policy import require

FINISH, END = "finish", "end"
"""What becomes of those inside an archived sequence: they go on, or their stays end."""

PAUSED = "paused"


@transaction.atomic
def activate(
    *, sequence: Sequence, by: Member, now: datetime, confirmed: int | None = None, seen: str = ""
) -> bool:
    """Have a draft run from ``now`` on (semantics 2.6). Raises Refused with the first fault that forbids it.

    ``seen``: the mark of the sequence that a page showed; one that others have changed meanwhile is refused.

    Where its first run would let in more people than the workspace's ``confirm_above``, ``confirmed`` is their number
    as a person has typed it; else raises TooMany. Meanwhile it may have become a little less, not more.
    """
    require(by, "sequence.edit", sequence)
    row = _held(sequence, now)
    if row.status != Status.DRAFT:
        return False
    refuse_unseen(row, seen, mark_of_all(row, SETTINGS | {"views"}), by, "then activate")
    _refuse_faulty(row)
    people = confirming.refuse_many(row, confirmed, now=now)
    begin(row, now=now)
    return _done(sequence, row, by=by, now=now, verb="sequence.activate", people=people)


@transaction.atomic
def pause(*, sequence: Sequence, by: Member, now: datetime) -> bool:
    """Stop its runs, and what it made and did not hand over; both go on with ``resume`` (semantics 2.33)."""
    require(by, "sequence.edit", sequence)
    row = _held(sequence, now)
    if row.status != Status.ACTIVE:
        return False
    row.status, row.paused_at = Status.PAUSED, now
    standstill.begin(row, now=now)
    stops.stop(stops.SEQUENCE, [row.pk], kind=PAUSED, at=now, source="person")
    outbox.hold(enrollment.inside(row), now=now)
    _settle(row, now)
    return _done(sequence, row, by=by, now=now, verb="sequence.pause")


@transaction.atomic
def resume(
    *,
    sequence: Sequence,
    by: Member,
    now: datetime,
    confirmed: int | None = None,
    is_confirmed_before: bool = False,
) -> bool:
    """Let a paused sequence go on: its next run is the first allowed instant from now on (semantics 2.6).

    Where more people than the workspace's ``confirm_above`` would get mail at once, ``confirmed`` is their number as a
    person has typed it, or ``is_confirmed_before``; else raises TooMany.
    """
    require(by, "sequence.edit", sequence)
    row = _held(sequence, now)
    if row.status != Status.PAUSED:
        return False
    people = 0 if is_confirmed_before else confirming.refuse_many_at_once(row, confirmed, now=now)
    go_on(row, now=now)
    return _done(sequence, row, by=by, now=now, verb="sequence.resume", people=people)


@transaction.atomic
def archive(*, sequence: Sequence, by: Member, now: datetime, inside: str = FINISH) -> bool:
    """Admit nobody any more. Those inside finish, also when it was paused, or their stays end as removed.

    Its schedule stays: a run that is due and late happens for those inside (semantics 2.7).
    """
    assert inside in (FINISH, END), inside
    require(by, "sequence.edit", sequence)
    row = _held(sequence, now)
    if row.status not in (Status.ACTIVE, Status.PAUSED):
        return False
    was_paused = row.status == Status.PAUSED
    row.status, row.archived_at = Status.ARCHIVED, now
    Addition.objects.filter(sequence=row).delete()
    if inside == END:
        enrollment.leave(row, enrollment.inside(row), reason=enrollment.REMOVED, now=now)
    if was_paused:
        _release(row, now)
        _settle(row, now)
    else:
        _keep(row)
        schedule.stop_if_over(row)
    return _done(sequence, row, by=by, now=now, verb="sequence.archive", inside=inside)


@transaction.atomic
def pause_owned_by(*, member: Member, by: Member | None, now: datetime) -> int:
    """What follows when a member is deactivated (semantics 2.29): their sequences pause, their messages wait.

    How many sequences were paused. Where others' sequences send through them, contacts are held by the next run.
    """
    stops.stop(stops.MEMBER, [member.pk], kind=PAUSED, at=now, source="deactivated")
    owned = Sequence.objects.filter(owner=member, status=Status.ACTIVE).order_by("pk")
    for row in enrollment.hold_rows(owned.values_list("pk", flat=True)):
        schedule.settle_missed(row, now=now)
        row.status, row.paused_at = Status.PAUSED, now
        standstill.begin(row, now=now)
        stops.stop(stops.SEQUENCE, [row.pk], kind=PAUSED, at=now, source="deactivated")
        outbox.hold(enrollment.inside(row), now=now)
        _settle(row, now)
        audit(by=by, verb="sequence.pause", obj=row, at=now, because="its owner was deactivated")
    return len(owned)


@transaction.atomic
def admit_sender(*, member: Member, now: datetime) -> None:
    """What follows when a member is active again: what others' sequences made in their name may leave.

    Their own sequences stay paused until somebody resumes them.
    """
    stops.lift(stops.MEMBER, [member.pk], kind=PAUSED, at=now)
    for mailbox in Mailbox.objects.filter(member=member, state=Mailbox.WORKING):
        outbox.release_mailbox(mailbox.pk, now=now)


def begin(row: Sequence, *, now: datetime) -> None:
    """Make a draft active. Its checks and its audit line are the caller's."""
    assert row.status == Status.DRAFT, row.status
    row.plan.published_at = row.plan.published_at or now
    row.plan.save(update_fields=["published_at"])
    row.status, row.activated_at = Status.ACTIVE, now
    _settle(row, now)


def go_on(row: Sequence, *, now: datetime) -> None:
    """Make a paused sequence active again. Its audit line is the caller's."""
    assert row.status == Status.PAUSED, row.status
    row.status, row.activated_at = Status.ACTIVE, row.activated_at or now
    _release(row, now)
    _settle(row, now)


def _held(sequence: Sequence, now: datetime) -> Sequence:
    (row,) = enrollment.hold_rows([sequence.pk])
    schedule.settle_missed(row, now=now)
    return row


def _release(row: Sequence, now: datetime) -> None:
    """The pause of the sequence is over; those who are paused themselves stay so."""
    stops.lift(stops.SEQUENCE, [row.pk], kind=PAUSED, at=now)
    standstill.end(row, enrollment.not_paused(row), now=now)
    outbox.release(enrollment.not_paused(row), now=now)
    row.paused_at = None


def _settle(row: Sequence, now: datetime) -> None:
    """Keep the new state and when the sequence runs next."""
    _keep(row)
    schedule.set_next(row, since=now)


def _keep(row: Sequence) -> None:
    row.save(update_fields=["status", "activated_at", "paused_at", "archived_at"])


def _done(sequence: Sequence, row: Sequence, *, by: Member, now: datetime, verb: str, **said: Any) -> bool:
    audit(by=by, verb=verb, obj=row, at=now, **said)
    sequence.refresh_from_db(fields=["status", "activated_at", "paused_at", "archived_at"])
    return True


def _refuse_faulty(row: Sequence) -> None:
    found = checking.faults_of(row)
    if found:
        more = f" There are {len(found) - 1} more faults." if len(found) > 1 else ""
        raise Refused(f"{found[0].message}{more}", found[0].field)
