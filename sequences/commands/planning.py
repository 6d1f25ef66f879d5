"""Changing the steps of a sequence, and publishing what was changed.

Before the first activation its plan is changed in place. Afterwards a published plan is never changed: edits go to a
draft, a copy with the same keys, until it is published or discarded (semantics 2.38, 3.5).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import transaction

from audience.conditions.parse import MOST_CONDITIONS
from sequences.arms import Arms, Spot
from sequences.files.kinds import ADAPTIVE_ONLY
from sequences.models import Sequence, SequencePlan
from sequences.refusals import Refused
from sequences.seen import mark_of_step, merged_step, refuse_unseen
from steps.models import Plan, Step
from tenants.commands import audit
from tenants.models import Member, Tenant
from tenants.policy import require
from tenants.wall import current_id

MOST_STEPS = 25
MOST_OF_A_TREE = 200
LAST_DAY = 90
KEY_STEMS = {"email_reminder": "mail", "sms_reminder": "text", "condition": "if", "update_field": "set"}
COPIED = (
    "kind",
    "name",
    "position",
    "day",
    "arm",
    "match",
    "conditions",
    "template_id",
    "settings",
    "is_off",
)


def most_steps(sequence: Sequence) -> int:
    """How many steps its plan may have (semantics 3.3, 5.1)."""
    return MOST_OF_A_TREE if sequence.kind == "adaptive" else MOST_STEPS


def working_plan(sequence: Sequence) -> Plan:
    """The plan that an editor shows: the draft where there is one."""
    return sequence.draft or sequence.plan


@transaction.atomic
def add_step(
    *,
    sequence: Sequence,
    kind: str,
    by: Member,
    now: datetime,
    day: int = 1,
    push: int = 0,
    at: Spot | None = None,
    **values: Any,
) -> Step:
    """A new step with a key that no plan of the sequence ever had. Raises Refused with the field at fault.

    Classic: at the end of its day; ``push`` moves the steps of later days, and those of its own day from the next on,
    by that many days. Smart and adaptive: ``at`` a place, without one at the end.
    """
    plan = opened(sequence, by, now)
    refuse_switched_off(kind)
    steps = list(plan.steps.all())
    refuse_full(sequence, len(steps) + 1)
    if kind in ADAPTIVE_ONLY and sequence.kind != "adaptive":
        raise Refused("A step of this kind stands in an adaptive sequence only.")
    step = Step(plan=plan, key=free_key(sequence, kind), kind=kind, position=len(steps) + 1)
    _put(step, values)
    if sequence.kind == "classic":
        _refuse_day(day)
        _push_later(steps, day, push)
        step.day = day
        _renumber([*steps, step])
    else:
        step.save()
        arms = Arms(steps)
        arms.insert(step, at or Spot())
        arms.save()
    note(sequence, by, now, "step.add", step)
    return step


@transaction.atomic
def change_step(
    *, sequence: Sequence, key: str, by: Member, now: datetime, seen: str = "", **values: Any
) -> Step:
    """Change what a step does or, of a classic sequence, its day; it keeps its key, and on a new day it comes last.

    ``seen``: the marks of what a page showed. Raises Stale where others have stored something else meanwhile.
    """
    plan = opened(sequence, by, now)
    steps = list(plan.steps.all())
    step = step_of(steps, key)
    values = merged_step(sequence, step, seen, values, by)
    day = values.pop("day", step.day)
    if sequence.kind == "classic":
        _refuse_day(day)
        if day != step.day:
            step.day, step.position = day, len(steps) + 1
    _put(step, values)
    if sequence.kind == "classic":
        _renumber(steps)
    else:
        step.save()
    note(sequence, by, now, "step.change", step)
    return step


@transaction.atomic
def move_step(*, sequence: Sequence, key: str, by: Member, now: datetime, day: int, place: int) -> Step:
    """Put a step of a classic sequence on a day, at a place among the others of that day (0: first).

    Those of other kinds are moved by sequences.commands.branches.
    """
    plan = opened(sequence, by, now)
    steps = list(plan.steps.all())
    step = step_of(steps, key)
    _refuse_day(day)
    step.day = day
    others = [other for other in steps if other.day == day and other is not step]
    for position, other in enumerate([*others[:place], step, *others[place:]]):
        other.position = position
    _renumber(steps)
    note(sequence, by, now, "step.move", step)
    return step


@transaction.atomic
def copy_step(*, sequence: Sequence, key: str, by: Member, now: datetime) -> Step:
    """A copy with a key of its own, right after the step, on its day (classic)."""
    plan = opened(sequence, by, now)
    source = step_of(list(plan.steps.all()), key)
    values = {name: getattr(source, name) for name in ("name", "match", "conditions", "template", "settings")}
    made = add_step(sequence=sequence, kind=source.kind, by=by, now=now, day=source.day or 1, **values)
    that_day = [step.key for step in plan.steps.filter(day=source.day).exclude(pk=made.pk)]
    place = that_day.index(key) + 1
    return move_step(sequence=sequence, key=made.key, by=by, now=now, day=source.day or 1, place=place)


@transaction.atomic
def switch_step(*, sequence: Sequence, key: str, is_on: bool, by: Member, now: datetime) -> Step:
    """Switch a step off, so that it stays in the plan and does nothing, or on again (semantics 3.5)."""
    plan = opened(sequence, by, now)
    if sequence.kind == "adaptive":
        raise Refused("A step of a tree is not switched off: remove it, or lead the path around it.")
    step = step_of(plan.steps.all(), key)
    step.is_off = not is_on
    step.save(update_fields=["is_off"])
    note(sequence, by, now, "step.switch_on" if is_on else "step.switch_off", step)
    return step


@transaction.atomic
def remove_step(*, sequence: Sequence, key: str, by: Member, now: datetime, seen: str = "") -> None:
    """Take a step out of a classic plan. Conditions that name it are named by the check before activation.

    ``seen``: the mark of the step that a page showed; one that others have changed meanwhile is refused.
    """
    plan = opened(sequence, by, now)
    steps = list(plan.steps.all())
    step = step_of(steps, key)
    refuse_unseen(sequence, seen, mark_of_step(step), by, "then remove it", key=key)
    note(sequence, by, now, "step.remove", step)
    steps.remove(step)
    step.delete()
    _renumber(steps)


def copy_steps(source: Plan, target: Plan) -> None:
    """Fill an empty plan with copies of another's steps, keys included."""
    made: dict[int | None, Step] = {None: None}  # type: ignore[dict-item]
    for step in source.steps.order_by("position"):
        twin = Step(plan=target, key=step.key, parent=made.get(step.parent_id))
        for name in COPIED:
            setattr(twin, name, getattr(step, name))
        twin.save()
        made[step.pk] = twin


