"""Moving, copying and removing steps of smart and adaptive sequences: a list, or a tree with all that hangs on it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from sequences.arms import AFTER, ARMS, Arms, Spot
from sequences.commands.planning import (
    COPIED,
    free_key,
    note,
    opened,
    refuse_full,
    refuse_switched_off,
    step_of,
)
from sequences.models import Sequence
from sequences.refusals import Refused
from sequences.seen import mark_of_branch, refuse_unseen
from steps.models import Plan, Step
from tenants.models import Member


@transaction.atomic
def move_branch(*, sequence: Sequence, key: str, by: Member, now: datetime, at: Spot) -> Step:
    """Put a step at another place; a condition takes its arms along, and cannot go into them."""
    arms, step = _found(sequence, key, by, now)
    if at.key in {key, *(one.key for one in arms.below(step))}:
        raise Refused("A step cannot be moved to a place beneath itself.", "at")
    arms.take(step)
    arms.insert(step, at)
    arms.save()
    note(sequence, by, now, "step.move", step)
    return step


@transaction.atomic
def copy_branch(*, sequence: Sequence, key: str, by: Member, now: datetime) -> Step:
    """A copy right after a step; a condition with its arms, in which the copies ask about the copies."""
    arms, step = _found(sequence, key, by, now)
    sources = [step, *arms.below(step)]
    refuse_full(sequence, len(list(arms.reading())) + len(sources))
    made: dict[str, Step] = {}
    for source in sources:
        refuse_switched_off(source.kind)
        parent = made.get(source.parent.key) if source.parent else None
        twin = Step(plan=source.plan, key=free_key(sequence, source.kind), parent=parent)
        for name in COPIED:
            setattr(twin, name, getattr(source, name))
        twin.save()
        made[source.key] = twin
    names = {key: twin.key for key, twin in made.items()}
    for twin in made.values():
        twin.conditions = [_renamed(row, names) for row in twin.conditions]
        if twin.settings.get("of") in names:
            twin.settings = twin.settings | {"of": names[twin.settings["of"]]}
    head = made[step.key]
    head.parent, head.arm = None, ""
    arms = Arms([*arms.reading(), *(twin for twin in made.values() if twin is not head)])
    arms.insert(head, Spot(AFTER, key))
    arms.save()
    note(sequence, by, now, "step.add", head)
    return head


@transaction.atomic
def remove_branch(
    *, sequence: Sequence, key: str, by: Member, now: datetime, keep: str = "", seen: str = ""
) -> int:
    """Take a step out; how many went with it. Of a condition, the steps of the arm ``keep`` take its place.

    Without ``keep`` both arms go. ``seen``: the mark of the step with its arms that a page showed.
    """
    arms, step = _found(sequence, key, by, now)
    refuse_unseen(sequence, seen, mark_of_branch(step, arms.below(step)), by, "then remove it", key=key)
    if keep and keep not in ARMS:
        raise Refused("Choose what becomes of the steps in its arms.", "keep")
    kept = list(arms.arm(step, keep)) if keep else []
    before = Spot(AFTER, key)
    for one in kept:
        arms.take(one)
        arms.insert(one, before)
        before = Spot(AFTER, one.key)
    gone = arms.below(step)
    note(sequence, by, now, "step.remove", step)
    arms.take(step)
    arms.save()
    for one in reversed([step, *gone]):
        one.delete()
    return len(gone)


def neighbour(plan: Plan, key: str, *, is_up: bool) -> Spot | None:
    """The place one up or down for a step: past its neighbour, at an end of an arm out of it; None at the very end."""
    arms = Arms(plan.steps.all())
    step = arms.step(key)
    if step is None:
        return None
    beside = arms.beside(step)
    here = beside.index(step)
    parent = arms.parent(step)
    if is_up and here > 0:
        return _before(arms, beside, here - 1)
    if not is_up and here + 1 < len(beside):
        return Spot(AFTER, beside[here + 1].key)
    if parent is None:
        return None
    outer = arms.beside(parent)
    return _before(arms, outer, outer.index(parent)) if is_up else Spot(AFTER, parent.key)


def _before(arms: Arms, beside: list[Step], place: int) -> Spot:
    """The spot before the step at a place of an arm."""
    if place > 0:
        return Spot(AFTER, beside[place - 1].key)
    first = beside[place]
    parent = arms.parent(first)
    return Spot(first.arm, parent.key) if parent else Spot("start")


def _found(sequence: Sequence, key: str, by: Member, now: datetime) -> tuple[Arms, Step]:
    steps = list(opened(sequence, by, now).steps.select_related("template", "parent"))
    return Arms(steps), step_of(steps, key)


def _renamed(row: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    """A condition that asks about a step, asking about its copy where there is one."""
    field = str(row.get("field", ""))
    key, dot, fact = field.removeprefix("step.").rpartition(".")
    is_renamed = field.startswith("step.") and dot and key in names
    return {**row, "field": f"step.{names[key]}.{fact}"} if is_renamed else dict(row)
