"""What is asked before a step of a list or tree goes: where to, or what becomes of its arms."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils.timezone import now
from django.views.decorators.http import require_GET

from sequences.arms import Spot
from sequences.commands.branches import copy_branch, move_branch, neighbour, remove_branch
from sequences.commands.planning import working_plan
from sequences.models import Sequence
from sequences.reading.branches import Branch, branch_of, branches_of, spots_of
from sequences.reading.material import Material
from sequences.reading.trees import called
from sequences.views.access import changed_by
from sequences.views.picking import place_in_words
from tenants.access import MemberRequest, requires


@require_GET
@requires("sequence.view")
def ask_place(request: MemberRequest, pk: int, key: str) -> HttpResponse:
    """Every place to which a step can be moved, in the order of the plan."""
    material = Material(changed_by(request, pk), request.member)
    branches, branch = _found(material, key)
    spots = [
        (str(spot), place_in_words(material, spot), depth) for spot, depth in spots_of(branches, but=branch)
    ]
    return render(request, "sequences/move_step.html", _context(material, branch, spots=spots))


@require_GET
@requires("sequence.view")
def ask_remove(request: MemberRequest, pk: int, key: str) -> HttpResponse:
    """What becomes of the steps in the arms of a condition that is taken out."""
    material = Material(changed_by(request, pk), request.member)
    _, branch = _found(material, key)
    return render(request, "sequences/remove_step.html", _context(material, branch))


def _found(material: Material, key: str) -> tuple[list[Branch], Branch]:
    branches = branches_of(material)
    branch = branch_of(branches, key)
    if branch is None or material.sequence.kind == "classic":
        raise Http404
    return branches, branch


def _context(material: Material, branch: Branch, **more: Any) -> dict[str, Any]:
    return {
        "sequence": material.sequence,
        "branch": branch,
        "label": called(material, branch.card.step.key),
        **more,
    }


def move(request: MemberRequest, sequence: Sequence, key: str) -> None:
    """To the place that was chosen, or up or down by one."""
    chosen = request.POST.get("at", "")
    is_up = request.POST.get("to") == "up"
    at = Spot.read(chosen) if chosen else neighbour(working_plan(sequence), key, is_up=is_up)
    if at is not None:
        move_branch(sequence=sequence, key=key, by=request.member, now=now(), at=at)


def copy(request: MemberRequest, sequence: Sequence, key: str) -> str:
    """A copy right after it, arms included; the copy's key."""
    return copy_branch(sequence=sequence, key=key, by=request.member, now=now()).key


def remove(request: MemberRequest, sequence: Sequence, key: str, then: str) -> None:
    """Take it out, and of its arms what was not kept."""
    keep, seen = request.POST.get("keep", ""), request.POST.get("seen", "")
    count = remove_branch(sequence=sequence, key=key, by=request.member, now=now(), keep=keep, seen=seen)
    more = f" and {count} in its arms" if count else ""
    messages.success(request, f"Step{more} removed.{then}")
