"""Imports: the list, the upload, matching columns, progress, the result."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import FileResponse, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.timezone import now
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from audience.catalogue import CannotMakeField, catalogue, choices_of
from audience.forms import StartForm, UploadForm
from audience.imports import jobs
from audience.imports.decoding import Unreadable
from audience.imports.jobs import CannotImport
from audience.imports.refused import refused_rows
from audience.lists import slice_of
from audience.models import ImportJob
from audience.views.lookup import key
from audience.views.mapping import Mapping
from tenants.access import MemberRequest, requires
from tenants.policy import visible

STOP_POLLING = 286
REFUSED_SHOWN = 25
ENCODINGS = [
    ("", "By itself"),
    ("utf-8", "Unicode (UTF-8)"),
    ("cp1252", "Western European (Windows)"),
    ("cp1250", "Central European (Windows)"),
    ("cp1251", "Cyrillic (Windows)"),
    ("mac_roman", "Western European (Mac)"),
    ("cp850", "Western European (DOS)"),
    ("shift_jis", "Japanese (Shift-JIS)"),
    ("gb18030", "Chinese (GB 18030)"),
    ("utf-16", "Unicode (UTF-16)"),
]
DELIMITERS = [("", "By itself"), (",", "Comma"), (";", "Semicolon"), ("\t", "Tab"), ("|", "Bar |")]


@require_GET
@requires("import.run")
def index(request: MemberRequest) -> HttpResponse:
    """The imports that the member may see, the latest first."""
    found = visible(request.member, "import.run", ImportJob.objects.select_related("owner__user"))
    rows = slice_of(found, before=key(request.GET, "before"), after=key(request.GET, "after"))
    return render(request, "audience/imports.html", {"slice": rows})


@require_http_methods(["GET", "HEAD", "POST"])
@requires("import.run")
def new(request: MemberRequest) -> HttpResponse:
    """Upload a file; what cannot be read is refused at it."""
    form = UploadForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        file = form.cleaned_data["file"]
        try:
            job = jobs.open_import(
                by=request.member,
                data=file.chunks(),
                file_name=file.name,
                kind=form.cleaned_data["kind"],
                at=now(),
            )
        except Unreadable as unreadable:
            form.add_error("file", _sentence(unreadable))
        else:
            return HttpResponseRedirect(reverse("import", args=[job.pk]))
    status = 422 if request.method == "POST" else 200
    return render(request, "audience/import_new.html", {"form": form}, status=status)


@require_GET
@requires("import.run")
def detail(request: MemberRequest, pk: int) -> HttpResponse:
    """Matching, progress or result, as far as the import is."""
    job = _seen(request, pk)
    if job.state == ImportJob.MATCHING:
        return _matching(request, job, Mapping.of(job), StartForm(job.kind))
    context = {
        "job": job,
        "refusals": list(job.refusals.order_by("line", "pk")[:REFUSED_SHOWN]),
        "shown": REFUSED_SHOWN,
    }
    return render(request, "audience/import.html", context)


@require_POST
@requires("import.run")
def start(request: MemberRequest, pk: int) -> HttpResponse:
    """Start the import with the columns and constants of the form; what is wrong with them is said there."""
    job = _seen(request, pk)
    if job.state != ImportJob.MATCHING:
        messages.info(request, "This import was started already.")
        return HttpResponseRedirect(reverse("import", args=[pk]))
    mapping, form = Mapping.posted(job, request.POST), StartForm(job.kind, request.POST)
    if not form.is_valid():
        return _matching(request, job, mapping, form)
    try:
        jobs.start(
            job,
            by=request.member,
            columns=mapping.keys,
            constants=form.constants,
            on_duplicate=form.cleaned_data["on_duplicate"],
            new_fields=mapping.new_fields,
            at=now(),
        )
    except CannotImport as refused:
        for reason in refused.reasons:
            form.add_error(None, reason)
    except CannotMakeField as refused:
        form.add_error(None, _sentence(refused))
    else:
        return HttpResponseRedirect(reverse("import", args=[pk]))
    return _matching(request, job, mapping, form)


@require_POST
@requires("import.run")
def reread(request: MemberRequest, pk: int) -> HttpResponse:
    """Read the file in another encoding or with another delimiter."""
    job = _seen(request, pk)
    if job.state == ImportJob.MATCHING:
        encoding, delimiter = request.POST.get("encoding", ""), request.POST.get("delimiter", "")
        try:
            jobs.reread(job, encoding=encoding or None, delimiter=delimiter or None)
        except Unreadable as unreadable:
            messages.error(request, _sentence(unreadable))
    return HttpResponseRedirect(reverse("import", args=[pk]))


@require_GET
@requires("import.run")
def progress(request: MemberRequest, pk: int) -> HttpResponse:
    """The box that is asked every second; its last answer ends the asking and brings the result."""
    job = _seen(request, pk)
    response = render(request, "audience/_import_progress.html", {"job": job})
    if job.is_over:
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
    found = visible(request.member, "import.run", ImportJob.objects.select_related("owner__user"))
    return get_object_or_404(found, pk=pk)


def _matching(request: MemberRequest, job: ImportJob, mapping: Mapping, form: StartForm) -> HttpResponse:
    stage = catalogue().get("contact", "lifecycle_stage")
    context: dict[str, Any] = {
        "job": job,
        "mapping": mapping,
        "form": form,
        "stages": choices_of(stage) if stage else [],
        "encodings": ENCODINGS,
        "delimiters": DELIMITERS,
    }
    return render(request, "audience/import_match.html", context, status=422 if form.is_bound else 200)


def _sentence(error: Exception) -> str:
    words = str(error)
    return f"{words[:1].upper()}{words[1:]}."
