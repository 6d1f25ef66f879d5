"""The list of contacts and the page of one."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse, QueryDict
from django.shortcuts import render
from django.views.decorators.http import require_GET

from audience.catalogue import catalogue, choices_of
from audience.fields import CONTACT
from audience.lists import MOST_COUNTED, count_of, named, slice_of
from audience.models import Contact, ContactAddress
from audience.records import folded
from audience.suppression import EMAIL, of_contact
from audience.views.lookup import address, contacts_seen, key, seen, text_of
from audience.views.shown import facts_of, labels_of
from tenants.access import MemberRequest, requires
from tenants.fragments import page
from tenants.models import Member
from tenants.policy import can


@require_GET
@requires("record.view")
def index(request: MemberRequest) -> HttpResponse:
    """Contacts, the newest first: searched by the beginnings of names, filtered by stage and owner."""
    stage = catalogue().get(CONTACT, "lifecycle_stage")
    assert stage
    found = filtered(contacts_seen(request), request.GET)
    count = count_of(found, MOST_COUNTED)
    members = Member.objects.select_related("user").order_by("user__name", "user__email")
    context = {
        "slice": slice_of(found, before=key(request.GET, "before"), after=key(request.GET, "after")),
        "count": min(count, MOST_COUNTED),
        "is_more": count > MOST_COUNTED,
        "q": text_of(request.GET, "q"),
        "stage": text_of(request.GET, "stage"),
        "stages": [(value, value) for value in choices_of(stage)],
        "owner": request.GET.get("owner", ""),
        "owners": [("none", "Nobody"), *((member.pk, member.name) for member in members)],
        "is_filtered": any(text_of(request.GET, name) for name in ("q", "stage", "owner")),
        "may_edit": can(request.member, "record.edit"),
        "may_import": can(request.member, "import.run"),
        "add_to_sequence": address("sequence-choose") if can(request.member, "enrollment.manage") else None,
    }
    return page(request, "audience/contacts.html", context, parts=("results",))


def filtered(contacts: QuerySet[Contact], query: QueryDict) -> QuerySet[Contact]:
    """The contacts that a query of the list (q, stage, owner) asks for."""
    contacts = named(contacts, text_of(query, "q"))
    if stage := text_of(query, "stage"):
        contacts = contacts.filter(lifecycle_stage_norm=folded(stage))
    if query.get("owner") == "none":
        contacts = contacts.filter(owner=None)
    elif (owner := key(query, "owner")) is not None:
        contacts = contacts.filter(owner=owner)
    return contacts


@require_GET
@requires("record.view")
def detail(request: MemberRequest, pk: int) -> HttpResponse:
    """One contact: facts, what stops mail, and the panels of the floors above."""
    contact = seen(contacts_seen(request), pk)
    stops = list(of_contact(contact))
    context: dict[str, Any] = {
        "contact": contact,
        "facts": facts_of(contact, CONTACT),
        "labels": labels_of(contact, CONTACT),
        "further": ContactAddress.objects.filter(contact=contact).order_by("pk"),
        "stops": stops,
        "may_stop": can(request.member, "suppression.add")
        and bool(contact.email_norm)
        and not any(stop.channel == EMAIL for stop in stops),
        "may_edit": can(request.member, "record.edit", contact),
        "panels": {
            "sequences": address("sequence-panel", pk) if can(request.member, "sequence.view") else None,
            "reminders": address("reminder-panel", pk),
            "timeline": address("timeline-panel", pk),
        },
    }
    return render(request, "audience/contact.html", context)
