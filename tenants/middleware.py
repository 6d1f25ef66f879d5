"""Puts the wall around each view of a signed-in member."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.response import SimpleTemplateResponse
from django.utils import timezone

from tenants.models import Membership
from tenants.sessions import active_memberships, standing
from tenants.wall import use

WITHOUT_WORKSPACE = ("accounts/", "admin/")
"""Pages for whoever has signed in: their account, and the operators' site."""


class TenantMiddleware:
    """Finds the tenant of the request and calls the view inside ``use(tenant)``.

    Around the view, as ATOMIC_REQUESTS does, and not around get_response: there a failed request would be committed,
    since Django has turned its exception into a 500 by then. Sets ``request.membership`` (None for strangers), all of
    theirs as ``request.memberships`` and, inside the wall, ``request.member``, in whose time zone pages tell times. Who
    has signed in and has no workspace is told so. Last of the middleware.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        user_id = request.user.pk
        mine = list(active_memberships(user_id)) if user_id else []
        request.memberships, request.membership = mine, standing(mine, request.session)  # type: ignore[attr-defined]
        request.member = None  # type: ignore[attr-defined]
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., HttpResponse], args: tuple, kwargs: dict[str, Any]
    ) -> HttpResponse | None:
        membership: Membership | None = request.membership  # type: ignore[attr-defined]
        if membership is None:
            stranded = request.user.is_authenticated and _is_for_members(request, view)
            return _no_workspace(request) if stranded else None
        if getattr(view, "outside_transaction", False):
            return None
        with use(membership.tenant_id):
            request.member = membership.member()  # type: ignore[attr-defined]
            if request.member is None and _is_for_members(request, view):  # type: ignore[attr-defined]
                return _no_workspace(request)
            zone = request.member.timezone if request.member else None  # type: ignore[attr-defined]
            with timezone.override(zone):
                return _rendered(view(request, *args, **kwargs))


def _rendered(response: HttpResponse) -> HttpResponse:
    """A lazy response is rendered inside: after the transaction it would see no rows."""
    if isinstance(response, SimpleTemplateResponse) and not response.is_rendered:
        response.render()
    return response


def _is_for_members(request: HttpRequest, view: Callable[..., HttpResponse]) -> bool:
    route = request.resolver_match.route if request.resolver_match else ""
    return getattr(view, "login_required", True) and not route.startswith(WITHOUT_WORKSPACE)


def _no_workspace(request: HttpRequest) -> HttpResponse:
    return render(request, "tenants/no_workspace.html", status=403)
