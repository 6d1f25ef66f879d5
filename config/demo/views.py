"""The pages of the demonstration mailbox: loopback and demonstration mode only, without sign-in (interface.md)."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from datetime import date, datetime, timedelta
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
from config.demo.store import ID, MailStore, ReceivedMail
from tenants.access import public

LISTED = 100

FAR = timedelta(days=3_653)
"""Nobody is out of office for longer; a year with a typing error is."""


PICTURE = re.compile(r"(<img\b[^>]*?)\ssrc=", re.IGNORECASE)


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
    unloaded = PICTURE.sub(r"\1 data-src=", mail.html)
    return HttpResponse(unloaded or format_html("<pre>{}</pre>", mail.text))


@demonstration
@require_GET
def mail_json(request: HttpRequest) -> HttpResponse:
    """All mails as JSON, newest first; with ``after``, those with a greater id only."""
    after = request.GET.get("after", "") or "0"
    if not ID.fullmatch(after):
        return JsonResponse({"error": "“after” must be the id of a mail.", "field": "after"}, status=400)
    return JsonResponse(store().listed(after=int(after)), safe=False)


@demonstration
@require_POST
def react(request: HttpRequest, number: str, action: str) -> HttpResponse:
    """Do what a recipient may do; the page's buttons come back to the page, others get JSON."""
    mail = mail_or_404(int(number))
    try:
        done = REACTIONS[action](mail, request.POST)
    except reactions.BadField as bad:
        return _answer(request, mail.id, error=str(bad), field=bad.field)
    except reactions.CannotReact as trouble:
        return _answer(request, mail.id, error=str(trouble))
    return _answer(request, mail.id, done=done)


def _answer(
    request: HttpRequest, number: int, *, done: str = "", error: str = "", field: str = ""
) -> HttpResponse:
    if "text/html" not in request.headers.get("Accept", ""):
        wrong = {"error": error} | ({"field": field} if field else {})
        return JsonResponse(wrong if error else {"done": done}, status=400 if error else 200)
    if error:
        messages.error(request, error)
    else:
        messages.success(request, f"{done}. Look at the sequence: it has reacted.")
    return redirect("demo:mail", number=number)


def _until(text: str, now: datetime) -> date | None:
    """The day somebody is back; None if they do not say. ISO only, as the buttons and interface.md have it."""
    if not text:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise reactions.BadField("until", "must be a day such as 2027-01-31") from None
    if abs(day - now.date()) > FAR:
        raise reactions.BadField("until", "is more than ten years away")
    return day


def _body(text: str) -> str:
    if "\0" in text:
        raise reactions.BadField("body", "must be text, without NUL characters")
    return text or "Thanks!"


def _yes_or_no(field: str, text: str) -> bool:
    for value, words in {True: ("", "true", "1", "yes", "on"), False: ("false", "0", "no", "off")}.items():
        if text.strip().lower() in words:
            return value
    raise reactions.BadField(field, "must be true or false")


REACTIONS: dict[str, Callable[[ReceivedMail, Any], str]] = {
    "open": lambda mail, post: reactions.open_mail(mail),
    "click": lambda mail, post: reactions.click(mail, post.get("url", "").strip() or None),
    "unsubscribe": lambda mail, post: reactions.unsubscribe(mail),
    "reply": lambda mail, post: reactions.reply(mail, body=_body(post.get("body", "")), at=timezone.now()),
    "out-of-office": lambda mail, post: reactions.out_of_office(
        mail, until=_until(post.get("until", "").strip(), timezone.now()), at=timezone.now()
    ),
    "bounce": lambda mail, post: reactions.bounce(
        mail, hard=_yes_or_no("hard", post.get("hard", "")), at=timezone.now()
    ),
}
