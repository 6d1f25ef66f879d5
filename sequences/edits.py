"""What edits of a running sequence do at once; all else they do at the next run (semantics 2.8, 3.5)."""

from __future__ import annotations

from datetime import datetime

from activities import reminders
from sequences import agenda, schedule
from sequences.engine.sql import execute
from sequences.models import Enrollment, Sequence
from steps.models import Plan

PIN, MOVE = "pin", "move"
"""What a new tree is for those inside: nothing, or theirs from where they stand (semantics 5.14)."""


def follow_plan(sequence: Sequence, *, before: Plan, now: datetime, apply: str = PIN) -> int:
    """The sequence has another plan now: open reminders of steps that are gone or off are cancelled; how many.

    Also those that a completed stay left behind. In a tree everybody keeps their reminder, and stays on their plan
    unless they are moved: ``apply``.
    """
    if sequence.kind == "adaptive":
        pin(sequence, before)
        if apply == MOVE:
            move(sequence)
        agenda.wake([sequence.pk], now=now)
        return 0
    now_there = set(sequence.plan.working_steps.values_list("key", flat=True))
    gone = set(before.working_steps.values_list("key", flat=True)) - now_there
    if not gone:
        return 0
    step_runs = (
        "SELECT r.id FROM sequences_steprun r JOIN sequences_enrollment e ON e.id = r.enrollment_id "
        "WHERE e.sequence_id = %s AND e.plan_id IS NULL AND r.key = ANY(%s)"
    )
    return reminders.cancel_of_step_runs((step_runs, (sequence.pk, sorted(gone))), now=now)


def pin(sequence: Sequence, before: Plan) -> int:
    """Those inside stay on the plan that was the current one."""
    inside = Enrollment.objects.filter(sequence=sequence, state__in=(Enrollment.ACTIVE, Enrollment.PAUSED))
    return inside.filter(plan=None).update(plan=before)


def move(sequence: Sequence) -> int:
    """Those inside go over to the current plan whose step, by key and kind, exists there; how many."""
    return execute(
        """UPDATE sequences_enrollment e SET plan_id = NULL FROM steps_step here, steps_step there
           WHERE e.sequence_id = %s AND e.state IN ('active', 'paused') AND here.plan_id = e.plan_id
             AND here.key = e.step_key AND there.plan_id = %s AND there.key = here.key AND there.kind = here.kind""",
        [sequence.pk, sequence.plan_id],
    )


def follow_schedule(sequence: Sequence, *, now: datetime) -> None:
    """The sequence has another schedule now: the next run is the first of the new one from now on (2.8)."""
    sequence.schedule_changed_at = now
    sequence.save(update_fields=["schedule_changed_at"])
    schedule.set_next(sequence, since=now)
