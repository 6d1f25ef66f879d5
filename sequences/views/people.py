"""The people of a sequence: the list with its filters, and what is done to those picked."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Any

from django.http import HttpResponse
from django.views.decorators.http import require_GET

from audience.lists import MOST_COUNTED, count_of
from audience.views.lookup import text_of
from sequences.models import Enrollment, Sequence
from sequences.reading.happened import DID, steps_that_did
from sequences.reading.live import coming
from sequences.reading.material import Material
from sequences.reading.paging import page_of
from sequences.reading.people import PAGE, STATES, additions, people, rows_of
from sequences.reading.trees import words_of
from sequences.reading.wanted import Filter
from sequences.views.access import number_of, seen_by
from sequences.views.detail import head_of
from sequences.views.resend import may_resend
from tenants.access import MemberRequest, requires
from tenants.fragments import page
from tenants.policy import scope
from tenants.roles import ALL

WAITING = "waiting"


def asked_of(given: Any) -> Filter:
    """The filter in a query."""
    state = given.get("state", "all")
    return Filter(
        state=state if state in (*STATES, WAITING) else "all",
        q=text_of(given, "q"),
        reason=text_of(given, "reason"),
        step=text_of(given, "step"),
        did=text_of(given, "did"),
        run=number_of(given.get("run", "")),
        mail=text_of(given, "mail"),
    )


@require_GET
@requires("sequence.view")
def index(request: MemberRequest, pk: int) -> HttpResponse:
    """A page of the people: state, reason, day, next step and its date."""
    sequence = seen_by(request, pk)
    material = Material(sequence, request.member, sequence.plan)
    wanted = asked_of(request.GET)
    before = number_of(request.GET.get("before", ""))
    context = head_of(request, sequence, material, "people") | {
        "filter": wanted,
        "before": before,
        "size": PAGE,
        "is_partial": scope(request.member, "record.view") != ALL,
    }
    list_ = _waiting if wanted.state == WAITING else _inside
    context |= list_(sequence, material, wanted, before, context["now"], context["live"].last_ordinal)
    context |= {"step": material.step(wanted.step), "words": partial(words_of, material)}
    context["steps"] = steps_that_did(sequence, wanted).count() if wanted.run and wanted.did in DID else 0
    context["resendable"] = [r.unsent for r in context["rows"] if r.unsent and may_resend(request, r.unsent)]
    return page(request, "sequences/people.html", context, parts=("people",))


def _inside(
    sequence: Sequence, material: Material, wanted: Filter, before: int | None, moment: datetime, ordinal: int
) -> dict[str, Any]:
    found = people(sequence, wanted, reader=material.member)
    among = Enrollment.objects.filter(sequence=sequence) if wanted.q else None
    shown = page_of(found, before, among=among)
    runs = coming(sequence, now=moment)
    rows = rows_of(shown.stays, material.steps, last_ordinal=ordinal, coming=runs, now=moment)
    return {
        "rows": rows,
        "has_more": shown.has_more,
        "total": shown.total,
        "is_more": shown.is_more,
        "last": shown.last,
        "waiting": [],
    }


def _waiting(
    sequence: Sequence, material: Material, wanted: Filter, before: int | None, moment: datetime, ordinal: int
) -> dict[str, Any]:
    found = additions(sequence, wanted, reader=material.member)
    rows = list((found.filter(pk__lt=before) if before else found)[: PAGE + 1])
    last = rows[:PAGE][-1].pk if rows else None
    total = count_of(found, MOST_COUNTED)
    return {
        "rows": [],
        "waiting": rows[:PAGE],
        "has_more": len(rows) > PAGE,
        "total": min(total, MOST_COUNTED),
        "is_more": total > MOST_COUNTED,
        "last": last,
    }
