"""Doing something to many records: what to do exactly, and the job that does it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect, QueryDict, StreamingHttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.timezone import now
from django.views.decorators.http import require_GET, require_POST

from audience.bulk import work
from audience.bulk.export import file_of, first_columns, is_kept
from audience.bulk.registry import VERBS, TooMany, Verb, verbs_for
from audience.bulk.sources import SOURCES
from audience.columns import groups_of
from audience.kinds import KINDS
from audience.listing import Listing
from audience.lists import slice_of
from audience.models import RecordJob
from audience.records import MODELS
from audience.views.lookup import key
from tenants.access import MemberRequest, requires
from tenants.confirming import is_confirmed, typed_number
from tenants.policy import can, require, visible

STOP_POLLING = 286


def bulk(record: str) -> Callable[..., HttpResponse]:
    """The view that asks what exactly is to be done to those picked, and, once that is said, does it."""

    @require_POST
    @requires("record.view")
    def ask(request: MemberRequest) -> HttpResponse:
        query = QueryDict(request.POST.get("filter", "").removeprefix("?"))
        there = f"{reverse(KINDS[record].pages)}?{query.urlencode()}"
        verb = next((v for v in verbs_for(record, request.member) if v.key == request.POST.get("do")), None)
        ids = None if request.POST.get("everyone") else _ids(request.POST.getlist("ids"))
        if verb is None or ids == []:
            messages.error(request, "Choose what is to be done." if verb is None else "Tick somebody first.")
            return HttpResponseRedirect(there)
        is_said = "confirm" in request.POST
        listing, typed = Listing(record, query, request.member, at=now()), request.POST.get("people", "")
        form = verb.form(record, request.member, request.POST if is_said else _begun(request, verb))
        if is_said and form.is_valid():
            arguments = verb.arguments(form.cleaned_data)
            with suppress(TooMany):
                return _start(request, listing, verb, arguments, ids, there)
        found = listing.records if ids is None else visible_of(request, record, ids)
        count = found.count()
        reached = verb.reached(request.member, found).count()
        context = {
            "kind": KINDS[record],
            "verb": verb,
            "form": form,
            "is_said": is_said,
            "ids": ids,
            "filter": query.urlencode(),
            "there": there,
            "count": count,
            "left_out": count - reached,
            "asks_number": verb.asks_number and not is_confirmed(count, None),
            "typed": typed,
            "is_other": is_said and not is_confirmed(count, typed_number(typed)),
            "noun": KINDS[record].count(count),
            "says": listing.english if ids is None and listing.has_conditions else "",
            "column_groups": groups_of(listing.known.values(), record) if verb.key == "export" else [],
            "chosen": request.POST.getlist("columns") or first_columns(record, listing.column_names),
            "name_columns": [(name, listing.known[name].label) for name in KINDS[record].in_name],
        }
        return render(request, "audience/bulk.html", context, status=422 if is_said else 200)

    return ask


def visible_of(request: MemberRequest, record: str, ids: list[int]) -> Any:
    return visible(request.member, "record.view", MODELS[record].objects.filter(pk__in=ids))


def _begun(request: MemberRequest, verb: Verb) -> Any:
    """What was chosen so far, where the form grows with it."""
    return request.POST if request.POST.get("field") else None


def _start(
    request: MemberRequest,
    listing: Listing,
    verb: Verb,
    arguments: dict[str, Any],
    ids: list[int] | None,
    there: str,
) -> HttpResponse:
    job = work.start(
        by=request.member,
        record=listing.record,
        verb=verb,
        arguments=arguments,
        ids=ids,
        query=listing.pinned() if ids is None else listing.query.urlencode(),
        at=listing.at,
        confirmed=typed_number(request.POST.get("people", "")),
    )
    if job.is_over and verb.key != "export":
        _say(request, job)
        return HttpResponseRedirect(there)
    return HttpResponseRedirect(reverse("job", args=[job.pk]))


def _say(request: MemberRequest, job: RecordJob) -> None:
    if job.state == RecordJob.FAILED:
        messages.error(request, job.problem)
        return
    said = f"{job.said}: done for {job.changed:,} {SOURCES[job.record].count(job.changed)}."
    left = f" {job.left_out:,} left out: {VERBS[job.verb].why_left_out(job.record)}." if job.left_out else ""
    (messages.warning if job.left_out else messages.success)(request, said + left)


def _ids(texts: list[str]) -> list[int]:
    return [int(text) for text in texts if text.isascii() and text.isdigit() and len(text) < 19]


@require_GET
@requires("record.view")
def jobs(request: MemberRequest) -> HttpResponse:
    """The jobs that the member asked for, the latest first; of administrators all."""
    found = _jobs(request).select_related("owner__user")
    rows = slice_of(found, before=key(request.GET, "before"), after=key(request.GET, "after"))
    return render(request, "audience/jobs.html", {"slice": rows})


@require_GET
@requires("record.view")
def detail(request: MemberRequest, pk: int) -> HttpResponse:
    """One job: how far it is, or what it came to."""
    return render(request, "audience/job.html", _context(request, get_object_or_404(_jobs(request), pk=pk)))


@require_GET
@requires("record.view")
def progress(request: MemberRequest, pk: int) -> HttpResponse:
    """The box that is asked every second; its last answer ends the asking and brings the result."""
    job = get_object_or_404(_jobs(request), pk=pk)
    response = render(request, "audience/_job.html", _context(request, job))
    if job.is_over:
        response.status_code = STOP_POLLING
        response["HX-Refresh"] = "true"
    return response


@require_POST
@requires("record.view")
def stop(request: MemberRequest, pk: int) -> HttpResponse:
    """End a job that is under way."""
    job = get_object_or_404(_jobs(request), pk=pk)
    if not work.stop(job=job, by=request.member, now=now()):
        messages.info(request, "It is over already.")
    return HttpResponseRedirect(reverse("job", args=[pk]))


@require_GET
@requires("record.view")
def download(request: MemberRequest, pk: int) -> StreamingHttpResponse:
    """The file of an export, for who asked for it and may still export."""
    job = get_object_or_404(_jobs(request).filter(verb="export", state=RecordJob.DONE), pk=pk)
    require(request.member, "export.run")
    pieces = file_of(job)
    if pieces is None:
        raise Http404("The file is no longer kept.")
    response = StreamingHttpResponse(pieces, content_type="text/csv; charset=utf-8")
    name = f"{KINDS[job.record].pages}-{job.made_at:%Y-%m-%d}-{job.pk}.csv"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["Cache-Control"] = "private, no-store"
    return response


def _jobs(request: MemberRequest) -> Any:
    found = RecordJob.objects.all()
    return found if can(request.member, "admin.manage") else found.filter(owner=request.member)


def _context(request: MemberRequest, job: RecordJob) -> dict[str, Any]:
    return {
        "job": job,
        "there": SOURCES[job.record].address(job.filter, at=now()),
        "has_file": is_kept(job),
        "noun": SOURCES[job.record].count(job.changed),
        "why_left_out": VERBS[job.verb].why_left_out(job.record) if job.verb in VERBS else "",
    }
