"""The lists of records: views, quick filters, conditions, columns, order, one page of rows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils.timezone import now
from django.views.decorators.http import require_http_methods

from audience.bulk.registry import verbs_for
from audience.catalogue import values_of as values_of_list
from audience.columns import groups_of, moved_up, values_of
from audience.conditions.form import ConditionForm
from audience.conditions.lists import TenantLists, tenant_scope
from audience.fields import CONTACT
from audience.kept import PREFIX, Gone, is_long, short
from audience.kinds import KINDS
from audience.listing import ME, Listing, sequence_names
from audience.saved import may_change, views_for
from audience.views.lookup import key
from tenants.access import MemberRequest, requires
from tenants.fragments import page
from tenants.models import Member
from tenants.policy import can

PANELS = ("filter", "columns")


def index(record: str) -> Callable[..., HttpResponse]:
    """The view that lists a kind of record. The builder of conditions is posted to it, since it may be long."""

    @require_http_methods(["GET", "HEAD", "POST"])
    @requires("record.view")
    def list_(request: MemberRequest) -> HttpResponse:
        if "up" in request.GET:
            return HttpResponseRedirect(f"{request.path}?{moved_up(request.GET)}")
        query = _query(request)
        try:
            listing = Listing(record, query, request.member, at=now())
        except Gone:
            messages.error(request, "This filter was not used for long and is no longer kept.")
            return HttpResponseRedirect(request.path)
        if listing.builder.was_pressed:
            query = listing.redrawn()
        if listing.builder.was_pressed or request.method == "POST" or is_long(query):
            return HttpResponseRedirect(f"{request.path}?{short(query, at=listing.at)}")
        rows = listing.page(before=key(request.GET, "before"), after=key(request.GET, "after"))
        context = {
            "listing": listing,
            "kind": KINDS[record],
            "here": reverse(KINDS[record].pages),
            "slice": rows,
            "cells": values_of(rows.rows, record, listing.columns),
            "count": listing.count,
            "is_more": listing.is_long,
            "verbs": verbs_for(record, request.member),
            "may_edit": can(request.member, "record.edit"),
            "may_index": can(request.member, "admin.manage"),
            "may_import": can(request.member, "import.run"),
            "may_export": can(request.member, "export.run"),
        }
        panel = request.GET.get("panel", "")
        listing.builder.glance()
        context |= _choices(request, listing)
        context |= {"panel": panel if panel in PANELS else "", "builder": listing.builder}
        return page(request, "audience/list.html", context, parts=("results", "panel"))

    return list_


def _query(request: MemberRequest) -> QueryDict:
    if request.method != "POST":
        return request.GET
    posted = request.POST.copy()
    posted.pop("csrfmiddlewaretoken", None)
    return posted


def _choices(request: MemberRequest, listing: Listing) -> dict[str, Any]:
    """What the bar above the list offers."""
    members = Member.objects.select_related("user").order_by("user__name", "user__email")
    views = list(views_for(request.member, listing.record))
    return {
        "views": views,
        "mine": [view for view in views if view.owner_id == request.member.pk],
        "others": [view for view in views if view.owner_id != request.member.pk],
        "may_change_view": listing.view is not None and may_change(request.member, listing.view),
        "stages": _stages(listing),
        "owners": [("none", "Nobody"), *((member.pk, member.name) for member in members)],
        "column_groups": groups_of(listing.known.values(), listing.record),
    }


def _stages(listing: Listing) -> list[tuple[str, str]]:
    """The stages to choose from, and the one that is asked for where the list has it no more."""
    if not listing.kind.stage:
        return []
    asked = listing.asked("stage")
    values = [*values_of_list(listing.record, listing.kind.stage), *([asked] if asked else [])]
    return [(value, value) for value in dict.fromkeys(values)]


@require_http_methods(["POST"])
@requires("record.view")
def builder(request: MemberRequest) -> HttpResponse:
    """The conditions of a list drawn anew after a change in them; nothing is kept."""
    record = request.GET.get("record", CONTACT)
    record = record if record in KINDS else CONTACT
    scope, lists = tenant_scope(record, sequences=sequence_names()), TenantLists(sequence_names, me=ME)
    found = ConditionForm.posted(scope, lists, request.POST, prefix=PREFIX)
    found.glance()
    return render(request, "audience/_builder.html", {"builder": found})
