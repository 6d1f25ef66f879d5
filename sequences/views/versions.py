"""The versions of a sequence: who published what, one to read, any two to compare."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils.timezone import now
from django.views.decorators.http import require_GET

from sequences.models import Sequence
from sequences.reading.material import Material
from sequences.reading.versions import compared, plans_of, read_steps, versions_of
from sequences.views.access import number_of, seen_by
from sequences.views.detail import head_of
from steps.models import Plan
from tenants.access import MemberRequest, requires


@require_GET
@requires("sequence.view")
def index(request: MemberRequest, pk: int) -> HttpResponse:
    """The plans that were, with what each changed and who is on it."""
    sequence = seen_by(request, pk)
    material = Material(sequence, request.member, sequence.plan)
    found = versions_of(sequence, request.member)
    context = {"versions": found, "old": found[1].number if len(found) > 1 else None, "new": found[0].number}
    return render(
        request, "sequences/versions.html", head_of(request, sequence, material, "versions") | context
    )


@require_GET
@requires("sequence.view")
def read(request: MemberRequest, pk: int, number: int) -> HttpResponse:
    """One version with all its steps, to be read."""
    sequence = seen_by(request, pk)
    found = next((one for one in versions_of(sequence, request.member) if one.number == number), None)
    if found is None:
        raise Http404
    material = Material(sequence, request.member, found.plan)
    context = {"sequence": sequence, "version": found, "steps": read_steps(material), "now": now()}
    return render(request, "sequences/version.html", context)


@require_GET
@requires("sequence.view")
def compare(request: MemberRequest, pk: int) -> HttpResponse:
    """Two versions, ``old`` and ``new`` by number; without them the last two. What cannot be is said at its select."""
    sequence = seen_by(request, pk)
    plans = plans_of(sequence)
    numbers = [plan.number for plan in plans]
    asked = {name: request.GET.get(name, "") for name in ("old", "new")}
    asked["old"] = asked["old"] or str(numbers[max(len(numbers) - 2, 0)])
    asked["new"] = asked["new"] or str(numbers[-1])
    faults = {name: _fault(value, numbers) for name, value in asked.items()}
    if not any(faults.values()) and asked["old"] == asked["new"]:
        faults["new"] = "Choose two different versions."
    context: dict[str, Any] = {"sequence": sequence, "plans": plans, "asked": asked, "faults": faults}
    is_wrong = any(faults.values())
    context["compared"] = None if is_wrong else _compared(request, sequence, plans, asked)
    return render(request, "sequences/compare.html", context, status=422 if is_wrong else 200)


def _fault(text: str, numbers: list[int]) -> str:
    return "" if number_of(text) in numbers else f"There is no version “{text}”."


def _compared(request: MemberRequest, sequence: Sequence, plans: list[Plan], asked: dict[str, str]) -> Any:
    """The older one first, whichever was asked for as old."""
    by_number = {plan.number: plan for plan in plans}
    old, new = sorted(int(number) for number in asked.values())
    return compared(sequence, request.member, by_number[old], by_number[new])
