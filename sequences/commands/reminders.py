"""Completing and skipping reminders of a sequence, one or several at once (semantics 2.34)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from django.db import transaction

from activities import reminders as activities
from activities.models import Reminder
from sequences import enrollment
from sequences.models import Enrollment, Sequence
from sequences.refusals import Refused
from tenants.models import Member
from tenants.policy import can

CALL = "call"


@transaction.atomic
def complete(
    *, sequence: Sequence, reminders: Iterable[int], by: Member, now: datetime, outcomes: Mapping[int, str]
) -> int:
    """Complete those that are open and that ``by`` may work; how many. ``outcomes``: of calls, by reminder.

    Raises Refused for an outcome that a call does not offer; then none is completed.
    """
    found = _open(sequence, reminders, by)
    for reminder in found:
        _refuse_unoffered(reminder, outcomes.get(reminder.pk, ""))
    done = [
        activities.complete(reminder=reminder, by=by, now=now, outcome=_outcome(reminder, outcomes))
        for reminder in found
    ]
    return sum(done)


@transaction.atomic
def skip(*, sequence: Sequence, reminders: Iterable[int], by: Member, now: datetime) -> int:
    """Skip those that are open and that ``by`` may work; how many."""
    found = _open(sequence, reminders, by)
    return sum(activities.skip(reminder=reminder, by=by, now=now) for reminder in found)


def _open(sequence: Sequence, ids: Iterable[int], by: Member) -> list[Reminder]:
    """The sequence's row is held first, as before everything that moves its stays."""
    enrollment.hold_rows([sequence.pk])
    stays = Enrollment.objects.filter(sequence=sequence).values("pk")
    found = Reminder.objects.filter(pk__in=set(ids), state=Reminder.OPEN, enrollment_id__in=stays)
    found = found.select_related("assignee__team", "contact").order_by("pk")
    return [reminder for reminder in found if can(by, "reminder.work", reminder)]


def _outcome(reminder: Reminder, outcomes: Mapping[int, str]) -> str:
    return outcomes.get(reminder.pk, "") if reminder.kind == CALL else ""


def _refuse_unoffered(reminder: Reminder, outcome: str) -> None:
    offered = [str(one).casefold() for one in reminder.settings.get("outcomes") or ()]
    if reminder.kind == CALL and outcome.strip() and offered and outcome.strip().casefold() not in offered:
        raise Refused(
            f"“{outcome.strip()}” is no outcome of the call with {reminder.contact.name}.", "outcome"
        )
