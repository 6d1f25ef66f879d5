"""The count and the ten examples beside the audience that is being edited."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.timezone import now
from django.views.decorators.http import require_GET, require_POST

from sequences.engine.questions import Unreadable
from sequences.reading.audience import audience_of, lacks_of, runs_for
from sequences.reading.material import Material
from sequences.views.access import changed_by
from sequences.views.sections import Audience
from tenants.access import MemberRequest, requires


@require_GET
@requires("sequence.view")
def doubts(request: MemberRequest, pk: int) -> HttpResponse:
    """What the check says of the people: nobody matches, some are refused, some lack a needed value. A fragment."""
    sequence = changed_by(request, pk)
    at, plan = now(), sequence.draft or sequence.plan
    try:
        count, lacks = lacks_of(sequence, now=at)
        audience = audience_of(sequence, now=at, plan=plan)
    except Unreadable:
        count, lacks, audience = None, [], None  # its faults stand in the check already
    material = Material(sequence, request.member)
    context = {
        "sequence": sequence,
        "count": count,
        "lacks": lacks,
        "labels": material.labels,
        "audience": audience,
    }
    return render(request, "sequences/_doubts.html", context)


@require_POST
@requires("sequence.view")
def preview(request: MemberRequest, pk: int) -> HttpResponse:
    """Who would come in with what stands in the form, which is kept by nobody yet."""
    sequence = changed_by(request, pk)
    section = Audience(Material(sequence, request.member), request.POST)
    context: dict[str, Any] = {"sequence": sequence, "audience": None, "fault": "", "runs": 0}
    builder = section.builder
    assert builder is not None
    group = builder.group
    if not section.form.is_valid() or group is None:
        return render(
            request, "sequences/_audience.html", context | {"fault": "Complete the conditions first."}
        )
    cleaned = section.form.cleaned_data
    views = [{"match": view.match, "conditions": view.conditions} for view in cleaned["views"]]
    changed = {name: cleaned[name] for name in ("record", "unique_email", "exclusive") if cleaned[name] != ""}
    groups: list[Any] = [*([group] if group.conditions else []), *views]
    try:
        found = audience_of(sequence, now=now(), groups=groups, **changed)
        context["runs"] = runs_for(sequence, found.admitted if found else 0)
        context["audience"] = found and found.shown_to(request.member)
    except Unreadable as unreadable:
        context["fault"] = str(unreadable)
    return render(request, "sequences/_audience.html", context)
