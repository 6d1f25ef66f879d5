"""Panels of a contact's page that need sequences, and adding people of the list to a sequence."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from itertools import groupby
from typing import Any

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, render
from django.utils.timezone import localdate, now
from django.views.decorators.http import require_GET, require_POST

from activities import reminders as activities
from activities.models import Reminder
from audience.views.contacts import filtered
from audience.views.lookup import contacts_seen, seen
from sequences.models import Sequence, Status
from sequences.records.reminders import reminders_of
from sequences.records.timeline import Key, timeline_of
from sequences.refusals import Refused
from sequences.views.access import go
from sequences.views.adding import add_or_ask
from sequences.views.resend import may_resend
from tenants.access import MemberRequest, requires
from tenants.fragments import page
from tenants.policy import can, visible

MOST = 10_000


@require_GET
@requires("record.view")
def timeline(request: MemberRequest, pk: int) -> HttpResponse:
    """What happened to the contact, newest first."""
    contact = seen(contacts_seen(request), pk)
    sequences = visible(request.member, "sequence.view", Sequence.objects.all())
    found = timeline_of(contact, sequences, _key(request.GET.get("before", "")))
    # Lines come newest first, so those of one local day stand together.
    days = [(day, list(lines)) for day, lines in groupby(found.lines, lambda line: localdate(line.at))]
    resendable = [line.message for line in found.lines if line.message and may_resend(request, line.message)]
    context = {"contact": contact, "days": days, "next": _text(found.older), "resendable": resendable}
    return page(request, "records/timeline.html", context, parts=("timeline",))


def _key(text: str) -> Key | None:
    at, _, pk = text.partition("~")
    try:
        found = datetime.fromisoformat(at)
    except ValueError:
        return None
    return (found, int(pk)) if found.tzinfo and pk.isascii() and pk.isdigit() and len(pk) < 19 else None


def _text(key: Key | None) -> str:
    return f"{key[0].isoformat()}~{key[1]}" if key else ""


@require_GET
@requires("record.view")
def reminders(request: MemberRequest, pk: int) -> HttpResponse:
    """What is to be done for the contact, and what was done last."""
    contact = seen(contacts_seen(request), pk)
    context = {"contact": contact, "reminders": reminders_of(contact, request.member)}
    return page(request, "records/reminders.html", context, parts=("reminders",))


def closing(verb: Callable[..., bool], said: str) -> Callable[..., HttpResponse]:
    """The view that completes or skips a reminder; on a contact's page it answers with the panel."""

    @require_POST
    @requires("reminder.work")
    def close(request: MemberRequest, pk: int) -> HttpResponse:
        reminder = get_object_or_404(Reminder.objects.select_related("assignee__team"), pk=pk)
        contact = seen(contacts_seen(request), reminder.contact_id)
        given: dict[str, Any] = {"note": request.POST.get("note", "").replace("\x00", "")}
        if verb is activities.complete:
            given["outcome"] = request.POST.get("outcome", "").replace("\x00", "")
        if not verb(reminder=reminder, by=request.member, now=now(), **given):
            messages.info(request, "It was not open any more.")
        else:
            messages.success(request, said)
        return go(request, f"/contacts/{contact.pk}/")

    return close


@require_POST
@requires("enrollment.manage")
def choose(request: MemberRequest) -> HttpResponse:
    """Add the people picked in the list of contacts, or all that its filter holds, to a sequence; first ask which."""
    ids = _picked(request)
    chosen = request.POST.get("sequence", "")
    open_to = visible(request.member, "sequence.view", Sequence.objects.exclude(status=Status.ARCHIVED))
    if ids and chosen.isascii() and chosen.isdecimal():
        sequence = get_object_or_404(open_to, pk=int(chosen))
        try:
            asked = add_or_ask(request, sequence, ids)
        except Refused as refused:
            asked = None
            messages.error(request, refused.message)
        return asked or go(request, f"/sequences/{sequence.pk}/people/?state=waiting")
    context = {
        "count": len(ids),
        "ids": [] if request.POST.get("everyone") else ids,
        "everyone": bool(request.POST.get("everyone")),
        "filter": request.POST.get("filter", ""),
        "sequences": [
            s for s in open_to.select_related("owner__team").order_by("name") if _may_add(request, s)
        ],
        "missing": "sequence" in request.POST,
    }
    return render(request, "records/choose.html", context, status=422 if context["missing"] else 200)


def _may_add(request: MemberRequest, sequence: Sequence) -> bool:
    return can(request.member, "enrollment.manage", sequence)


def _picked(request: MemberRequest) -> list[int]:
    people = contacts_seen(request)
    if request.POST.get("everyone"):
        people = filtered(people, QueryDict(request.POST.get("filter", "").removeprefix("?")))
    else:
        asked = [
            int(pk) for pk in request.POST.getlist("ids") if pk.isascii() and pk.isdigit() and len(pk) < 19
        ]
        people = people.filter(pk__in=asked)
    return list(people.order_by("pk").values_list("pk", flat=True)[:MOST])
