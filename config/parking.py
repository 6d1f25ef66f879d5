"""What somebody was about to save when they turned out to be signed out: it comes through the sign-in with them.

1. A form that arrives without a session is answered with the sign-in page, which carries what was typed, signed by us.
2. After the sign-in a page shows it and offers to send it again, now with a session and a new CSRF token.

Nothing is stored here. Files and passwords are not carried; then the sign-in leads back to the page of the form.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode, urlsplit

from allauth.account.views import login
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.core import signing
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render, resolve_url
from django.utils.http import url_has_allowed_host_and_scheme

SALT = "stepwise.parking"
LONGEST = 300_000  # characters, signed
HOURS = 12
NEVER_CARRIED = ("csrfmiddlewaretoken", "parked")


class SignInMiddleware(LoginRequiredMiddleware):
    """Django's; a form that is sent without a session loses neither what was typed nor the way back."""

    def handle_no_permission(self, request: HttpRequest, view_func: Any) -> HttpResponse:  # type: ignore[override]
        if request.method != "POST" or "HX-Request" in request.headers:
            return super().handle_no_permission(request, view_func)
        there = _page_of_form(request)
        parked = parked_of(request)
        if parked is None:
            return HttpResponseRedirect(f"{resolve_url('account_login')}?{urlencode({'next': there})}")
        request.method = "GET"
        request.GET, request.POST = QueryDict(urlencode({"next": there})), QueryDict()
        request.parked = parked  # type: ignore[attr-defined]
        return login(request)


def parked_of(request: HttpRequest) -> str | None:
    """What was posted, signed; None of what cannot be carried."""
    if request.FILES or any("password" in name for name in request.POST):
        return None
    typed = {name: values for name, values in request.POST.lists() if name not in NEVER_CARRIED}
    made = signing.dumps([request.get_full_path(), typed], salt=SALT, compress=True)
    return made if len(made) <= LONGEST else None


def resumed(request: HttpRequest, back: str) -> HttpResponse | None:
    """The page that offers to send what was typed before the sign-in; None where there is nothing. ``back``: if not."""
    try:
        there, typed = signing.loads(request.POST.get("parked", ""), salt=SALT, max_age=HOURS * 3600)
    except signing.BadSignature:
        return None
    fields = [(name, value) for name, values in typed.items() for value in values]
    shown = [(name, value) for name, value in fields if value.strip() and name not in ("next", "seen")]
    return render(
        request, "account/resume.html", {"there": there, "fields": fields, "shown": shown, "back": back}
    )


def _page_of_form(request: HttpRequest) -> str:
    """The page on which the form stood, of this site; a POST's own address may answer no GET."""
    came = request.headers.get("Referer", "")
    if not url_has_allowed_host_and_scheme(came, allowed_hosts={request.get_host()}):
        return "/"
    parts = urlsplit(came)
    return f"{parts.path}?{parts.query}" if parts.query else parts.path or "/"
