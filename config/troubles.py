"""The pages about what is not there and what one may not do: to a member within the shell, to others without.

So whoever works here keeps the way on, and sees that sending is stopped, on these pages, too.
"""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from tenants.wall import use


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """403; what was raised says why, fit for a person."""
    return _page(request, 403, {"exception": str(exception)})


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """404, the same for what never was and for what is not theirs to see."""
    return _page(request, 404, {})


def _page(request: HttpRequest, status: int, context: dict[str, Any]) -> HttpResponse:
    """The view is over, and its transaction with it: the shell gets one of its own."""
    membership = getattr(request, "membership", None)
    if membership is None:
        return render(request, f"{status}.html", context, status=status)
    with use(membership.tenant_id):
        request.member = member = membership.member()  # type: ignore[attr-defined]
        with timezone.override(member.timezone if member else None):
            return render(request, f"{status}.html", context, status=status)
