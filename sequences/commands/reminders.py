"""Completing and skipping reminders of a sequence, one or many at once (semantics 2.34)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from activities import reminders as activities
from activities.models import Reminder
from sequences import enrollment
from sequences.models import Enrollment, Sequence
from sequences.refusals import Refused
from tenants.models import Member
from tenants.policy import visible

CALL = "call"


@transaction.atomic
def complete(
    *, sequence: Sequence, reminders: Iterable[int], by: Member, now: datetime, outcomes: Mapping[int, str]
) -> int:
    """Complete those that are open and that ``by`` may work; how many. ``outcomes``: of calls, by reminder.

    A handful of statements, however many. Raises Refused for an outcome that a call does not offer; then none is
    completed.
    """
    found = _open(sequence, reminders)
    said: dict[str, list[int]] = {}
    for pk in found.filter(kind=CALL).values_list("pk", flat=True):
        said.setdefault(outcomes.get(pk, "").strip(), []).append(pk)
    for outcome, ids in said.items():
        refuse_unoffered(found.filter(pk__in=ids), outcome, by)
    return len(activities.complete_all(found, by=by, now=now, outcomes=said))


@transaction.atomic
def skip(*, sequence: Sequence, reminders: Iterable[int], by: Member, now: datetime) -> int:
    """Skip those that are open and that ``by`` may work; how many."""
    return len(activities.skip_all(_open(sequence, reminders), by=by, now=now))


def refuse_unoffered(reminders: QuerySet[Reminder], outcome: str, by: Member) -> None:
    """Raises Refused where ``by`` may work a call among these that does not offer this outcome."""
    if not outcome.strip():
        return
    calls = visible(by, "reminder.work", reminders.filter(kind=CALL, state=Reminder.OPEN), owner="assignee")
    lists = calls.order_by("settings__outcomes").values_list("settings__outcomes", flat=True).distinct()
    for offered in lists:
        if offered and outcome.strip().casefold() not in [str(one).casefold() for one in offered]:
            call = calls.filter(settings__outcomes=offered).select_related("contact").order_by("pk")[0]
            raise Refused(
                f"“{outcome.strip()}” is no outcome of the call with {call.contact.name}.", "outcome"
            )


def _open(sequence: Sequence, ids: Iterable[int]) -> QuerySet[Reminder]:
    """The sequence's row is held first, as before everything that moves its stays."""
    enrollment.hold_rows([sequence.pk])
    stays = Enrollment.objects.filter(sequence=sequence).values("pk")
    return activities.these(list(ids)).filter(state=Reminder.OPEN, enrollment_id__in=stays)
