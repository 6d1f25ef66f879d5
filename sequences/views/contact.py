"""The sequences of one contact: a fragment that the contact's page embeds by its address."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.timezone import now
from django.views.decorators.http import require_GET

from audience.models import Contact
from audience.views.lookup import inside
from sequences.enrollment import last_ordinal
from sequences.models import Addition, Enrollment, Sequence, Status
from sequences.reading.live import coming
from sequences.reading.material import Material
from sequences.reading.people import INSIDE, PersonRow, rows_of
from sequences.reading.private import hide_private
from sequences.reading.trees import IN_TREES, words_of
from tenants.access import MemberRequest, requires
from tenants.policy import can, visible

MOST = 20


@dataclass(frozen=True)
class Stay:
    """One stay of the contact; ``may_manage``: the member may pause and remove it. ``next_words``: its next step."""

    row: PersonRow
    sequence: Sequence
    steps: int
    may_manage: bool
    next_words: str


@require_GET
@requires("sequence.view")
def panel(request: MemberRequest, pk: int) -> HttpResponse:
    """Every stay that the member may see, the latest first, additions that wait, and a way to add the contact."""
    contact = get_object_or_404(visible(request.member, "record.view", Contact.objects.all()), pk=pk)
    seen = visible(request.member, "sequence.view", Sequence.objects.select_related("plan", "owner__team"))
    found = Enrollment.objects.filter(contact=contact, sequence__in=seen.values("pk")).order_by("-pk")
    stays = [
        _stay(request, stay)
        for stay in found.select_related("sequence__owner__team", "sequence__plan")[:MOST]
    ]
    waiting = Addition.objects.filter(contact=contact, sequence__in=seen.values("pk")).select_related(
        "sequence"
    )
    is_in = Enrollment.objects.filter(contact=contact, state__in=INSIDE).values("sequence")
    waits_for = Addition.objects.filter(contact=contact).values("sequence")
    open_to = seen.exclude(Q(status=Status.ARCHIVED) | Q(pk__in=is_in) | Q(pk__in=waits_for)).order_by("name")
    context = {
        "contact": contact,
        "here": inside(request.GET.get("next", "")) or f"/contacts/{contact.pk}/",
        "stays": stays,
        "waiting": list(waiting),
        "open_to": [s for s in open_to if can(request.member, "enrollment.manage", s)],
    }
    return render(request, "sequences/_contact.html", context)


def _stay(request: MemberRequest, stay: Enrollment) -> Stay:
    sequence = stay.sequence
    found = sequence.plan.steps.select_related("template").order_by("day", "position", "pk")
    steps = hide_private(found, sequence, request.member)
    is_inside = stay.state != Enrollment.EXITED
    moment = now()
    runs = coming(sequence, now=moment) if is_inside else ()
    ordinal = last_ordinal(sequence.pk) if is_inside else 0
    (row,) = rows_of([stay], steps, last_ordinal=ordinal, coming=runs, now=moment)
    may_manage = can(request.member, "enrollment.manage", sequence)
    return Stay(row, sequence, len(steps), may_manage, _next_words(request, row))


def _next_words(request: MemberRequest, row: PersonRow) -> str:
    """What the next step is called; of what only a tree has, what it does."""
    step = row.next_step
    if step is None or step.name or step.kind not in IN_TREES:
        return row.next_title
    return words_of(Material(row.stay.sequence, request.member, step.plan), step)
