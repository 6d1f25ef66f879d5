"""The plans that people of one sequence are on, and who stands where in them (semantics 5.14).

Newcomers are on the current plan; those whom a publishing left where they were are pinned to theirs.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from django.db.models import Q, QuerySet

from sequences.engine.adaptive.census import Place
from sequences.engine.adaptive.tree import Tree, tree_of
from sequences.engine.due import PlannedStep, Work, keys_of, named_by, steps_of
from sequences.engine.questions import Questions
from sequences.engine.senders import senders_of
from sequences.models import Enrollment, Sequence
from steps.models import Step


@dataclass(frozen=True)
class Forest:
    """The trees by plan. ``current`` is the plan of newcomers, ``steps`` are those of all plans."""

    sequence: Sequence
    trees: Mapping[int, Tree]
    steps: Mapping[Place, PlannedStep]

    @property
    def current(self) -> int:
        return self.sequence.plan_id

    @property
    def first_key(self) -> str:
        """Where newcomers begin."""
        return self.trees[self.current].first

    def at(self, step: PlannedStep) -> QuerySet[Enrollment]:
        """Those who stand before a step and may go on."""
        return self.going.filter(self.on(step.row.plan_id), step_key=step.key)

    def on(self, plan: int) -> Q:
        """Those who are on a plan."""
        return Q(plan=plan) | Q(plan=None) if plan == self.current else Q(plan=plan)

    @property
    def going(self) -> QuerySet[Enrollment]:
        """Those whom no pause keeps."""
        return Enrollment.objects.filter(sequence=self.sequence, state=Enrollment.ACTIVE)


def planted(work: Work, pinned: Collection[int]) -> tuple[Forest, Work]:
    """The trees of a sequence and of the plans to which people are pinned, and the work on all of them.

    ``work`` itself knows the current plan alone.
    """
    rows = [step.row for step in work.steps]
    if pinned:
        found = Step.objects.filter(plan__in=pinned).order_by("plan", "position", "pk")
        rows += list(found.select_related("template__current"))
    by_plan: dict[int, list[Step]] = {plan: [] for plan in (work.sequence.plan_id, *pinned)}
    for row in rows:
        by_plan[row.plan_id].append(row)
    if pinned:
        work = _widened(work, rows, {plan: by_plan[plan] for plan in pinned})
    trees = {plan: tree_of(some) for plan, some in by_plan.items()}
    return Forest(work.sequence, trees, {(step.row.plan_id, step.key): step for step in work.steps}), work


def _widened(work: Work, rows: list[Step], others: Mapping[int, list[Step]]) -> Work:
    steps, today = steps_of(rows), work.questions.today
    questions = {plan: Questions(work.sequence, keys_of(some), today) for plan, some in others.items()}
    senders = senders_of(work.sequence, named_by(steps))
    return replace(work, steps=steps, of_plans=questions, senders=senders)


def in_turn(now: datetime, *, with_held: bool) -> Q:
    """Whose turn it is: their moment has come, or they wait for none. Who is held is tried at full quarters (5.11)."""
    found = Q(is_waiting=False) | Q(due_at__lte=now)
    return found if with_held else found & Q(held_reason="")
