"""What the people behind the demonstration mailbox do with a mail.

Opening, clicking and unsubscribing go the way that a recipient's program goes: over HTTP, to the addresses
that stand in the mail. Replies, bounces and absences are handed to the function that takes in facts from outside.
"""

from __future__ import annotations

import urllib.error
import urllib.request
from datetime import date, datetime
from typing import Any
from urllib.parse import urlsplit

from config.demo.store import ReceivedMail
from messaging.about import Kind
from messaging.intake import take_in
from messaging.models import Message
from tenants.models import Tenant
from tenants.wall import use

BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
TIMEOUT_S = 10


class CannotReact(Exception):
    """The mail does not allow this; the message says why."""


class BadField(Exception):
    """A field of the request cannot be taken; the message is a sentence that begins with its name."""

    def __init__(self, field: str, why: str) -> None:
        super().__init__(f"“{field}” {why}.")
        self.field = field


def open_mail(mail: ReceivedMail) -> str:
    """Load the pictures of the mail."""
    if mail.pixel is None:
        raise CannotReact("This mail has no open pixel: its step does not track opens.")
    _fetch(mail.pixel)
    return "Opened"


def click(mail: ReceivedMail, url: str | None = None) -> str:
    """Follow ``url``, by default the first tracked link. Only links that stand in the mail are followed."""
    if url is not None and url not in mail.links:
        raise BadField("url", "must be a link of this mail, written as it stands there")
    target = url or next(iter(mail.tracked_links), None)
    if target is None:
        raise CannotReact("This mail has no tracked link.")
    _fetch(target)
    return "Clicked"


def unsubscribe(mail: ReceivedMail) -> str:
    """One-click unsubscribe as a mail program does it (RFC 8058): a POST without cookies."""
    if mail.unsubscribe_url is None:
        raise CannotReact("This mail has no unsubscribe link: its step leaves it out.")
    _fetch(mail.unsubscribe_url, data=b"List-Unsubscribe=One-Click")
    return "Unsubscribed"


def reply(mail: ReceivedMail, *, body: str, at: datetime) -> str:
    """Answer the mail."""
    _take_in(mail, "replied", at=at, text=body)
    return "Replied"


def out_of_office(mail: ReceivedMail, *, until: date | None, at: datetime) -> str:
    """Answer automatically, with or without a return date."""
    _take_in(mail, "auto_reply", at=at, until=until)
    return "Out of office"


def bounce(mail: ReceivedMail, *, hard: bool, at: datetime) -> str:
    """The recipient's server gives the mail back."""
    _take_in(mail, "bounced", at=at, hard=hard)
    return "Bounced" if hard else "Bounced softly"


def _take_in(mail: ReceivedMail, kind: Kind, *, at: datetime, **details: Any) -> None:
    """Find the workspace that sent the mail, as its inbound mail server would, and report what happened."""
    for tenant in Tenant.objects.filter(is_scratch=False):
        with use(tenant):
            message = Message.objects.filter(message_id=mail.message_id).first()
        if message is not None:
            take_in(kind, message=message, at=at, source="demo", tenant=tenant, **details)
            return
    raise CannotReact("No workspace sent this mail.")


def _fetch(url: str, data: bytes | None = None) -> None:
    """One request to our own server, redirects not followed: where a link leads is not loopback."""
    if urlsplit(url).hostname not in ("127.0.0.1", "localhost", "::1"):
        raise CannotReact("The demonstration follows links to this machine only.")
    opener = urllib.request.build_opener(_NoRedirect)
    request = urllib.request.Request(url, data=data, headers={"User-Agent": BROWSER})
    try:
        opener.open(request, timeout=TIMEOUT_S).close()
    except urllib.error.HTTPError as answer:
        if answer.code >= 400:
            raise CannotReact(f"The server answered {answer.code}.") from answer


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *args: object, **kwargs: object) -> None:
        return None
