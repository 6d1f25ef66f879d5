"""The list of companies and the page of one, with its people."""

from __future__ import annotations

from django.db.models import Count
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from audience.fields import ACCOUNT
from audience.lists import MOST_COUNTED, companies_named, count_of, slice_of
from audience.models import Account, Contact
from audience.views.lookup import companies_seen, contacts_seen, key, seen, text_of
from audience.views.shown import facts_of, labels_of
from tenants.access import MemberRequest, requires
from tenants.fragments import page
from tenants.policy import can

MOST_PEOPLE = 50


@require_GET
@requires("record.view")
def index(request: MemberRequest) -> HttpResponse:
    """Companies, the newest first, searched by the beginning of their names."""
    asked = text_of(request.GET, "q")
    found = companies_named(companies_seen(request), asked)
    count = count_of(found, MOST_COUNTED)
    rows = slice_of(found, before=key(request.GET, "before"), after=key(request.GET, "after"))
    context = {
        "slice": rows,
        "people": people_of(rows.rows),
        "count": min(count, MOST_COUNTED),
        "is_more": count > MOST_COUNTED,
        "q": asked,
        "may_edit": can(request.member, "record.edit"),
        "may_import": can(request.member, "import.run"),
    }
    return page(request, "audience/companies.html", context, parts=("results",))


def people_of(companies: list[Account]) -> dict[int, int]:
    """How many contacts have each company as their primary one."""
    counts = (
        Contact.objects.filter(account__in=companies).values("account").annotate(n=Count("pk")).order_by()
    )
    return {row["account"]: row["n"] for row in counts}


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
    }
    return render(request, "audience/company.html", context)
