"""What edits of a running sequence do at once; all else they do at the next run (semantics 2.8, 3.5)."""

from __future__ import annotations

from datetime import datetime

from activities import reminders
from sequences import schedule
from sequences.models import Sequence
from steps.models import Plan


def follow_plan(sequence: Sequence, *, before: Plan, now: datetime) -> int:
    """The sequence has another plan now: open reminders of steps that are gone or off are cancelled; how many.

    Also those that a completed stay left behind.
    """
    now_there = set(sequence.plan.working_steps.values_list("key", flat=True))
    gone = set(before.working_steps.values_list("key", flat=True)) - now_there
    if not gone:
        return 0
    step_runs = (
        "SELECT r.id FROM sequences_steprun r JOIN sequences_enrollment e ON e.id = r.enrollment_id "
        "WHERE e.sequence_id = %s AND e.plan_id IS NULL AND r.key = ANY(%s)"
    )
    return reminders.cancel_of_step_runs((step_runs, (sequence.pk, sorted(gone))), now=now)


def follow_schedule(sequence: Sequence, *, now: datetime) -> None:
    """The sequence has another schedule now: the next run is the first of the new one from now on (2.8)."""
    sequence.schedule_changed_at = now
    sequence.save(update_fields=["schedule_changed_at"])
    schedule.set_next(sequence, since=now)
