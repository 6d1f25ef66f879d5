"""Asking for the number of people before so many are concerned."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render

from sequences.models import Sequence
from sequences.refusals import TooMany
from sequences.views.access import back
from tenants.access import MemberRequest

OWN = ("people", "csrfmiddlewaretoken")


def ask_number(
    request: MemberRequest, sequence: Sequence, many: TooMany, *, title: str, submit: str
) -> HttpResponse:
    """The page that asks for it, and sends with it what was sent before. A wrong number is said at its place."""
    kept = [(name, value) for name, values in request.POST.lists() for value in values if name not in OWN]
    typed = request.POST.get("people", "")
    context = {
        "sequence": sequence,
        "many": many,
        "title": title,
        "submit": submit,
        "kept": kept,
        "typed": typed,
        "back": back(request, sequence),
    }
    return render(request, "sequences/many.html", context, status=422 if typed else 200)
