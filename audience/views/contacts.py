"""The page of a contact."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from audience.fields import CONTACT
from audience.models import ContactAddress
from audience.suppression import EMAIL, of_contact
from audience.views.lookup import address, contacts_seen, seen
from audience.views.opportunities import deals_of
from audience.views.shown import facts_of, labels_of
from tenants.access import MemberRequest, requires
from tenants.policy import can


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
        "may_delete": can(request.member, "record.delete", contact),
        "may_add": can(request.member, "record.edit"),
        "deals": deals_of(request, contact),
        "panels": {
            "sequences": address("sequence-panel", pk) if can(request.member, "sequence.view") else None,
            "reminders": address("reminder-panel", pk),
            "timeline": address("timeline-panel", pk),
        },
    }
    return render(request, "audience/contact.html", context)
