"""Puts the wall around each view of a signed-in member."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.template.response import SimpleTemplateResponse

from tenants.models import Member, Membership
from tenants.wall import use

SESSION_KEY = "tenant"


class TenantMiddleware:
    """Finds the tenant of the request and calls the view inside ``use(tenant)``.

    Around the view, as ATOMIC_REQUESTS does, and not around get_response: there a failed request would be committed,
    since Django has turned its exception into a 500 by then. Sets ``request.membership`` (None for strangers) and,
    inside the wall, ``request.member``. Last of the middleware.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.membership = self.membership(request)  # type: ignore[attr-defined]
        request.member = None  # type: ignore[attr-defined]
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., HttpResponse], args: tuple, kwargs: dict[str, Any]
    ) -> HttpResponse | None:
        membership: Membership | None = request.membership  # type: ignore[attr-defined]
        if membership is None or getattr(view, "outside_transaction", False):
            return None
        with use(membership.tenant_id):
            request.member = member_of(membership)  # type: ignore[attr-defined]
            response = view(request, *args, **kwargs)
            # A lazy response is rendered here: after the transaction it would see no rows.
            if isinstance(response, SimpleTemplateResponse) and not response.is_rendered:
                response.render()
        return response

    @staticmethod
    def membership(request: HttpRequest) -> Membership | None:
        if not request.user.is_authenticated:
            return None
        mine = Membership.objects.filter(user=request.user, is_active=True).select_related("tenant")
        chosen: int | None = request.session.get(SESSION_KEY)
        found = mine.filter(tenant_id=chosen).first() if chosen else None
        return found or mine.order_by("pk").first()


def member_of(membership: Membership) -> Member | None:
    """The member behind a membership; call it inside ``use(membership.tenant_id)``."""
    return (
        Member.objects.select_related("role", "team", "user")
        .filter(user_id=membership.user_id, is_active=True)
        .first()
    )