def locked(sequence: Sequence) -> Sequence:
    """The sequence's row, locked against runs and other edits; the given object is brought up to date."""
    row = Sequence.objects.select_for_update(no_key=True, of=("self",)).get(pk=sequence.pk)
    for name in ("status", "activated_at", "plan_id", "draft_id"):
        setattr(sequence, name, getattr(row, name))
    return sequence


def refuse_switched_off(kind: str) -> None:
    """Steps on LinkedIn are added where the workspace has turned them on; those that there are stay (D-12)."""
    if kind == "linkedin" and not Tenant.objects.get(pk=current_id()).has_linkedin:
        raise Refused("LinkedIn steps are off in this workspace: Settings, Step types.")


def opened(sequence: Sequence, by: Member, now: datetime) -> Plan:
    """The plan to change: before activation the plan itself, afterwards the draft, made when there is none."""
    require(by, "sequence.edit", sequence)
    locked(sequence)
    Sequence.objects.filter(pk=sequence.pk).update(edited_at=now)
    if not sequence.activated_at:
        return sequence.plan
    if sequence.draft is None:
        draft = Plan.objects.create(made_at=now, made_by=by, number=sequence.plan.number + 1)
        copy_steps(sequence.plan, draft)
        SequencePlan.objects.create(sequence=sequence, plan=draft)
        sequence.draft = draft
        sequence.save(update_fields=["draft"])
    return sequence.draft


def refuse_full(sequence: Sequence, number: int) -> None:
    """Raise Refused where a plan may not have that many steps."""
    if number > most_steps(sequence):
        raise Refused(f"A sequence has at most {most_steps(sequence)} steps.")


def free_key(sequence: Sequence, kind: str) -> str:
    """``email1``, ``call2`` …: a key is never given twice, or the new step would count as had (semantics 3.5)."""
    plans = SequencePlan.objects.filter(sequence=sequence).values("plan_id")
    taken = set(Step.objects.filter(plan_id__in=plans).values_list("key", flat=True))
    taken |= set(Step.objects.filter(plan_id=sequence.plan_id).values_list("key", flat=True))
    stem = KEY_STEMS.get(kind, kind)
    return next(key for n in range(1, 10_000) if (key := f"{stem}{n}") not in taken)


def step_of(steps: Iterable[Step], key: str) -> Step:
    """The step of a key. Raises Refused where there is none any more."""
    for step in steps:
        if step.key == key:
            return step
    raise Refused("This step is no longer in the plan: somebody removed it meanwhile.")


def _put(step: Step, values: dict[str, Any]) -> None:
    if len(values.get("conditions", ())) > MOST_CONDITIONS:
        raise Refused(f"A step has at most {MOST_CONDITIONS} conditions.", "conditions")
    for name, value in values.items():
        assert name in ("name", "match", "conditions", "template", "settings"), name
        setattr(step, name, value)


def _refuse_day(day: int | None) -> None:
    if day is None or not 1 <= day <= LAST_DAY:
        raise Refused(f"A day is a number from 1 to {LAST_DAY}.", "day")


def _push_later(steps: list[Step], day: int, push: int) -> None:
    later = [step for step in steps if (step.day or 0) > day] if push else []
    if later and max(step.day or 0 for step in later) + push > LAST_DAY:
        raise Refused(f"The last step would come after day {LAST_DAY}.", "push")
    for step in later:
        step.day = (step.day or 0) + push


def _renumber(steps: list[Step]) -> None:
    """Positions 1, 2, 3 … in the order of days, and save."""
    for number, step in enumerate(sorted(steps, key=lambda step: (step.day or 0, step.position)), 1):
        step.position = number
        step.save()


def note(sequence: Sequence, by: Member, now: datetime, verb: str, step: Step) -> None:
    """Write into the audit log what was done to a step."""
    said = {"key": step.key, "kind": step.kind, "day": step.day, "plan": step.plan_id}
    audit(by=by, verb=verb, obj=sequence, at=now, **said)
