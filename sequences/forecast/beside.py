"""Other sequences that send in the same names: what they take of a sender's day is missing here (semantics 2.29).

They are lived along, with their people, as far as there are not too many.
"""

from __future__ import annotations

from datetime import datetime

from django.db.models import Count, QuerySet

from sequences import schedule
from sequences.engine import entry, refusals
from sequences.engine.questions import INSIDE, Unreadable
from sequences.engine.senders import CONTACT_OWNER, Senders, Who
from sequences.models import Enrollment, Sequence, Status
from sequences.reading.thought import thought_of
from steps.models import Step
from tenants.models import Member

MOST_BESIDE = 10
"""Sequences. Each has runs of its own, which take their time: thirty days of ten are three hundred runs."""


def beside(sequence: Sequence) -> list[Sequence]:
    """The other sequences that run and may send in the name of somebody in whose name this one does.

    Those with the most people inside first: they take the most.
    """
    status = (Status.ACTIVE, Status.ARCHIVED)
    others = Sequence.objects.filter(status__in=status).exclude(pk=sequence.pk).select_related("plan")
    people = Enrollment.objects.filter(state__in=INSIDE).order_by().values_list("sequence")
    inside = dict(people.annotate(number=Count("pk")))
    ordered = sorted(others, key=lambda one: (-inside.get(one.pk, 0), one.pk))
    running = [one for one in ordered if schedule.runs(one)]
    names = _names([sequence, *running])
    mine = names[sequence.pk]
    return [one for one in running if names[one.pk] and _meet(mine, names[one.pk])]


def _meet(some: set[Who], others: set[Who]) -> bool:
    """Owners of contacts may be anybody."""
    return bool(some) and (bool(some & others) or CONTACT_OWNER in some | others)


def _names(sequences: list[Sequence]) -> dict[int, set[Who]]:
    """In whose names the e-mails of each leave."""
    mailing = Step.objects.filter(plan__in=[one.plan_id for one in sequences], kind="email", is_off=False)
    steps = list(mailing.values_list("plan_id", "settings"))
    emails = {str(settings.get("from") or "").strip().lower() for _, settings in steps}
    by_email = dict(Member.objects.filter(user__email__in=emails).values_list("user__email", "pk"))
    return {
        one.pk: {Senders(one, by_email).of_step(settings) for plan, settings in steps if plan == one.plan_id}
        for one in sequences
    }


def newcomers(sequence: Sequence, *, now: datetime) -> QuerySet | None:
    """Who might come into a sequence by themselves, as ids of contacts; None where nobody does.

    Raises sequences.engine.questions.Unreadable.
    """
    work = thought_of(sequence, now=now)
    asked = entry.by_themselves(work)
    if asked is None:
        return None
    way = entry.matching(work.sequence, asked)
    if sequence.reentry_days is None:
        way = way.filtered(refusals.may_come_again(work.sequence, work.today, way.column("pk")))
    return way.people.order_by().values(way.column("pk"))


def may_come_in(others: list[Sequence], *, now: datetime) -> list[QuerySet]:
    """The newcomers of others. One whose conditions cannot be read has no run, and takes nothing."""
    found = []
    for one in others:
        try:
            asked = newcomers(one, now=now) if one.status == Status.ACTIVE else None
        except Unreadable:
            continue
        if asked is not None:
            found.append(asked)
    return found
