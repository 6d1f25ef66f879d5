"""Mailboxes: their state, and the connection to their server. The one writer of ``Mailbox.state``."""

from __future__ import annotations

import random
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import F
from django.utils.text import Truncator

from messaging import egress, outbox, stops
from messaging.crash import point
from messaging.models import Mailbox
from messaging.smtp import Server, Transport
from messaging.verdicts import Verdict, mailbox_backoff
from tenants.secrets import decrypt

PROBLEMS = {
    "auth": "The server refuses to sign in",
    "tls": "No safe connection to the server",
    "sender_refused": "The server does not send as this address",
}
RESTS = {
    "connect": "No connection to its server",
    "busy": "Its server asks to wait",
    "tls": "No safe connection to its server",
    "auth": "Its server does not let it sign in for now",
    "quota": "Its server takes no more mails today",
}
REFUSED_IN_ROW = 10
"""So many refusals with no mail taken between are no accident of ten recipients."""


def server_of(mailbox: Mailbox, password: str | None = None) -> Server:
    """What the transport needs to know; with ``password`` before it is stored. Raises tenants.secrets.Unreadable."""
    return Server(
        host=mailbox.smtp_host,
        port=mailbox.smtp_port,
        security=mailbox.smtp_security,  # type: ignore[arg-type]
        username=mailbox.smtp_username,
        password=decrypt(mailbox.smtp_password) if password is None else password,
        helo=mailbox.email.rpartition("@")[2] or "localhost",
    )


def open_transport(server: Server) -> Transport:
    """A connection to be, within the networks of EGRESS_ALLOW and the public ones."""
    return Transport(
        server,
        allowed=egress.networks(settings.EGRESS_ALLOW),
        timeout=settings.SMTP_TIMEOUT_SECONDS,
        connect_timeout=min(30.0, settings.LEASE_SECONDS / 2),
        after_body=lambda: point("C6"),
    )


def is_troubled(mailbox: Mailbox) -> bool:
    """Whether there are earlier troubles that something sent puts an end to."""
    return bool(mailbox.backoff_count or mailbox.refused_in_row)


def well(mailbox: Mailbox) -> None:
    """Something was sent: earlier troubles are over."""
    working = Mailbox.objects.filter(pk=mailbox.pk, state=Mailbox.WORKING)
    working.update(backoff_count=0, backoff_until=None, refused_in_row=0, problem="")
    mailbox.backoff_count, mailbox.backoff_until, mailbox.refused_in_row = 0, None, 0


def refused(mailbox: Mailbox, verdict: Verdict, *, now: datetime) -> bool:
    """Its server refused a mail for good, though not for a dead address; whether the mailbox is broken by that.

    One such mail is the mail's trouble. ``REFUSED_IN_ROW`` with none taken between are the mailbox's: what waits is
    kept from the same end until somebody has looked (reliability S3).
    """
    mailbox.refused_in_row += 1
    Mailbox.objects.filter(pk=mailbox.pk).update(refused_in_row=F("refused_in_row") + 1)
    if mailbox.refused_in_row < REFUSED_IN_ROW:
        return False
    breaks(mailbox, f"Its server refused {mailbox.refused_in_row} mails in a row: {_told(verdict)}", now=now)
    return True


def trouble(mailbox: Mailbox, verdict: Verdict, *, now: datetime) -> None:
    """A server's trouble with the mailbox, not with a message: it rests, or is broken until somebody looks.

    Rests double from a minute to an hour; after a used-up quota until the next day of its member (R-020).
    """
    told = _told(verdict)
    if verdict.lasting:
        breaks(mailbox, f"{PROBLEMS.get(verdict.reason, 'The server refuses')}: {told}", now=now)
        return
    count = mailbox.backoff_count + 1
    until = now + mailbox_backoff(count, random.random())
    if verdict.reason == "quota":
        until = _next_day(mailbox, now)
    rests(mailbox, f"{RESTS.get(verdict.reason, 'Its server asks to wait')}: {told}", until=until)


def rests(mailbox: Mailbox, problem: str, *, until: datetime) -> None:
    """Nothing leaves before ``until``; it works all the same, and ``problem`` says why it rests."""
    working = Mailbox.objects.filter(pk=mailbox.pk, state=Mailbox.WORKING)
    words = Truncator(problem).chars(500)
    working.update(backoff_until=until, backoff_count=F("backoff_count") + 1, problem=words)


def breaks(mailbox: Mailbox, problem: str, *, now: datetime) -> None:
    """It does not work until somebody mends it; its messages wait (semantics 2.33, complaint 4)."""
    problem = Truncator(problem).chars(500)
    Mailbox.objects.filter(pk=mailbox.pk).update(state=Mailbox.BROKEN, problem=problem)
    outbox.hold_mailbox(mailbox.pk, now=now)


def works(mailbox: Mailbox, *, now: datetime) -> None:
    """It was tested and works; what waited for it leaves, also what a gate holds at this moment."""
    stops.lock([(stops.MAILBOX, str(mailbox.pk))])
    Mailbox.objects.filter(pk=mailbox.pk).update(
        state=Mailbox.WORKING,
        problem="",
        tested_at=now,
        backoff_until=None,
        backoff_count=0,
        refused_in_row=0,
    )
    outbox.release_mailbox(mailbox.pk, now=now)


def switch_off(mailbox: Mailbox, *, now: datetime) -> None:
    """Its owner does not want anything to leave from it; its messages wait."""
    Mailbox.objects.filter(pk=mailbox.pk).update(state=Mailbox.OFF)
    outbox.hold_mailbox(mailbox.pk, now=now)


def _told(verdict: Verdict) -> str:
    return " ".join(part for part in (str(verdict.code or ""), verdict.text) if part)


def _next_day(mailbox: Mailbox, now: datetime) -> datetime:
    zone = mailbox.member.timezone
    tomorrow = now.astimezone(zone).date() + timedelta(days=1)
    midnight = datetime.combine(tomorrow, datetime.min.time(), zone)
    return midnight + timedelta(minutes=random.uniform(1, 15))
