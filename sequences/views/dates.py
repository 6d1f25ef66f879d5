"""The calendar preview: on which dates the steps would fall for a chosen contact."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.utils.timezone import now
from django.views.decorators.http import require_GET

from audience.models import Contact
from audience.views.lookup import contacts_seen, text_of
from sequences.engine.due import Work
from sequences.engine.questions import Unreadable
from sequences.explain.outside import standing
from sequences.reading.adding import contacts_named
from sequences.reading.audience import first_of
from sequences.reading.dates import dates_of
from sequences.reading.material import Material
from sequences.reading.thought import thought_of
from sequences.views.access import changed_by, number_of
from tenants.access import MemberRequest, requires
from tenants.fragments import page

FOUND = 8
WHY_NOT = {
    "nobody": "nobody enters by themselves; add them by hand",
    "no_match": "they do not match the audience now",
    "no_company": "they have no company",
    "no_deal": "they have no opportunity",
    "before": "they were in it before, or are inside",
    "exit": "they match the exit criteria",
    "stopped": "their address is unsubscribed or bounced",
    "unreachable": "no step could reach them: there is no address or number",
    "same_address": "somebody with the same address is or was in it",
    "elsewhere": "they are in another sequence, and one of the two is exclusive",
}


@require_GET
@requires("sequence.view")
def calendar(request: MemberRequest, pk: int) -> HttpResponse:
    """A page, and a part of the review; ``contact`` is who was chosen, ``q`` what others are searched by."""
    sequence = changed_by(request, pk)
    material = Material(sequence, request.member)
    moment, seen = now(), contacts_seen(request)
    chosen, asked = number_of(request.GET.get("contact", "")), text_of(request.GET, "q")
    found = list(contacts_named(asked).filter(pk__in=seen.values("pk"))[:FOUND]) if asked else []
    contact = seen.filter(pk=chosen).first() if chosen else None
    work = thought_of(sequence, now=moment, plan=sequence.draft or sequence.plan)
    contact = contact or (found[0] if found else first_of(sequence, seen, now=moment, work=work))
    context: dict[str, Any] = {"sequence": sequence, "material": material, "contact": contact}
    context |= {"q": asked, "found": found, "why_not": [], "dates": None}
    if contact is not None:
        context["dates"] = dates_of(sequence, material.working_steps, contact, now=moment)
        context["why_not"] = [WHY_NOT[why] for why in _standing(work, contact)]
    return page(request, "sequences/calendar.html", context, parts=("calendar",))


def _standing(work: Work, contact: Contact) -> list[str]:
    try:
        return standing(work.sequence, contact, now=work.now, work=work)
    except Unreadable:
        return []  # the check says what is wrong with the conditions
