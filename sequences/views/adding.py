"""Adding people to a sequence by hand: found by name, or everyone of a saved view."""

from __future__ import annotations

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.timezone import now
from django.views.decorators.http import require_GET, require_POST

from audience.models import Contact, SavedView
from audience.saved import visible_views
from audience.views.lookup import contacts_seen, text_of
from sequences.commands import people as commands
from sequences.models import Sequence
from sequences.reading.adding import Picked, contacts_named, last_stays, picked
from sequences.reading.audience import people_of_view
from sequences.reading.live import live_of
from sequences.reading.material import Material
from sequences.refusals import Refused, TooMany
from sequences.views.access import action, back, changed_by, go, ids_of, number_of
from sequences.views.many import ask_number
from tenants.access import MemberRequest, requires
from tenants.confirming import typed_number
from tenants.fragments import page
from tenants.policy import can, visible

SHOWN = 30
SHOWN_AGAIN = 10


@require_GET
@requires("sequence.view")
def ask(request: MemberRequest, pk: int) -> HttpResponse:
    """Contacts to pick from, and the saved views."""
    sequence = changed_by(request, pk, "enrollment.manage")
    asked, view = text_of(request.GET, "q"), _view(request, request.GET.get("view", ""))
    found = _found(request, sequence, view, asked)
    material = Material(sequence, request.member, sequence.plan)
    context = {
        "sequence": sequence,
        "q": asked,
        "view": view,
        "views": list(_views(request).order_by("name").values_list("pk", "name")),
        "contacts": list(found.select_related("account", "owner__user")[:SHOWN]),
        "total": found.count() if asked or view else None,
        "shown": SHOWN,
        "live": live_of(sequence, material.steps, now=now()),
    }
    return page(request, "sequences/add.html", context, parts=("found",))


@action("enrollment.manage")
def add(request: MemberRequest, sequence: Sequence) -> str | HttpResponse:
    """Have those picked decided at the next run, and say what becomes of each."""
    given = _given(request, sequence)
    asked = add_or_ask(request, sequence, given)
    return asked or back(request, sequence, f"/sequences/{sequence.pk}/people/?state=waiting")


def add_or_ask(request: MemberRequest, sequence: Sequence, given: list[int]) -> HttpResponse | None:
    """Have these contacts decided at the next run, and say what becomes of each; None. Raises Refused.

    Many have to be confirmed by their number, on a page of its own. Where some were in the sequence before, first a
    page that asks about them (semantics 2.13); its answer comes as ``again``: yes or no.
    """
    found = picked(sequence, given)
    answer = request.POST.get("again", "")
    may_come_again = can(request.member, "enrollment.override")
    if found.earlier and may_come_again and answer not in ("yes", "no"):
        return _ask_again(request, sequence, found)
    again = found.earlier if may_come_again and answer == "yes" else []
    contacts, typed = [*found.new, *again], typed_number(request.POST.get("people", ""))
    added = 0
    try:
        if contacts:
            added = commands.add(
                sequence=sequence, contacts=contacts, by=request.member, now=now(), confirmed=typed
            )
    except TooMany as many:
        title = f"Add {many.people:,} people to “{sequence.name}”?"
        return ask_number(request, sequence, many, title=title, submit="Add them")
    say = messages.success if added else messages.warning
    say(request, " ".join(_said(found, added, bool(again), may_come_again)))
    return None


def _ask_again(request: MemberRequest, sequence: Sequence, found: Picked) -> HttpResponse:
    """Who was in it before, how that ended, and what is to become of them."""
    kept = [(name, value) for name, values in request.POST.lists() for value in values]
    context = {
        "sequence": sequence,
        "found": found,
        "stays": last_stays(sequence, found.earlier[:SHOWN_AGAIN]),
        "more": max(0, len(found.earlier) - SHOWN_AGAIN),
        "kept": [(name, value) for name, value in kept if name not in ("again", "csrfmiddlewaretoken")],
        "back": back(request, sequence),
    }
    return render(request, "sequences/add_again.html", context)


def _given(request: MemberRequest, sequence: Sequence) -> list[int]:
    """Ids of contacts whom the member may see: those ticked, or all whom the search or view holds."""
    if not request.POST.get("everyone"):
        ticked = contacts_seen(request).filter(pk__in=ids_of(request.POST.getlist("ids")))
        return list(ticked.values_list("pk", flat=True))
    view, asked = _view(request, request.GET.get("view", "")), text_of(request.GET, "q")
    if not view and not asked:
        return []
    return list(_found(request, sequence, view, asked).order_by().values_list("pk", flat=True))


def _found(
    request: MemberRequest, sequence: Sequence, view: SavedView | None, asked: str
) -> QuerySet[Contact]:
    """The contacts of a view, or those called so, whom the member may see."""
    found = people_of_view(view, sequence, now=now()) if view else contacts_named(asked)
    return visible(request.member, "record.view", found)


def _views(request: MemberRequest) -> QuerySet[SavedView]:
    return visible_views(request.member, SavedView.objects.filter(record="contact"))


def _view(request: MemberRequest, pk: str) -> SavedView | None:
    number = number_of(pk)
    return _views(request).filter(pk=number).first() if number else None


@require_POST
@requires("sequence.view")
def add_contact(request: MemberRequest, pk: int) -> HttpResponse:
    """Add one contact, from their page, to the sequence that was chosen there."""
    get_object_or_404(visible(request.member, "record.view", Contact.objects.all()), pk=pk)
    chosen = number_of(request.POST.get("sequence", ""))
    there = back(request, None, f"/contacts/{pk}/")
    if chosen is None:
        messages.error(request, "Choose a sequence.")
        return go(request, there)
    sequence = changed_by(request, chosen, "enrollment.manage")
    try:
        asked = add_or_ask(request, sequence, [pk])
    except Refused as refused:
        asked = None
        messages.error(request, refused.message)
    return asked or go(request, there)


def _said(found: Picked, added: int, come_again: bool, may_come_again: bool) -> list[str]:
    """What became of those picked, a sentence each."""
    said = [
        f"{_people(added)} {'waits' if added == 1 else 'wait'} for the next run."
        if added
        else "Nobody was added."
    ]
    if found.inside or found.waiting:
        said.append(f"{_people(found.inside + found.waiting)} inside or waiting already.")
    if found.earlier and may_come_again and not come_again:
        said.append(f"{_people(len(found.earlier))} left out: {_were(len(found.earlier))} in it before.")
    elif found.earlier and may_come_again:
        said.append(f"{_people(len(found.earlier))} of them {_were(len(found.earlier))} in it before.")
    elif found.earlier:
        said.append(
            f"{_people(len(found.earlier))} left out: {_were(len(found.earlier))} in it before, "
            "and your role does not permit adding them again."
        )
    if found.stopped:
        said.append(f"{_people(found.stopped)} unsubscribed or bounced: refused at the run.")
    return said


def _people(count: int) -> str:
    return "1 person" if count == 1 else f"{count:,} people"


def _were(count: int) -> str:
    return "was" if count == 1 else "were"
