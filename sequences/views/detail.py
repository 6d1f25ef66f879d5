"""The page of a sequence: overview, runs, settings."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.timezone import now
from django.views.decorators.http import require_GET

from sequences.models import Run, Sequence
from sequences.reading.branches import branches_of
from sequences.reading.figures import Figures, days_done, figures_of_one, step_figures
from sequences.reading.live import attention_of, live_of, retry_at
from sequences.reading.material import Material
from sequences.reading.summary import in_short, summary_of
from sequences.reading.timeline import days_of, numbers_of
from sequences.views.access import number_of, seen_by
from tenants.access import MemberRequest, requires
from tenants.policy import can

RUNS = 50


@require_GET
@requires("sequence.view")
def overview(request: MemberRequest, pk: int) -> HttpResponse:
    """The days with their numbers, the funnel, what needs attention."""
    sequence = seen_by(request, pk)
    material = Material(sequence, request.member, sequence.plan)
    by_step = step_figures(sequence)
    numbers = numbers_of(material, by_step)
    context = head_of(request, sequence, material, "overview")
    ordinal = context["live"].last_ordinal
    is_classic = sequence.kind == "classic"
    return render(
        request,
        "sequences/overview.html",
        context
        | {
            "days": days_of(material, numbers=numbers) if is_classic else [],
            "branches": [] if is_classic else branches_of(material, numbers=numbers),
            "when": in_short(material)["timing"],
            "by_step": by_step,
            "steps": material.steps,
            "material": material,
            "funnel": _funnel(context["figures"]),
            "in_progress": _in_progress(days_done(sequence, ordinal), material) if is_classic else [],
            "attention": attention_of(sequence, now=context["now"]),
        },
    )


def head_of(request: MemberRequest, sequence: Sequence, material: Material, tab: str) -> dict[str, Any]:
    """What the head of every tab is given."""
    member = request.member
    moment = now()
    return {
        "sequence": sequence,
        "tab": tab,
        "now": moment,
        "figures": figures_of_one(sequence),
        "live": live_of(sequence, material.steps, now=moment),
        "retry_at": retry_at(sequence) if sequence.problem else None,
        "may_edit": can(member, "sequence.edit", sequence),
        "may_delete": can(member, "sequence.delete", sequence),
        "may_create": can(member, "sequence.create"),
        "may_share": can(member, "sequence.share", sequence),
        "may_manage": can(member, "enrollment.manage", sequence),
    }


def _funnel(figures: Figures) -> list[tuple[str, int]]:
    """From who came in to who replied."""
    rows = [("Entered", figures.entered), ("Contacted", figures.contacted), ("Replied", figures.replied)]
    return rows if figures.entered else []


def _in_progress(done: dict[int, int], material: Material) -> list[tuple[int, int]]:
    """How many stand before each day that has steps."""
    days = sorted({step.day or 0 for step in material.working_steps})
    found = dict.fromkeys(days, 0)
    for behind, count in done.items():
        ahead = next((day for day in days if day > behind), None)
        if ahead is not None:
            found[ahead] += count
    return list(found.items()) if any(found.values()) else []


@require_GET
@requires("sequence.view")
def runs(request: MemberRequest, pk: int) -> HttpResponse:
    """What each run did and why not, the latest first."""
    sequence = seen_by(request, pk)
    material = Material(sequence, request.member, sequence.plan)
    found = Run.objects.filter(sequence=sequence).order_by("-pk")
    before = number_of(request.GET.get("before", ""))
    rows = list((found.filter(pk__lt=before) if before else found)[: RUNS + 1])
    context = {"runs": rows[:RUNS], "has_more": len(rows) > RUNS, "before": before}
    return render(request, "sequences/runs.html", head_of(request, sequence, material, "runs") | context)


@require_GET
@requires("sequence.view")
def settings(request: MemberRequest, pk: int) -> HttpResponse:
    """Everything that is set, read back in words."""
    sequence = seen_by(request, pk)
    material = Material(sequence, request.member, sequence.plan)
    context = {"summary": summary_of(material)}
    return render(
        request, "sequences/settings.html", head_of(request, sequence, material, "settings") | context
    )
