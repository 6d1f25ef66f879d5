"""Finding the sequence of a URL for this member, and answering with it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_POST
from django_htmx.http import HttpResponseClientRedirect

from sequences.models import Sequence
from sequences.refusals import Refused
from tenants.access import MemberRequest, requires
from tenants.policy import require, visible

View = Callable[..., HttpResponse]
FULL = ("owner__user", "owner__team", "plan", "draft", "sender__user")


def seen_by(request: MemberRequest, pk: int, *beside: str) -> Sequence:
    """The sequence, if the member may see it; else 404, as if there were none.

    ``beside``: what is read with it, by default what most of its pages look at.
    """
    found = visible(request.member, "sequence.view", Sequence.objects.select_related(*(beside or FULL)))
    return get_object_or_404(found, pk=pk)


def changed_by(request: MemberRequest, pk: int, action: str = "sequence.edit") -> Sequence:
    """The sequence, if the member may do ``action`` to it: 404 where they may not see it, else 403."""
    found = seen_by(request, pk)
    require(request.member, action, found)
    return found


def action(permission: str, refused: str = "") -> Callable[[Callable[..., str | HttpResponse]], View]:
    """A view that does one thing to a sequence, by POST. It returns where to go, or a page that asks something first.

    What is refused is said where the form came from, else at ``refused`` under the sequence's address.
    """

    def mark(view: Callable[..., str | HttpResponse]) -> View:
        @require_POST
        @requires("sequence.view")
        @wraps(view)
        def guarded(request: MemberRequest, pk: int, **kwargs: Any) -> HttpResponse:
            sequence = changed_by(request, pk, permission)
            there: str | HttpResponse
            try:
                there = view(request, sequence, **kwargs)
            except Refused as fault:
                messages.error(request, fault.message)
                there = back(request, sequence, f"/sequences/{sequence.pk}/{refused}")
            return there if isinstance(there, HttpResponse) else go(request, there)

        return guarded

    return mark


def back(request: MemberRequest, sequence: Sequence | None, default: str = "") -> str:
    """The page of this site that the form named, else ``default``, else the page of the sequence."""
    there = request.POST.get("next", "")
    is_inside = there.startswith("/") and not there.startswith(("//", "/\\"))
    return there if is_inside else default or (f"/sequences/{sequence.pk}/" if sequence else "/sequences/")


def number_of(text: str) -> int | None:
    """A number that somebody wrote into an address or form, None where it is none that the database could hold."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None


def ids_of(texts: Iterable[str]) -> list[int]:
    """Those of the texts that are numbers."""
    return [number for text in texts if (number := number_of(text)) is not None]


def go(request: MemberRequest, there: str) -> HttpResponse:
    """Lead the browser to another page; of a fragment's request, the whole page."""
    return HttpResponseClientRedirect(there) if request.htmx else HttpResponseRedirect(there)
