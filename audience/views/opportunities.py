"""The page of an opportunity, and what the pages of its contact and company show of theirs."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from audience.fields import OPPORTUNITY
from audience.lists import MOST_COUNTED, count_of
from audience.models import Account, Contact
from audience.views.lookup import address, companies_seen, contacts_seen, opportunities_seen, seen
from audience.views.shown import facts_of
from tenants.access import MemberRequest, requires
from tenants.policy import can

MOST_SHOWN = 10


@require_GET
@requires("record.view")
def detail(request: MemberRequest, pk: int) -> HttpResponse:
    """One opportunity: facts, its primary contact, their sequences, and what happened because of it."""
    deal = seen(opportunities_seen(request), pk)
    contact = contacts_seen(request).filter(pk=deal.contact_id or 0).first()
    company = companies_seen(request).filter(pk=deal.account_id or 0).first()
    here = reverse("opportunity", args=[pk])
    panel = (
        address("sequence-panel", contact.pk) if contact and can(request.member, "sequence.view") else None
    )
    context: dict[str, Any] = {
        "deal": deal,
        "contact": contact,
        "company": company,
        "facts": facts_of(deal, OPPORTUNITY),
        "may_edit": can(request.member, "record.edit", deal),
        "may_delete": can(request.member, "record.delete", deal),
        "panels": {
            "sequences": f"{panel}?{urlencode({'next': here})}" if panel else None,
            "timeline": address("opportunity-timeline", pk),
        },
    }
    return render(request, "audience/opportunity.html", context)


def deals_of(request: MemberRequest, record: Contact | Account) -> dict[str, Any]:
    """The latest opportunities of a contact or company, how many there are, and where all of them are listed."""
    name = "contact" if isinstance(record, Contact) else "account"
    found = opportunities_seen(request).filter(**{name: record})
    asked = {"cond-match": "all", "cond-0-field": name, "cond-0-op": "is", "cond-0-value": record.pk}
    return {
        "rows": list(found.order_by("-pk")[:MOST_SHOWN]),
        "count": count_of(found, MOST_COUNTED),
        "all": f"{reverse('opportunities')}?{urlencode(asked)}",
        "new": f"{reverse('opportunity-new')}?{urlencode({name: record.pk})}",
    }
