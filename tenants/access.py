"""Marks on views: who may call them, and whether they stand inside the wall's transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any, TypeVar

from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase
from django.utils import timezone
from django_htmx.middleware import HtmxDetails

from tenants import policy
from tenants.models import Member, Membership
from tenants.wall import use

V = TypeVar("V", bound=Callable[..., HttpResponseBase])


class MemberRequest(HttpRequest):
    """What a view behind ``requires`` is called with: the request of a member, inside the wall (for types only)."""

    member: Member
    membership: Membership
    htmx: HtmxDetails


def requires(*actions: str) -> Callable[[V], V]:
    """The view is for members whose role permits one of ``actions`` in some scope; others get 403."""

    def mark(view: V) -> V:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            policy.require_any(request.member, *actions)  # type: ignore[attr-defined]
            return view(request, *args, **kwargs)

        return guarded  # type: ignore[return-value]

    return mark


def public(view: V) -> V:
    """The view needs no sign-in and is called outside of any tenant."""
    return outside_transaction(login_not_required(view))


def outside_transaction(view: V) -> V:
    """The view talks to a network: no transaction is held around it, it opens short blocks itself (``as_member``)."""
    view.outside_transaction = True  # type: ignore[attr-defined]
    return view


@contextmanager
def as_member(request: HttpRequest) -> Iterator[Member]:
    """A short block inside the wall, with the member as of now, for views marked ``outside_transaction``.

    Raises PermissionDenied where there is no member (any more).
    """
    membership: Membership = request.membership  # type: ignore[attr-defined]
    with use(membership.tenant_id):
        member = membership.member()
        if member is None:
            raise PermissionDenied("You are not a member of this workspace any more.")
        request.member = member  # type: ignore[attr-defined]
        with timezone.override(member.timezone):
            yield member
