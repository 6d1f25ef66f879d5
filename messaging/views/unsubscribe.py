"""``/u/<token>``: GET asks, POST acts (RFC 8058; R-055, R-056). Works without cookies, sign-in and JS."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils.timezone import now
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from messaging import tracking
from messaging.tracking import Subscription
from tenants.access import public

ONE_CLICK = ("List-Unsubscribe", "One-Click")


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
@public
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """The page that asks, what a mail program posts, and what the page posts."""
    about = tracking.subscription(token)
    if about is None:
        return _page(request, "messaging/unsubscribe_unknown.html", None, 404)
    if request.method != "POST":
        tracking.note_unsubscribe_page(about, at=now())
        return _page(request, "messaging/unsubscribe.html", about)
    wanted = request.POST.get("do")
    if request.POST.get(ONE_CLICK[0]) == ONE_CLICK[1] or wanted == "unsubscribe":
        tracking.unsubscribe(about, at=now(), source="page" if wanted else "one_click")
        return _page(request, "messaging/unsubscribe_done.html", about)
    if wanted == "undo":
        tracking.undo(about, at=now())
        return _page(request, "messaging/unsubscribe_undone.html", about)
    return _page(request, "messaging/unsubscribe.html", about, 400)


def _page(request: HttpRequest, template: str, about: Subscription | None, status: int = 200) -> HttpResponse:
    response: HttpResponseBase = render(request, template, {"about": about}, status=status)
    response.headers["Cache-Control"] = "no-store, private"
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    assert isinstance(response, HttpResponse)
    return response
