"""The editor of a sequence: its sections, its days, its check; each section is kept by itself."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils.timezone import now
from django.views.decorators.http import require_GET, require_POST

from sequences.checking import facts_of
from sequences.checks import check, faults
from sequences.commands.editing import SETTINGS
from sequences.commands.planning import most_steps
from sequences.findings import Finding
from sequences.forms import RECORD_HINTS
from sequences.holidays import countries
from sequences.models import Sequence, Status
from sequences.reading.branches import branches_of
from sequences.reading.figures import step_figures
from sequences.reading.material import Material
from sequences.reading.summary import in_short
from sequences.reading.timeline import days_of, numbers_of
from sequences.reading.unpublished import unpublished
from sequences.seen import mark_of_all, read_links
from sequences.views.access import changed_by, go
from sequences.views.panel import StepPanel, asked_panel, preview_of
from sequences.views.picking import asked_picker
from sequences.views.sections import SECTIONS, Section, Timing
from tenants.access import MemberRequest, requires
from tenants.fragments import page
from tenants.zones import zone_names

ADDABLE = (
    ("email", "Email"),
    ("email_reminder", "Email reminder"),
    ("task", "Follow-up"),
    ("call", "Call"),
    ("sms", "SMS"),
    ("sms_reminder", "SMS reminder"),
)
LINKEDIN = ("linkedin", "LinkedIn")


@require_GET
@requires("sequence.view")
def edit(request: MemberRequest, pk: int) -> HttpResponse:
    """The whole editor; with ``?step=KEY`` or ``?new=KIND`` the panel of a step, to a fragment's request it alone."""
    sequence = changed_by(request, pk)
    read_links(sequence)
    material = Material(sequence, request.member)
    panel = asked_panel(request, material)
    context = context_of(material, panel=panel, opened=request.GET.get("open", ""))
    picker = asked_picker(request, material, addable(material)) if panel is None else None
    return page(request, "sequences/edit.html", context | {"picker": picker})


@require_POST
@requires("sequence.view")
def section(request: MemberRequest, pk: int, name: str) -> HttpResponse:
    """Keep one section, or show what is wrong with it at its place, with what was typed."""
    sequence = changed_by(request, pk)
    if name not in SECTIONS:
        raise Http404
    material = Material(sequence, request.member)
    posted = SECTIONS[name](material, request.POST)
    if posted.was_pressed:
        if isinstance(posted, Timing):
            posted.fill(request.POST, now())
        return render(request, "sequences/edit.html", context_of(material, posted))
    if posted.is_valid() and posted.save(now()):
        messages.success(request, f"{posted.title} saved.{_from_when(sequence)}")
        return go(request, f"/sequences/{sequence.pk}/edit/#fold-{name}")
    return render(request, "sequences/edit.html", context_of(material, posted), status=422)


@require_POST
@requires("sequence.view")
def conditions(request: MemberRequest, pk: int, place: str) -> HttpResponse:
    """The builder of a section or step drawn anew after a change in it; nothing is kept."""
    sequence = changed_by(request, pk)
    material = Material(sequence, request.member)
    section = None if place == "step" else _section_of(place)(material, request.POST)
    builder = section.builder if section else material.posted_group(request.POST, "step")
    assert builder is not None
    builder.glance()
    views = section.form["views"] if section and "views" in section.form.fields else None
    context = {"builder": builder, "sequence": sequence, "alone": True, "views": views}
    return render(request, "sequences/_builder.html", context)


@require_GET
@requires("sequence.view")
def template(request: MemberRequest, pk: int) -> HttpResponse:
    """The beginning of the template that the panel's select names."""
    material = Material(changed_by(request, pk), request.member)
    context = {"template": preview_of(material, request.GET.get("template", ""))}
    return render(request, "sequences/_template_preview.html", context)


def _section_of(place: str) -> type[Section]:
    found = {"entry": "audience", "exit": "exit"}.get(place)
    if found is None:
        raise Http404
    return SECTIONS[found]


def _from_when(sequence: Sequence) -> str:
    return " It holds from the next run." if sequence.status == Status.ACTIVE else ""


def context_of(
    material: Material, posted: Section | None = None, panel: StepPanel | None = None, opened: str = ""
) -> dict[str, Any]:
    """What the editor's templates are given: every section as stored, but the posted one as it was typed."""
    sequence = material.sequence
    bound = {name: kind(material) for name, kind in SECTIONS.items() if posted is None or name != posted.name}
    if posted is not None:
        bound[posted.name] = posted
    findings = check(facts_of(material))
    return {
        "sequence": sequence,
        "sections": bound,
        "short": in_short(material),
        "opened": opened or (posted.name if posted else "") or first_open(material),
        **_drawn(material, findings, panel),
        "panel": panel,
        "picker": None,
        "material": material,
        "may_add": len(material.steps) < most_steps(sequence),
        "addable": addable(material),
        "next_day": next_day(material),
        "findings": findings,
        "faults": faults(findings),
        "links": {finding: link_of(finding) for finding in findings},
        "unpublished": unpublished(sequence),
        "zones": zone_names(),
        "countries": countries(),
        "record_hints": RECORD_HINTS,
        "seen": mark_of_all(sequence, SETTINGS | {"views"}) if sequence.status == Status.DRAFT else "",
    }


def addable(material: Material) -> tuple[tuple[str, str], ...]:
    """The kinds of steps that any sequence of this workspace may have, each with its label."""
    return (*ADDABLE, LINKEDIN) if material.has_linkedin else ADDABLE


def _drawn(material: Material, findings: list[Finding], panel: StepPanel | None) -> dict[str, Any]:
    """The steps as they are drawn: the days of a classic sequence, the branches of others."""
    sequence = material.sequence
    figures = numbers_of(material, step_figures(sequence)) if sequence.activated_at else None
    open_key = panel.key if panel else ""
    if sequence.kind != "classic":
        found = branches_of(material, findings=findings, numbers=figures, open_key=open_key)
        return {"days": [], "branches": found}
    new_day = panel.day if panel and panel.is_new else None
    days = days_of(material, findings=findings, numbers=figures, open_key=open_key, new_day=new_day)
    return {"days": days, "branches": []}


def first_open(material: Material) -> str:
    """Of a sequence that has just been made, the section to begin with."""
    sequence = material.sequence
    is_fresh = (
        not material.steps and not sequence.entry_conditions and sequence.edited_at == sequence.created_at
    )
    return "audience" if is_fresh else ""


def next_day(material: Material) -> int:
    """The day that a new step at the end proposes: two after the last."""
    last = max((step.day or 0 for step in material.steps), default=0)
    return min(last + 2, 90) if last else 1


def link_of(finding: Finding) -> tuple[str, str]:
    """Where a finding is mended, and how the link is called."""
    if finding.cure == "mailboxes":
        return "/settings/mailboxes/", "Mailboxes"
    if finding.cure == "step_types":
        return "/settings/steps/", "Step types"
    if finding.cure == "workspace":
        return "/settings/workspace/", "Settings"
    if finding.cure.startswith("template:"):
        return f"/templates/{finding.cure.removeprefix('template:')}/edit/", "Edit template"
    if finding.step:
        return f"?step={finding.step}#step-{finding.step}", "Open step"
    return f"?open={finding.section}#{finding.section}", "Open section"
