"""Marks on views: who may call them, and whether they stand inside the wall's transaction."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponseBase

from tenants import policy

V = TypeVar("V", bound=Callable[..., HttpResponseBase])


def requires(action: str) -> Callable[[V], V]:
    """The view is for members whose role permits ``action`` in some scope; others get 403."""

    def mark(view: V) -> V:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            policy.require(request.member, action)  # type: ignore[attr-defined]
            return view(request, *args, **kwargs)

        return guarded  # type: ignore[return-value]

    return mark


def public(view: V) -> V:
    """The view needs no sign-in and is called outside of any tenant."""
    return outside_transaction(login_not_required(view))


def outside_transaction(view: V) -> V:
    """The view talks to a network, so no transaction is held around it; it opens short ``use()`` blocks itself."""
    view.outside_transaction = True  # type: ignore[attr-defined]
    return view
