"""Panels of a contact's page that need sequences."""

from __future__ import annotations

from collections.abc import Callable
from itertools import groupby
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.timezone import localdate, now
from django.views.decorators.http import require_GET, require_POST

from activities import reminders as activities
from activities.models import Reminder
from audience.kinds import CONTACTS, OPPORTUNITIES, Kind
from audience.models import Contact, Opportunity
from audience.views.lookup import contacts_seen, opportunities_seen, seen
from sequences.cursors import read_cursor, written
from sequences.models import Sequence
from sequences.records.reminders import reminders_of
from sequences.records.timeline import timeline_of
from sequences.views.access import back, go
from sequences.views.resend import may_resend
from tenants.access import MemberRequest, requires
from tenants.fragments import page
from tenants.policy import can, visible


@require_GET
@requires("record.view")
def timeline(request: MemberRequest, pk: int) -> HttpResponse:
    """What happened to the contact, newest first."""
    contact = seen(contacts_seen(request), pk)
    return _timeline(request, contact, CONTACTS)


@require_GET
@requires("record.view")
def timeline_of_deal(request: MemberRequest, pk: int) -> HttpResponse:
    """What happened because of the opportunity, newest first."""
    return _timeline(request, seen(opportunities_seen(request), pk), OPPORTUNITIES)


def _timeline(request: MemberRequest, about: Contact | Opportunity, kind: Kind) -> HttpResponse:
    sequences = visible(request.member, "sequence.view", Sequence.objects.all())
    found = timeline_of(about, sequences, read_cursor(request.GET.get("before", "")))
    # Lines come newest first, so those of one local day stand together.
    days = [(day, list(lines)) for day, lines in groupby(found.lines, lambda line: localdate(line.at))]
    resendable = [line.message for line in found.lines if line.message and may_resend(request, line.message)]
    context = {
        "whose": about,
        "of": kind,
        "here": request.path,
        "may_log": isinstance(about, Contact) and can(request.member, "reminder.work"),
        "days": days,
        "next": written(found.older),
        "resendable": resendable,
    }
    return page(request, "records/timeline.html", context, parts=("timeline",))


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
        return go(request, back(request, None, f"/contacts/{contact.pk}/"))

    return close
