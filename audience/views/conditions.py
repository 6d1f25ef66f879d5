"""How many match a condition group that is being written, ten of them, and the group as a sentence."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Any

from django.http import HttpResponse, QueryDict
from django.shortcuts import render
from django.utils.timezone import now
from django.views.decorators.http import require_http_methods

from audience.conditions.form import ConditionForm
from audience.conditions.lists import TenantLists, tenant_scope
from audience.conditions.parse import Group
from audience.fields import CONTACT, RECORDS
from audience.lists import context_for, count_of, examples_of, matching
from tenants.access import MemberRequest, requires
from tenants.localtime import local_date
from tenants.models import Tenant
from tenants.policy import visible

PREFIX = "cond"
NOUNS = {"contact": "contact", "account": "company", "opportunity": "opportunity"}


@require_http_methods(["GET", "HEAD", "POST"])
@requires("record.view")
def preview(request: MemberRequest) -> HttpResponse:
    """A fragment for what a builder holds: ``record``, ``match``, ``cond-N-field``, ``-op``, ``-value``, ``-value2``.

    Dates are local to the zone of the workspace, ``me`` is the member. Faults stand at their rows.
    """
    data = request.POST if request.method == "POST" else request.GET
    record = data.get("record", CONTACT)
    record = record if record in RECORDS else CONTACT
    lists = TenantLists(seen=partial(visible, request.member, "record.view"))
    builder = ConditionForm.posted(tenant_scope(record), lists, _named(data), prefix=PREFIX)
    is_valid = builder.is_valid()
    context: dict[str, Any] = {"builder": builder, "record": record, "noun": NOUNS[record], "count": None}
    group = builder.group
    if is_valid and group is not None:
        context |= _found(request, record, group, now())
    return render(request, "audience/_preview.html", context)


def _named(data: QueryDict) -> QueryDict:
    """The data with ``match`` under the builder's own name for it."""
    named = data.copy()
    named.setdefault(f"{PREFIX}-match", data.get("match", "all"))
    return named


def _found(request: MemberRequest, record: str, group: Group, at: datetime) -> dict[str, Any]:
    zone = Tenant.objects.get(pk=request.membership.tenant_id).timezone
    context = context_for(record, today=local_date(at, zone), zone=zone, me=request.member.pk)
    found = visible(request.member, "record.view", matching(record, group, context))
    return {"count": count_of(found), "examples": examples_of(found)}
