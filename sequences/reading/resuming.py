"""How many people would get mail at once if a paused sequence went on (semantics 2.33)."""

from __future__ import annotations

from datetime import datetime
from functools import reduce
from operator import or_

from django.db.models import Exists, OuterRef, Q, QuerySet

from messaging.lifecycle import NOT_LEFT
from messaging.models import Message
from sequences.engine import classic
from sequences.engine.adaptive.census import IN_TURN
from sequences.engine.due import PlannedStep, Work
from sequences.engine.verdicts import own_conditions
from sequences.models import Enrollment, Sequence, StepRun
from sequences.reading.audience import newcomers
from sequences.reading.thought import thought_of
from steps.kinds import KINDS
from steps.models import Step


def reached_at_once(sequence: Sequence, *, now: datetime) -> int:
    """Whom its next run lets in or writes to, and whose messages wait already. A few more at the most.

    Who is paused themselves is not among them; nor is it asked who would be skipped or held.
    Raises sequences.engine.questions.Unreadable.
    """
    work = thought_of(sequence, now=now)
    active = Enrollment.objects.filter(sequence=sequence, state=Enrollment.ACTIVE).order_by()
    waiting = Message.objects.filter(enrollment_id=OuterRef("pk"), state__in=NOT_LEFT)
    reached = [active.filter(Exists(waiting))]
    reached += _in_tree(sequence, active) if sequence.kind == "adaptive" else _written_to(work, active)
    ids = [stays.values("pk") for stays in reached]
    inside = ids[0].union(*ids[1:]) if len(ids) > 1 else ids[0]
    return newcomers(sequence, now=now) + inside.count()


def _written_to(work: Work, active: QuerySet[Enrollment]) -> list[QuerySet[Enrollment]]:
    """For each step that sends those who are due for it, match its conditions and had it not."""
    if work.sequence.kind == "classic":
        due = [(one.step, one.stays.order_by()) for one in classic.due(work)]
    else:
        due = [(step, active) for step in work.steps]
    return [_matching(work, step, stays) for step, stays in due if step.kind.sends]


def _matching(work: Work, step: PlannedStep, stays: QuerySet[Enrollment]) -> QuerySet[Enrollment]:
    asked = own_conditions(work, step)
    had = StepRun.objects.filter(enrollment=OuterRef("pk"), key=step.key)
    stays = asked.joined(stays.filter(~Exists(had)), work.questions.aliases)
    return stays.filter(asked.q)


def _in_tree(sequence: Sequence, active: QuerySet[Enrollment]) -> list[QuerySet[Enrollment]]:
    """Those who stand before a step that sends, each on their plan."""
    on = active.filter(IN_TURN)
    pinned = set(on.exclude(plan=None).values_list("plan_id", flat=True).distinct())
    sending = [name for name, kind in KINDS.items() if kind.sends]
    steps = Step.objects.filter(plan__in={sequence.plan_id, *pinned}, kind__in=sending, is_off=False)
    places = [_at(sequence, step) for step in steps]
    return [on.filter(reduce(or_, places))] if places else []


def _at(sequence: Sequence, step: Step) -> Q:
    plan = Q(plan=step.plan_id)
    return (plan | Q(plan=None) if step.plan_id == sequence.plan_id else plan) & Q(step_key=step.key)
