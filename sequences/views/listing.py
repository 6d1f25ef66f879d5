"""The list of sequences."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django.http import HttpResponse, HttpResponseRedirect
from django.utils.timezone import now
from django.views.decorators.http import require_GET

from audience.columns import moved_up
from sequences.forms import KINDS, RECORDS
from sequences.reading.filtering import STATUSES, TABS, counts, filtered, owners, tags
from sequences.reading.listing import COLUMNS, USUAL, page_of, quota_of
from sequences.views.access import number_of
from tenants.access import MemberRequest, requires
from tenants.fragments import page
from tenants.policy import can

REMEMBERED = "columns of sequences"


@require_GET
@requires("sequence.view")
def index(request: MemberRequest) -> HttpResponse:
    """All sequences that the member may see: a tab, filters, order, columns and a page, all from the address."""
    member, asked = request.member, request.GET
    if "up" in asked:
        return HttpResponseRedirect(f"{request.path}?{moved_up(asked)}")
    tab = asked.get("tab", "all") if asked.get("tab") in TABS else "all"
    filters = filtered(member, tab, asked)
    sort = asked.get("sort", "")
    shown = page_of(
        filters.qs.select_related("owner__user", "owner__team"),
        sort,
        before=number_of(asked.get("before", "")),
        after=number_of(asked.get("after", "")),
    )
    lines = [
        replace(
            line,
            may_edit=can(member, "sequence.edit", line.sequence),
            may_share=can(member, "sequence.share", line.sequence),
        )
        for line in shown.lines
    ]
    names = _columns(request)
    may_create = can(member, "sequence.create")
    paging = ("q", "before", "after", "panel", "columns")
    context: dict[str, Any] = {
        "kept_pairs": [
            (key, value) for key, values in asked.lists() if key not in paging for value in values
        ],
        "tab": tab,
        "counts": counts(member),
        "filters": filters.asked,
        "is_filtered": filters.is_filtered,
        "sort": sort,
        "shown": shown,
        "lines": lines,
        "columns": [COLUMNS[name] for name in names],
        "known": COLUMNS,
        "is_chosen": names != list(USUAL),
        "panel": asked.get("panel") if asked.get("panel") == "columns" else "",
        "statuses": STATUSES,
        "kinds": KINDS,
        "owners": owners(member),
        "tags": tags(member),
        "records": RECORDS,
        "may_create": may_create,
        "quota": quota_of(member) if may_create else None,
        "now": now(),
    }
    return page(request, "sequences/list.html", context, parts=("sequences", "panel"))


def _columns(request: MemberRequest) -> list[str]:
    """The names of the columns: those of the address, else those chosen last in this browser, else the usual ones."""
    chosen = [name for name in dict.fromkeys(request.GET.getlist("col")) if name in COLUMNS]
    if "columns" in request.GET:
        request.session[REMEMBERED] = chosen
    remembered = request.session.get(REMEMBERED, ())
    return chosen or [name for name in remembered if name in COLUMNS] or list(USUAL)
