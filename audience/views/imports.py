"""Imports: the list, the upload, matching columns, progress, the result."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import FileResponse, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.timezone import now
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from audience.bulk.registry import verbs_for
from audience.catalogue import CannotMakeField, catalogue, choices_of
from audience.imports import jobs, mappings
from audience.imports.checking import CHECKED_AT_ONCE, check_now
from audience.imports.decoding import Unreadable
from audience.imports.forms import DELIMITERS, ENCODINGS, WHAT, ChoicesForm, UploadForm, with_current
from audience.imports.jobs import MAKES_FIELDS, CannotImport, Choices
from audience.imports.mappings import NotYours
from audience.imports.refused import refused_rows
from audience.kinds import KINDS
from audience.lists import slice_of
from audience.models import ImportJob, ImportMapping
from audience.views.lookup import key
from audience.views.mapping import Mapping
from tenants.access import MemberRequest, requires
from tenants.policy import can, require, visible

STOP_POLLING = 286
ADDING = "add_to_sequence"
"""The verb that the floor above puts on the shelf: where people go who came by a file (R7)."""
REFUSED_SHOWN = 25


@require_GET
@requires("import.run")
def index(request: MemberRequest) -> HttpResponse:
    """The imports that the member may see, the latest first, and the mappings that are kept."""
    found = visible(request.member, "import.run", ImportJob.objects.select_related("owner__user"))
    rows = slice_of(found, before=key(request.GET, "before"), after=key(request.GET, "after"))
    kept = ImportMapping.objects.select_related("owner__user")
    context = {
        "slice": rows,
        "mappings": [(mapping, can(request.member, "import.run", mapping)) for mapping in kept],
    }
    return render(request, "audience/imports.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@requires("import.run")
def new(request: MemberRequest) -> HttpResponse:
    """Upload a file; what cannot be read is refused at it."""
    told = {"kind": request.GET["kind"]} if request.GET.get("kind") in dict(WHAT) else None
    form = UploadForm(request.POST or None, request.FILES or None, initial=told)
    if request.method == "POST" and form.is_valid():
        file = form.cleaned_data["file"]
        try:
            job = jobs.open_import(
                by=request.member,
                data=file.chunks(),
                file_name=file.name,
                kind=form.cleaned_data["kind"],
                at=now(),
                is_empty_refused=True,
            )
        except Unreadable as unreadable:
            form.add_error("file", _sentence(unreadable))
        else:
            if kept := mappings.fitting(job):
                _apply(request, job, kept)
            return HttpResponseRedirect(reverse("import", args=[job.pk]))
    status = 422 if request.method == "POST" else 200
    return render(request, "audience/import_new.html", {"form": form}, status=status)


@require_GET
@requires("import.run")
def detail(request: MemberRequest, pk: int) -> HttpResponse:
    """Matching, check, progress or result, as far as the import is."""
    job = _seen(request, pk)
    if job.state == ImportJob.MATCHING:
        makes = can(request.member, MAKES_FIELDS)
        return _matching(
            request, job, Mapping.of(job, makes_fields=makes), ChoicesForm(job, makes_fields=makes)
        )
    context = {
        "job": job,
        "refusals": list(job.refusals.order_by("line", "pk")[:REFUSED_SHOWN]),
        "shown": REFUSED_SHOWN,
        "kind": KINDS[job.kind],
        "has_taken": job.taken.exists(),
        "may_add": any(verb.key == ADDING for verb in verbs_for(job.kind, request.member)),
    }
    name = "import_check" if job.state == ImportJob.CHECKED else "import"
    return render(request, f"audience/{name}.html", context)


@require_POST
@requires("import.run")
def check(request: MemberRequest, pk: int) -> HttpResponse:
    """Find out what the import would do with the columns and constants of the form; a small file at once."""
    job = _seen(request, pk)
    if job.state != ImportJob.MATCHING:
        return HttpResponseRedirect(reverse("import", args=[pk]))
    if refused := _choose(request, job):
        return refused
    if job.total <= CHECKED_AT_ONCE:
        check_now(job, at=now())
    else:
        jobs.check(job, at=now())
    return HttpResponseRedirect(reverse("import", args=[pk]))


@require_POST
@requires("import.run")
def start(request: MemberRequest, pk: int) -> HttpResponse:
    """Start the import, after a check as it was checked, else with the columns and constants of the form."""
    job = _seen(request, pk)
    if job.state == ImportJob.MATCHING and (refused := _choose(request, job)):
        return refused
    if job.state not in (ImportJob.MATCHING, ImportJob.CHECKED):
        messages.info(request, "This import was started already.")
        return HttpResponseRedirect(reverse("import", args=[pk]))
    try:
        jobs.start(job, by=request.member, at=now())
    except (CannotImport, CannotMakeField) as refusal:
        # Since the check somebody made that field, or took away what a constant needs.
        messages.error(request, _sentence(refusal))
        jobs.reopen(ImportJob.objects.get(pk=pk))
    return HttpResponseRedirect(reverse("import", args=[pk]))


def _choose(request: MemberRequest, job: ImportJob) -> HttpResponse | None:
    """Take what the page posted; the page again, with what is wrong, where it cannot be."""
    makes = can(request.member, MAKES_FIELDS)
    mapping = Mapping.posted(job, request.POST, makes_fields=makes)
    form = ChoicesForm(job, request.POST, makes_fields=makes)
    if not form.is_valid():
        return _matching(request, job, mapping, form)
    given = form.cleaned_data
    constant = form.new_field
    choices = Choices(
        mapping.keys,
        form.constants,
        given["on_duplicate"],
        [*mapping.new_fields, *([constant] if constant else [])],
        given["date_order"],
        given["decimal_sign"],
    )
    try:
        jobs.choose(job, choices, by=request.member)
        if given["save_as"]:
            mappings.save(job, given["save_as"], by=request.member, at=now())
    except CannotImport as refusal:
        for reason in refusal.reasons:
            form.add_error(None, reason)
    except CannotMakeField as refusal:
        form.add_error(None, _sentence(refusal))
    except NotYours as refusal:
        form.add_error("save_as", str(refusal))
    return None if form.is_valid() else _matching(request, job, mapping, form)


@require_POST
@requires("import.run")
def reopen(request: MemberRequest, pk: int) -> HttpResponse:
    """Back from the check to the columns."""
    jobs.reopen(_seen(request, pk))
    return HttpResponseRedirect(reverse("import", args=[pk]))


@require_POST
@requires("import.run")
def reread(request: MemberRequest, pk: int) -> HttpResponse:
    """Read the file in another encoding, with another delimiter, or another sheet of it.

    What was chosen on the page and not kept yet stays there, where the file has as many columns as before.
    """
    job = _seen(request, pk)
    if job.state != ImportJob.MATCHING:
        return HttpResponseRedirect(reverse("import", args=[pk]))
    before = job.header
    try:
        jobs.reread(job, **{name: request.POST.get(name, "") for name in ("encoding", "delimiter", "sheet")})
    except Unreadable as unreadable:
        messages.error(request, _sentence(unreadable))
        job.refresh_from_db()
    if "column-0" not in request.POST or len(job.header) != len(before):
        return HttpResponseRedirect(reverse("import", args=[pk]))
    makes = can(request.member, MAKES_FIELDS)
    form = ChoicesForm(job, makes_fields=makes)
    form.initial.update({name: request.POST.get(name, "") for name in form.fields})
    chosen = Mapping.posted(job, request.POST, makes_fields=makes, is_matched_anew=job.header != before)
    return _matching(request, job, chosen, form)


@require_POST
@requires("import.run")
def use_mapping(request: MemberRequest, pk: int) -> HttpResponse:
    """Match the columns as a kept mapping does, or by their names again."""
    job = _seen(request, pk)
    if job.state == ImportJob.MATCHING:
        chosen = key(request.POST, "mapping")
        if chosen is None:
            jobs.match_by_names(job)
        else:
            _apply(request, job, get_object_or_404(ImportMapping, kind=job.kind, pk=chosen))
    return HttpResponseRedirect(reverse("import", args=[pk]))


def _apply(request: MemberRequest, job: ImportJob, kept: ImportMapping) -> None:
    lost = mappings.apply(kept, job, by=request.member)
    messages.success(request, f"Matched as “{kept.name}”.")
    for sentence in lost:
        messages.warning(request, sentence)


@require_POST
@requires("import.run")
def forget_mapping(request: MemberRequest, mapping_id: int) -> HttpResponse:
    """Delete a mapping that was kept."""
    kept = get_object_or_404(ImportMapping, pk=mapping_id)
    require(request.member, "import.run", kept)
    kept.delete()
    messages.success(request, f"“{kept.name}” is deleted.")
    return HttpResponseRedirect(reverse("imports"))


@require_POST
@requires("import.run")
def discard(request: MemberRequest, pk: int) -> HttpResponse:
    """Delete an import that was not started, or stop one that was; what is in stays in."""
    job = _seen(request, pk)
    if not job.is_begun:
        jobs.discard(job)
        messages.success(request, f"{job.file_name} is deleted. Nothing of it was imported.")
        return HttpResponseRedirect(reverse("imports"))
    jobs.stop(job, by=request.member, at=now())
    return HttpResponseRedirect(reverse("import", args=[pk]))


@require_GET
@requires("import.run")
def progress(request: MemberRequest, pk: int) -> HttpResponse:
    """The box that is asked every second; its last answer ends the asking and brings the result."""
    job = _seen(request, pk)
    response = render(request, "audience/_import_progress.html", {"job": job})
    if not job.is_under_way:
        response.status_code = STOP_POLLING
        response["HX-Refresh"] = "true"
    return response


@require_GET
@requires("import.run")
def refused(request: MemberRequest, pk: int) -> FileResponse:
    """The refused rows as CSV, to be mended and imported again: line, reason, the cells under the file's header."""
    job = _seen(request, pk)
    response = FileResponse(refused_rows(job), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="refused-{job.pk}.csv"'
    return response


def _seen(request: MemberRequest, pk: int) -> ImportJob:
    """The import; what changes it locks it, and sees it as whoever came first left it."""
    found = visible(request.member, "import.run", ImportJob.objects.select_related("owner__user"))
    if request.method == "POST":
        found = found.select_for_update(of=("self",), no_key=True)
    return get_object_or_404(found, pk=pk)


def _matching(request: MemberRequest, job: ImportJob, mapping: Mapping, form: ChoicesForm) -> HttpResponse:
    stage = catalogue().get("contact", "lifecycle_stage")
    encoding = job.encoding.removesuffix("-sig")  # with a mark at its beginning or without: the same letters
    context: dict[str, Any] = {
        "job": job,
        "mapping": mapping,
        "form": form,
        "stages": choices_of(stage) if stage else [],
        "mappings": [(kept.pk, kept.name) for kept in ImportMapping.objects.filter(kind=job.kind)],
        "sheets": [(name, name) for name in job.sheets],
        "encoding": encoding,
        "encodings": with_current(ENCODINGS, encoding),
        "delimiters": with_current(DELIMITERS, job.delimiter),
    }
    return render(request, "audience/import_match.html", context, status=422 if form.is_bound else 200)


def _sentence(error: Exception) -> str:
    words = str(error)
    return f"{words[:1].upper()}{words[1:].removesuffix('.')}."
