"""The list of sequences."""

from __future__ import annotations

from dataclasses import replace
from functools import reduce

from django.http import HttpResponse
from django.utils.timezone import now
from django.views.decorators.http import require_GET

from audience.views.lookup import text_of
from sequences.forms import RECORDS
from sequences.models import Status
from sequences.reading.figures import Figures
from sequences.reading.listing import PAGE, TABS, counts, lines_of, listed, owners, quota_of, tags
from sequences.views.access import number_of
from tenants.access import MemberRequest, requires
from tenants.fragments import page
from tenants.policy import can

STATUSES = [(status.value, status.label) for status in Status if status != Status.ARCHIVED]


@require_GET
@requires("sequence.view")
def index(request: MemberRequest) -> HttpResponse:
    """All sequences that the member may see, a tab at a time."""
    member, asked = request.member, request.GET
    tab = asked.get("tab", "all") if asked.get("tab") in TABS else "all"
    q, status, owner = (
        text_of(asked, "q"),
        _status_of(asked.get("status", "")),
        number_of(asked.get("owner", "")),
    )
    troubled = asked.get("problems") == "1"
    tag, record = text_of(asked, "tag"), asked.get("record", "")
    record = record if record in dict(RECORDS) else ""
    found = listed(
        member, tab=tab, q=q, status=status, owner=owner, troubled=troubled, tag=tag, record=record
    )
    lines = [
        replace(
            line,
            may_edit=can(member, "sequence.edit", line.sequence),
            may_share=can(member, "sequence.share", line.sequence),
        )
        for line in lines_of(found[:PAGE])
    ]
    total = reduce(Figures.plus, (line.figures for line in lines), Figures())
    due = [line.next_run_at for line in lines if line.next_run_at]
    may_create = can(member, "sequence.create")
    context = {
        "tab": tab,
        "counts": counts(member),
        "filters": {
            "q": q,
            "status": status,
            "owner": owner,
            "problems": "1" if troubled else "",
            "tag": tag,
            "record": record,
        },
        "lines": lines,
        "total": total,
        "next_run_at": min(due, default=None),
        "statuses": STATUSES,
        "owners": owners(member),
        "tags": [(word, word) for word in tags(member)],
        "records": RECORDS,
        "may_create": may_create,
        "quota": quota_of(member) if may_create else None,
        "now": now(),
    }
    return page(request, "sequences/list.html", context, parts=("sequences",))


def _status_of(asked: str) -> str:
    """The status asked for; another word than those offered filters nothing."""
    return asked if asked in dict(STATUSES) else ""
