"""What is done to people picked in a sequence, or to everyone whom the filter of its list holds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.timezone import now

from audience.views.lookup import contacts_seen
from sequences.bulk.adding import open_to
from sequences.commands import people as commands
from sequences.models import Sequence
from sequences.reading.people import additions, people
from sequences.views.access import action, back, ids_of, number_of
from sequences.views.adding import add_or_ask
from sequences.views.people import WAITING, asked_of
from tenants.access import MemberRequest

VERBS: dict[str, tuple[Callable[..., int], str, str]] = {
    "pause": (commands.pause, "{} paused.", "Nobody was paused: no one picked is active."),
    "resume": (commands.resume, "{} resumed.", "Nobody was resumed: no one picked is paused."),
    "remove": (
        commands.remove,
        "{} removed; their history stays.",
        "Nobody was removed: no one picked is inside or waiting any more.",
    ),
    "skip": (
        commands.skip_reminders,
        "Open reminders of {} skipped.",
        "Nothing was skipped: no one picked has an open reminder.",
    ),
}
"""Verb → its command, what is said when it was done, and when there was nothing to do."""
ADD, REMOVE = "add", "remove"


@action("enrollment.manage")
def bulk(request: MemberRequest, sequence: Sequence) -> str | HttpResponse:
    """Pause, resume, remove them, skip their open reminders, or add them to another sequence."""
    verb = request.POST.get("do", "")
    if verb == ADD:
        return _add_elsewhere(request, sequence)
    if verb not in VERBS:
        messages.error(request, "Choose what is to be done.")
        return back(request, sequence)
    contacts = _picked(request, sequence)
    if verb == REMOVE and request.POST.get("everyone") and not request.POST.get("confirm"):
        return _ask_to_remove(request, sequence, contacts)
    if not contacts:
        messages.error(request, "Nobody is picked.")
        return back(request, sequence)
    command, words, nothing = VERBS[verb]
    count = command(sequence=sequence, contacts=contacts, by=request.member, now=now())
    if not count:
        messages.info(request, nothing)
        return back(request, sequence)
    left = len(contacts) - count
    said = words.format(_people(count))
    messages.success(request, f"{said} {left:,} did not need it." if left > 0 else said)
    return back(request, sequence)


def _add_elsewhere(request: MemberRequest, sequence: Sequence) -> str | HttpResponse:
    """Ask to which sequence, the same one among them; then it is as adding by hand."""
    chosen = number_of(request.POST.get("to", ""))
    there = open_to(request.member).filter(pk=chosen).first() if chosen else None
    contacts = _picked(request, sequence)
    if there is not None:
        return add_or_ask(request, there, contacts) or back(request, sequence)
    context = {
        "sequence": sequence,
        "people": len(contacts),
        "options": [(one.pk, one.name) for one in open_to(request.member)],
        "error": "Choose a sequence." if "to" in request.POST else "",
        "kept": _kept(request),
        "back": back(request, sequence),
    }
    return render(request, "sequences/add_elsewhere.html", context, status=422 if context["error"] else 200)


def _ask_to_remove(request: MemberRequest, sequence: Sequence, contacts: list[int]) -> HttpResponse:
    """A removal cannot be undone: before all of a list go, how many they are stands on a page of its own."""
    context = {
        "sequence": sequence,
        "people": len(contacts),
        "are_waiting": asked_of(request.GET).state == WAITING,
        "kept": _kept(request),
        "back": back(request, sequence),
    }
    return render(request, "sequences/remove.html", context)


def _kept(request: MemberRequest) -> list[tuple[str, str]]:
    """What was posted, to be posted again with an answer."""
    kept = [(name, value) for name, values in request.POST.lists() for value in values]
    return [(name, str(value)) for name, value in kept if name not in ("to", "csrfmiddlewaretoken")]


def _picked(request: MemberRequest, sequence: Sequence) -> list[int]:
    """Ids of contacts: those ticked, or all of the filter that the list showed; never of one whom it would not show."""
    if not request.POST.get("everyone"):
        found: QuerySet[Any] = contacts_seen(request).filter(pk__in=ids_of(request.POST.getlist("ids")))
        return list(found.values_list("pk", flat=True))
    wanted = asked_of(request.GET)
    list_: Any = additions if wanted.state == WAITING else people
    found = list_(sequence, wanted, reader=request.member)
    return list(found.order_by().values_list("contact_id", flat=True).distinct())


def _people(count: int) -> str:
    return "1 person" if count == 1 else f"{count:,} people"
