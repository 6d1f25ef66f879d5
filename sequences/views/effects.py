"""What is said beside the editor's forms while they are filled in: what an edit will change for those inside."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.timezone import now
from django.views.decorators.http import require_GET, require_POST

from messaging.segments import segments_of
from sequences.commands.planning import LAST_DAY
from sequences.models import Sequence
from sequences.reading import effects
from sequences.reading.material import Material
from sequences.views.access import changed_by, number_of
from sequences.views.sections import Exit, Timing
from steps.forms.shape import LONGEST_SMS
from tenants.access import MemberRequest, requires


@require_GET
@requires("sequence.view")
def day(request: MemberRequest, pk: int) -> HttpResponse:
    """How many of those inside have a day still ahead. A fragment."""
    sequence = changed_by(request, pk)
    asked = number_of(request.GET.get("day", "")) or 0
    context = of_day(sequence, asked) | {"sequence": sequence}
    return render(request, "sequences/_reach.html", context)


def of_day(sequence: Sequence, day: int) -> dict[str, Any]:
    """What the fragment about a day is given; nothing while nobody can be inside."""
    is_said = sequence.kind == "classic" and bool(sequence.activated_at) and 1 <= day <= LAST_DAY
    return {"reach": effects.of_day(sequence, day) if is_said else None, "day": day}


@require_POST
@requires("sequence.view")
def segments(request: MemberRequest, pk: int) -> HttpResponse:
    """How many segments the text of an SMS takes. A fragment; nothing is kept."""
    changed_by(request, pk)
    found = segments_of(request.POST.get("text", "")[:LONGEST_SMS])
    return render(request, "sequences/_segments.html", {"segments": found})


@require_POST
@requires("sequence.view")
def leaving(request: MemberRequest, pk: int) -> HttpResponse:
    """How many of those inside what stands in the form would end. A fragment; nothing is kept."""
    sequence = changed_by(request, pk)
    section = Exit(Material(sequence, request.member), request.POST)
    assert section.builder is not None
    group = section.builder.group
    all_steps = "exit_all_steps" in request.POST
    found = effects.leaving(sequence, group, all_steps=all_steps, now=now()) if group is not None else None
    return render(request, "sequences/_leaving.html", {"found": found})


@require_POST
@requires("sequence.view")
def next_run(request: MemberRequest, pk: int) -> HttpResponse:
    """When the next run would come with what stands in the form. A fragment; nothing is kept."""
    sequence = changed_by(request, pk)
    section = Timing(Material(sequence, request.member), request.POST)
    context: dict[str, Any] = {"run": None, "zone": sequence.timezone}
    if section.form.is_valid():
        values = section.form.cleaned_data
        context |= {"run": effects.next_run_with(sequence, values, now=now()), "zone": values["timezone"]}
    return render(request, "sequences/_next_run.html", context)
