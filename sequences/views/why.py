"""Why: one contact and one sequence, what happened, what comes next, what stands in the way."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.timezone import now
from django.views.decorators.http import require_GET

from audience.models import Contact
from audience.views.lookup import contacts_seen
from messaging import evidence
from messaging.waits import why_waits
from sequences.engine.questions import Unreadable
from sequences.explain import explain
from sequences.explain.outside import Reason
from sequences.reading.material import Material
from sequences.reading.trees import all_called
from sequences.views.access import seen_by
from tenants.access import MemberRequest, requires
from tenants.policy import can, visible


@require_GET
@requires("sequence.view")
def why(request: MemberRequest, pk: int, contact_id: int) -> HttpResponse:
    """A page of it; 404 for a contact that the member may not see."""
    sequence = seen_by(request, pk, "owner__user", "plan")
    contact = get_object_or_404(contacts_seen(request), pk=contact_id)
    material = Material(sequence, request.member, sequence.plan)
    moment = now()
    context: dict[str, Any] = {"sequence": sequence, "contact": contact, "material": material, "now": moment}
    context |= {
        "found": None,
        "fault": "",
        "unsent": evidence.why,
        "waits": partial(why_waits, now=moment),
        "may_edit": can(request.member, "sequence.edit", sequence),
    }
    try:
        found = context["found"] = explain(material, contact, now=moment)
        context |= {"material": found.material, "called": all_called(found.material)}
        reasons = found.outside.reasons if found.outside else []
        context["reasons"] = [_readable(request, reason) for reason in reasons]
    except Unreadable as fault:
        context["fault"] = str(fault)
    return render(request, "sequences/why.html", context)


def _readable(request: MemberRequest, reason: Reason) -> tuple[Reason, list[Contact]]:
    """The reason with those of the other contacts it is due to whom the member may see."""
    others = [row.pk for row in reason.rows if isinstance(row, Contact)]
    seen = visible(request.member, "record.view", Contact.objects.filter(pk__in=others)) if others else []
    return reason, list(seen)
