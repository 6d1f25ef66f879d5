"""What is done to steps in the editor: add, change, move, copy, remove."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.utils.timezone import now
from django.views.decorators.http import require_POST

from sequences.commands.planning import copy_step, move_step, remove_step, switch_step
from sequences.models import Sequence
from sequences.reading.material import Material
from sequences.refusals import Refused
from sequences.views import branches
from sequences.views.access import action, changed_by, go, number_of
from sequences.views.editor import context_of
from sequences.views.panel import StepPanel, panel_of
from steps.models import Step
from tenants.access import MemberRequest, requires
from tenants.fragments import page


@require_POST
@requires("sequence.view")
def add(request: MemberRequest, pk: int) -> HttpResponse:
    """A new step from its panel."""
    material = Material(changed_by(request, pk), request.member)
    return _keep(request, StepPanel(material, kind=request.POST.get("kind", ""), data=request.POST))


@require_POST
@requires("sequence.view")
def change(request: MemberRequest, pk: int, key: str) -> HttpResponse:
    """What a step does, from its panel."""
    material = Material(changed_by(request, pk), request.member)
    return _keep(request, panel_of(material, key, request.POST))


def _keep(request: MemberRequest, panel: StepPanel) -> HttpResponse:
    """Keep a valid panel and go back to the days; else show the panel again, with every fault at its place."""
    sequence = panel.material.sequence
    if not panel.was_pressed and panel.is_valid():
        step = panel.save(now())
        if step is not None:
            messages.success(request, f"{'Added' if panel.is_new else 'Saved'}.{_when(sequence)}")
            return go(request, f"/sequences/{sequence.pk}/edit/#step-{step.key}")
    status = 200 if panel.was_pressed else 422
    return page(request, "sequences/edit.html", context_of(panel.material, panel=panel), status=status)


def _when(sequence: Sequence) -> str:
    return " It waits to be published." if sequence.activated_at else ""


def _steps(sequence: Sequence, key: str = "") -> str:
    return f"/sequences/{sequence.pk}/edit/#step-{key}" if key else f"/sequences/{sequence.pk}/edit/#steps"


@action("sequence.edit", refused="edit/#steps")
def move(request: MemberRequest, sequence: Sequence, key: str) -> str:
    """To a place of a day, or up or down by one; past the first or last of its day to the next day that has steps.

    In a list or tree to the place that is named, or past its neighbour.
    """
    if sequence.kind != "classic":
        branches.move(request, sequence, key)
        return _steps(sequence, key)
    steps = Material(sequence, request.member).steps
    here = next((n for n, step in enumerate(steps) if step.key == key), None)
    if here is None:
        raise Refused("This step is no longer in the plan: somebody removed it meanwhile.")
    there = _named_place(request) or _next_place(steps, here, is_up=request.POST.get("to") == "up")
    if there is not None:
        day, place = there
        move_step(sequence=sequence, key=key, by=request.member, now=now(), day=day, place=place)
    return _steps(sequence, key)


Place = tuple[int, int]
"""A day, and a place among the others of that day, from 0."""


def _named_place(request: MemberRequest) -> Place | None:
    """Where a step was dropped."""
    day, place = number_of(request.POST.get("day", "")), number_of(request.POST.get("place", ""))
    return (day, place) if day is not None and place is not None else None


def _next_place(steps: list[Step], here: int, *, is_up: bool) -> Place | None:
    """One up or down; None where there is nothing beyond."""
    there = here + (-1 if is_up else 1)
    if not 0 <= there < len(steps):
        return None
    day = steps[there].day or 1
    others = [step.key for step in steps if step.day == day and step.key != steps[here].key]
    same_day = steps[here].day == day
    return day, others.index(steps[there].key) + (there > here if same_day else there < here)


@action("sequence.edit", refused="edit/#steps")
def copy(request: MemberRequest, sequence: Sequence, key: str) -> str:
    """A copy right after it."""
    if sequence.kind != "classic":
        return _steps(sequence, branches.copy(request, sequence, key))
    made = copy_step(sequence=sequence, key=key, by=request.member, now=now())
    return _steps(sequence, made.key)


@action("sequence.edit", refused="edit/#steps")
def switch(request: MemberRequest, sequence: Sequence, key: str) -> str:
    """Off, so that it stays and does nothing; or on again (semantics 3.5)."""
    is_on = request.POST.get("to") == "on"
    switch_step(sequence=sequence, key=key, is_on=is_on, by=request.member, now=now())
    messages.success(request, f"Step switched {'on' if is_on else 'off'}.{_when(sequence)}")
    return _steps(sequence, key)


@action("sequence.edit", refused="edit/#steps")
def remove(request: MemberRequest, sequence: Sequence, key: str) -> str:
    """Take it out of the plan."""
    if sequence.kind != "classic":
        branches.remove(request, sequence, key, _when(sequence))
        return _steps(sequence)
    seen = request.POST.get("seen", "")
    remove_step(sequence=sequence, key=key, by=request.member, now=now(), seen=seen)
    messages.success(request, f"Step removed.{_when(sequence)}")
    return _steps(sequence)
