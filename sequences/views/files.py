"""Sequences as files: one written, and those of a file brought in."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.text import slugify
from django.utils.timezone import now
from django.views.decorators.http import require_GET, require_http_methods

from audience.commands.views import CannotSave
from messaging.templating import TemplateRefused
from sequences.commands.files import arriving, import_library, known_to
from sequences.files.exporting import export
from sequences.files.library import Library, read_library
from sequences.files.scenario import FaultyFile, FileFault
from sequences.models import Sequence
from sequences.reading.listing import quota_of
from sequences.reading.named import with_named
from sequences.reading.private import is_private, reads_all
from sequences.refusals import Refused
from sequences.views.access import FULL, seen_by
from tenants.access import MemberRequest, requires
from tenants.policy import visible

LARGEST = 1_000_000
YAML = "application/yaml; charset=utf-8"


@require_GET
@requires("sequence.view")
def export_one(request: MemberRequest, pk: int) -> HttpResponse:
    """The published sequence as a YAML file, with its views and templates; with ``named`` those that it names, too."""
    sequence = seen_by(request, pk)
    among = visible(request.member, "sequence.view", Sequence.objects.select_related(*FULL))
    whole = with_named(sequence, among) if "named" in request.GET else [sequence]
    try:
        for one in whole:
            _refuse_private(one, request)
        text = export(whole)
    except Refused as refused:
        messages.error(request, refused.message)
        return HttpResponseRedirect(f"/sequences/{sequence.pk}/")
    name = slugify(sequence.name) or f"sequence-{sequence.pk}"
    return HttpResponse(
        text, content_type=YAML, headers={"Content-Disposition": f'attachment; filename="{name}.yaml"'}
    )


def _refuse_private(sequence: Sequence, request: MemberRequest) -> None:
    """A personal template of somebody else is not read through a file either (F-09)."""
    if reads_all(request.member, sequence):
        return
    steps = sequence.plan.steps.select_related("template").exclude(template=None)
    for step in steps:
        if step.template and is_private(step.template, request.member):
            raise Refused("A step has a personal template of somebody else: ask its owner for the file.")


class FileForm(forms.Form):
    """A file to be read, or its text once it was."""

    file = forms.FileField(label="YAML file", required=False)
    text = forms.CharField(required=False, widget=forms.HiddenInput, strip=False)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        file = cleaned.get("file")
        if file is None:
            if not cleaned.get("text"):
                self.add_error("file", "Choose a file.")
            return cleaned
        if file.size > LARGEST:
            self.add_error("file", f"A file may have {LARGEST // 1_000_000} MB; this one has more.")
            return cleaned
        try:
            cleaned["text"] = file.read().decode("utf-8-sig")
        except UnicodeDecodeError:
            self.add_error("file", "It is not a text in UTF-8.")
        return cleaned


@require_http_methods(["GET", "POST"])
@requires("sequence.create")
def import_file(request: MemberRequest) -> HttpResponse:
    """Choose a file; see what it would make, or what is wrong with it and where; make it."""
    form = FileForm(request.POST, request.FILES) if request.method == "POST" else FileForm()
    context: dict[str, Any] = {"form": form, "quota": quota_of(request.member), "faults": [], "library": None}
    if request.method == "POST" and form.is_valid():
        try:
            library = read_library(form.cleaned_data["text"], file="file", known=known_to(request.member))
        except FaultyFile as faulty:
            context["faults"] = faulty.faults
        else:
            context |= {"library": library, "arrival": arriving(library, by=request.member)}
            if "make" in request.POST:
                return _make(request, library, context)
    status = 422 if form.errors or context["faults"] else 200
    return render(request, "sequences/import.html", context, status=status)


def _make(request: MemberRequest, library: Library, context: dict[str, Any]) -> HttpResponse:
    try:
        made = import_library(library=library, by=request.member, now=now())
    except (Refused, CannotSave, TemplateRefused) as refused:
        context["faults"] = [FileFault("file", "", str(refused))]
        return render(request, "sequences/import.html", context, status=422)
    what = f"“{made[0].name}” is a draft" if len(made) == 1 else f"{len(made)} sequences are drafts"
    messages.success(request, f"{what} of yours. Nobody is inside.")
    return HttpResponseRedirect(f"/sequences/{made[0].pk}/edit/" if len(made) == 1 else "/sequences/")
