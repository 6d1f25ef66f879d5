"""What edits of a running sequence do at once; all else they do at the next run (semantics 2.8, 3.5)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db.models import BooleanField, QuerySet
from django.db.models.expressions import RawSQL

from activities import reminders
from sequences import agenda, schedule
from sequences.engine.sql import Sql
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
            move(sequence, movable(sequence).values_list("pk", flat=True), now=now)
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
    """Those inside stay on the plan that was the current one; most are on it by name (``enrollment.admit``)."""
    inside = Enrollment.objects.filter(sequence=sequence, state__in=(Enrollment.ACTIVE, Enrollment.PAUSED))
    return inside.filter(plan=None).update(plan=before)


def carried_to(plan: int) -> Sql:
    """From where one is carried over to a plan, as (plan_id, key): steps of which it has the key and kind (5.14)."""
    return (
        "SELECT here.plan_id, here.key FROM steps_step here JOIN steps_step there "
        "ON there.plan_id = %s AND there.key = here.key AND there.kind = here.kind",
        (plan,),
    )


def movable(sequence: Sequence) -> QuerySet[Enrollment]:
    """Those inside who are on another plan and are carried over to the current one, if anybody is moved."""
    places, params = carried_to(sequence.plan_id)
    inside = Enrollment.objects.filter(sequence=sequence, state__in=(Enrollment.ACTIVE, Enrollment.PAUSED))
    stand = RawSQL(
        f"(sequences_enrollment.plan_id, sequences_enrollment.step_key) IN ({places})",
        params,
        output_field=BooleanField(),
    )
    return inside.exclude(plan=sequence.plan_id).filter(stand)


def move(sequence: Sequence, ids: Iterable[int], *, now: datetime) -> int:
    """These go over to the current plan, as far as they are carried there; how many. The sequence's row is held."""
    found = movable(sequence).filter(pk__in=RawSQL("SELECT unnest(%s::bigint[])", [list(ids)]))
    locked = list(found.order_by("pk").select_for_update(no_key=True).values_list("pk", flat=True))
    moved = Enrollment.objects.filter(pk__in=RawSQL("SELECT unnest(%s::bigint[])", [locked]))
    count = moved.update(plan=sequence.plan_id)
    agenda.wake([sequence.pk], now=now)
    return count


def look_again(sequence: Sequence, *, now: datetime) -> None:
    """Other settings hold: a tree for which nothing was due may have somebody to let in or go by them (5.3, 5.13)."""
    if schedule.asks_exits_only(sequence):
        schedule.set_next(sequence, since=now)
    else:
        agenda.wake([sequence.pk], now=now)


def follow_schedule(sequence: Sequence, *, now: datetime) -> None:
    """The sequence has another schedule now: the next run is the first of the new one from now on (2.8)."""
    sequence.schedule_changed_at = now
    sequence.save(update_fields=["schedule_changed_at"])
    schedule.set_next(sequence, since=now)
