"""The plans of a sequence, the latest first, and what each changed against the one before."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from sequences.changes import Change, changes_between
from sequences.models import Sequence, SequencePlan
from sequences.reading.private import hide_private
from steps.models import Plan, Step
from tenants.models import Member


@dataclass(frozen=True)
class Version:
    """One plan. ``is_current``: it holds; ``is_draft``: it waits to be published."""

    plan: Plan
    steps: int
    changes: list[Change]
    is_current: bool
    is_draft: bool


def versions_of(sequence: Sequence, member: Member) -> list[Version]:
    """As a member may see them. Two statements, however many there are."""
    links = SequencePlan.objects.filter(sequence=sequence).select_related("plan__made_by__user")
    plans = {link.plan_id: link.plan for link in links} | {sequence.plan_id: sequence.plan}
    steps: dict[int, list[Step]] = defaultdict(list)
    found_steps = Step.objects.filter(plan__in=plans).select_related("template").order_by("day", "position")
    for step in hide_private(found_steps, sequence, member):
        steps[step.plan_id].append(step)
    found, before = [], None
    for plan in sorted(plans.values(), key=lambda plan: (plan.number, plan.pk)):
        changes: list[Change] = changes_between(steps[before.pk], steps[plan.pk]) if before else []
        is_current = plan.pk == sequence.plan_id
        found.append(Version(plan, len(steps[plan.pk]), changes, is_current, plan.pk == sequence.draft_id))
        before = plan
    return found[::-1]
