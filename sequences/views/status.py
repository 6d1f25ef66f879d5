"""Activating, pausing, resuming, archiving, deleting: one verb each, by POST; the two that end something ask first."""

from __future__ import annotations

from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.timezone import now
from django.views.decorators.http import require_GET

from sequences import checking
from sequences.commands import status
from sequences.commands.editing import SETTINGS, delete_draft
from sequences.models import Enrollment, Sequence, Status
from sequences.reading.audience import newcomers, runs_for
from sequences.refusals import Refused, TooMany
from sequences.seen import mark_of_all
from sequences.views.access import action, back, changed_by
from sequences.views.many import ask_number
from tenants.access import MemberRequest, requires
from tenants.confirming import typed_number


@action("sequence.edit")
def activate(request: MemberRequest, sequence: Sequence) -> str:
    """Have a draft run; with a fault it stays a draft, and the check names every fault at its place."""
    if checking.faults_of(sequence):
        messages.error(request, "Not activated: see what is to be mended.")
        return f"/sequences/{sequence.pk}/edit/#review"
    try:
        typed = typed_number(request.POST.get("people", ""))
        seen = request.POST.get("seen", "")
        status.activate(sequence=sequence, by=request.member, now=now(), confirmed=typed, seen=seen)
    except TooMany:
        wrong = "?" + urlencode({"typed": request.POST["people"]}) if "people" in request.POST else ""
        return f"/sequences/{sequence.pk}/activate/ask/{wrong}"
    except Refused as refused:
        messages.error(request, refused.message)
        return f"/sequences/{sequence.pk}/edit/#review"
    sequence.refresh_from_db(fields=["status"])
    if sequence.status == Status.ACTIVE:
        messages.success(request, f"{sequence.name} is active.")
    else:
        messages.warning(request, f"{sequence.name} was activated before and is {sequence.status} now.")
    return f"/sequences/{sequence.pk}/"


@require_GET
@requires("sequence.view")
def ask_activate(request: MemberRequest, pk: int) -> HttpResponse:
    """For so many people? Their number is to be typed; ``typed`` was another."""
    sequence = changed_by(request, pk)
    faulty = sequence.status != Status.DRAFT or checking.faults_of(sequence)
    if faulty:
        return redirect(f"/sequences/{pk}/edit/#review")
    people = newcomers(sequence, now=now())
    seen = mark_of_all(sequence, SETTINGS | {"views"})
    context = {"sequence": sequence, "people": people, "runs": runs_for(sequence, people), "seen": seen}
    return render(request, "sequences/activate.html", context | {"typed": request.GET.get("typed")})


@action("sequence.edit")
def pause(request: MemberRequest, sequence: Sequence) -> str:
    """Stop runs and messages; what is waiting waits on."""
    if status.pause(sequence=sequence, by=request.member, now=now()):
        messages.success(request, f"{sequence.name} is paused. Nothing leaves until it is resumed.")
    return back(request, sequence)


@action("sequence.edit")
def resume(request: MemberRequest, sequence: Sequence) -> str | HttpResponse:
    """Go on where it stopped; where many would get mail at once, their number is typed first."""
    typed = typed_number(request.POST.get("people", ""))
    try:
        is_resumed = status.resume(sequence=sequence, by=request.member, now=now(), confirmed=typed)
    except TooMany as many:
        title = f"Resume {sequence.name} for {many.people:,} people?"
        return ask_number(request, sequence, many, title=title, submit="Resume")
    if is_resumed:
        messages.success(request, f"{sequence.name} goes on with its next run.")
    return back(request, sequence)


@require_GET
@requires("sequence.view")
def ask_archive(request: MemberRequest, pk: int) -> HttpResponse:
    """What becomes of those inside?"""
    sequence = changed_by(request, pk)
    inside = Enrollment.objects.filter(
        sequence=sequence, state__in=[Enrollment.ACTIVE, Enrollment.PAUSED]
    ).count()
    return render(request, "sequences/archive.html", {"sequence": sequence, "inside": inside})


@action("sequence.edit")
def archive(request: MemberRequest, sequence: Sequence) -> str:
    """Admit nobody any more; those inside finish or end (semantics 2.1)."""
    inside = status.END if request.POST.get("inside") == status.END else status.FINISH
    if status.archive(sequence=sequence, by=request.member, now=now(), inside=inside):
        messages.success(request, f"{sequence.name} is archived.")
    return f"/sequences/{sequence.pk}/"


@require_GET
@requires("sequence.view")
def ask_delete(request: MemberRequest, pk: int) -> HttpResponse:
    """Is the draft to go?"""
    sequence = changed_by(request, pk, "sequence.delete")
    return render(request, "sequences/delete.html", {"sequence": sequence})


@action("sequence.delete")
def delete(request: MemberRequest, sequence: Sequence) -> str:
    """Delete a draft with its steps."""
    name = sequence.name
    delete_draft(sequence=sequence, by=request.member, now=now())
    messages.success(request, f"{name} is deleted.")
    return "/sequences/"
