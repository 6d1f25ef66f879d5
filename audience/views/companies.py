"""The page of a company, with its people."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from audience.fields import ACCOUNT
from audience.lists import MOST_COUNTED, count_of, slice_of
from audience.views.lookup import companies_seen, contacts_seen, key, seen
from audience.views.opportunities import deals_of
from audience.views.shown import facts_of, labels_of
from tenants.access import MemberRequest, requires
from tenants.policy import can

MOST_PEOPLE = 50


@require_GET
@requires("record.view")
def detail(request: MemberRequest, pk: int) -> HttpResponse:
    """One company: facts and the people whose primary company it is."""
    company = seen(companies_seen(request), pk)
    people = contacts_seen(request).filter(account=company)
    context = {
        "company": company,
        "facts": facts_of(company, ACCOUNT),
        "labels": labels_of(company, ACCOUNT),
        "slice": slice_of(
            people, before=key(request.GET, "before"), after=key(request.GET, "after"), size=MOST_PEOPLE
        ),
        "count": count_of(people, MOST_COUNTED),
        "may_edit": can(request.member, "record.edit", company),
        "may_delete": can(request.member, "record.delete", company),
        "may_add": can(request.member, "record.edit"),
        "deals": deals_of(request, company),
    }
    return render(request, "audience/company.html", context)
