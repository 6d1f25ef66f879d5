"""The pages of the demonstration mailbox: loopback and demonstration mode only, without sign-in (interface.md)."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from datetime import date
from functools import wraps
from typing import Any

from csp.decorators import csp_replace, csp_update
from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.html import format_html
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST

from config.demo import reactions
from config.demo.store import MailStore, ReceivedMail
from tenants.access import public

LISTED = 100


def demonstration(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """The view answers in demonstration mode to this machine, and is not there for anybody else."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        address = ipaddress.ip_address(request.META.get("REMOTE_ADDR") or "0.0.0.0")
        if settings.MODE != "demo" or not address.is_loopback:
            raise Http404
        return view(request, *args, **kwargs)

    return public(csrf_exempt(guarded))


def store() -> MailStore:
    return MailStore(settings.DEMO_MAIL_DIR)


def mail_or_404(number: int) -> ReceivedMail:
    mail = store().get(number)
    if mail is None:
        raise Http404
    return mail


@demonstration
@require_GET
@csp_update({"frame-src": ["'self'"]})
def inbox(request: HttpRequest, number: int | None = None) -> HttpResponse:
    """What was sent, newest first, and one mail as its recipient sees it."""
    mails = store().newest(LISTED)
    chosen = mail_or_404(number) if number else next(iter(mails), None)
    context = {"mails": mails, "mail": chosen, "total": store().count(), "now": timezone.now()}
    return render(request, "demo/inbox.html", context)


@demonstration
@require_GET
@xframe_options_sameorigin
@csp_replace(  # type: ignore[arg-type]
    {"style-src": ["'unsafe-inline'"], "img-src": ["data:"], "frame-ancestors": ["'self'"], "sandbox": []}
)
def body(request: HttpRequest, number: int) -> HttpResponse:
    """The HTML of a mail for the frame. Its pictures stay unloaded, so that looking is not opening."""
    mail = mail_or_404(number)
    return HttpResponse(mail.html or format_html("<pre>{}</pre>", mail.text))


@demonstration
@require_GET
def mail_json(request: HttpRequest) -> HttpResponse:
    """All mails as JSON, newest first."""
    return JsonResponse([mail.as_json() for mail in store().newest(10_000)], safe=False)


@demonstration
@require_POST
def react(request: HttpRequest, number: str, action: str) -> HttpResponse:
    """Do what a recipient may do; the page's buttons come back to the page, others get JSON."""
    try:
        done = REACTIONS[action](mail_or_404(int(number)), request.POST)
    except (reactions.CannotReact, ValueError) as trouble:
        return _answer(request, int(number), error=str(trouble))
    return _answer(request, int(number), done=done)


def _answer(request: HttpRequest, number: int, *, done: str = "", error: str = "") -> HttpResponse:
    if "text/html" not in request.headers.get("Accept", ""):
        return JsonResponse({"error": error} if error else {"done": done}, status=400 if error else 200)
    if error:
        messages.error(request, error)
    else:
        messages.success(request, f"{done}. Look at the sequence: it has reacted.")
    return redirect("demo:mail", number=number)


def _date(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


REACTIONS: dict[str, Callable[[ReceivedMail, Any], str]] = {
    "open": lambda mail, post: reactions.open_mail(mail),
    "click": lambda mail, post: reactions.click(mail, post.get("url") or None),
    "unsubscribe": lambda mail, post: reactions.unsubscribe(mail),
    "reply": lambda mail, post: reactions.reply(mail, body=post.get("body") or "Thanks!", at=timezone.now()),
    "out-of-office": lambda mail, post: reactions.out_of_office(
        mail, until=_date(post.get("until")), at=timezone.now()
    ),
    "bounce": lambda mail, post: reactions.bounce(
        mail, hard=post.get("hard", "true").lower() not in ("false", "0", "no"), at=timezone.now()
    ),
}
