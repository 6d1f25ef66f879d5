"""What the links in mails lead to: the pixel, the stored URLs, unsubscribing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.models import F, Func, JSONField, QuerySet, Value

from activities.models import Fact
from audience.models import Suppression
from messaging import signals
from messaging.about import Kind
from messaging.intake import take_in
from messaging.lifecycle import COUNTS_AS_SENT
from messaging.links import location
from messaging.machines import PREFETCHES, Glimpse, why_machine
from messaging.models import Message, Payload
from messaging.tokens import CLICK, OPEN, UNSUBSCRIBE, Signer, Ticket
from tenants.models import Tenant
from tenants.wall import use

AGAIN = timedelta(minutes=1)
"""The same again within this time is the same."""


HEADERS = ("User-Agent", *PREFETCHES)


@dataclass(frozen=True)
class Seen:
    """A request for the pixel or a link, as far as it matters: see ``HEADERS``."""

    method: str
    headers: Mapping[str, str]
    at: datetime


def signer() -> Signer:
    """With the keys of this installation."""
    return Signer([settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS])


@dataclass(frozen=True)
class Target:
    """What a token of ``/t/`` stands for. ``url`` is the one stored with the message, as a header; "" for the pixel.

    Of a message that is gone with its contact it is the one that the token has, signed by us.
    """

    ticket: Ticket
    url: str


def target(token: str) -> Target | None:
    """What the token stands for; None for everything that is not exactly one of ours (R-057, R-059)."""
    ticket = signer().read(token, CLICK, OPEN)
    if ticket is None:
        return None
    with use(ticket.tenant):
        links = Payload.objects.filter(message=ticket.message).values_list("links", flat=True).first()
    if ticket.n is None:
        return None if links is None else Target(ticket, "")
    # Where the mail went with its contact, who has it still gets where its link leads.
    kept = ticket.url if links is None else "".join(links[ticket.n : ticket.n + 1])
    url = location(kept) if kept else None
    return None if url is None else Target(ticket, url)


def record(followed: Target, seen: Seen) -> None:
    """Take in that it was opened or clicked. OperationalError where somebody holds what has to be written for long."""
    ticket = followed.ticket
    with use(ticket.tenant):
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL lock_timeout = '2s'")
        message = Message.objects.filter(pk=ticket.message, state__in=COUNTS_AS_SENT).first()
        if message is not None:
            _take_in(message, followed, seen)


def _take_in(message: Message, followed: Target, seen: Seen) -> None:
    n = followed.ticket.n
    kind: Kind = "opened" if n is None else "clicked"
    soon = timedelta(seconds=settings.MACHINE_SECONDS)
    facts = Fact.objects.filter(message_id=message.pk, kind=kind)
    others = _others(message, n, seen.at, soon) if n is not None and soon else 0
    since = seen.at - message.sent_at if message.sent_at else None
    why = why_machine(Glimpse(n is not None, seen.method, seen.headers, since, soon, others))
    if why == "burst":
        _take_back(message, since=seen.at - soon)
    same = facts.filter(at__gt=seen.at - AGAIN, by_machine=bool(why))
    if (same if n is None else same.filter(data__n=n)).exists():
        return
    details: dict[str, Any] = {"agent": seen.headers.get("User-Agent", "")[:300]}
    if n is not None:
        details |= {"n": n, "url": followed.url}
    if why:
        details["machine"] = why
    source = "pixel" if n is None else "link"
    take_in(kind, message=message, at=seen.at, source=source, by_machine=bool(why), **details)


def _others(message: Message, n: int, at: datetime, soon: timedelta) -> int:
    """How many other links of a message were followed just now, the one for unsubscribing among them."""
    facts = Fact.objects.filter(message_id=message.pk, kind="clicked", at__gt=at - soon)
    asked = Payload.objects.filter(message=message.pk, unsubscribe_seen_at__gt=at - soon)
    return facts.exclude(data__n=n).count() + asked.count()


def _take_back(message: Message, *, since: datetime) -> None:
    """The clicks of a moment ago were the beginning of a burst: they were a machine's, too."""
    clicks = Fact.objects.filter(message_id=message.pk, kind="clicked", by_machine=False)
    if clicks.filter(at__gt=since).update(by_machine=True, data=WITH_BURST) and not clicks.exists():
        signals.click_taken_back.send(sender=Message, message_id=message.pk)


WITH_BURST = Func(
    F("data"), Value({"machine": "burst"}, JSONField()), template="(%(expressions)s)", arg_joiner=" || "
)


def note_unsubscribe_page(about: Subscription, *, at: datetime) -> None:
    """Somebody looks at the page behind the unsubscribe link, or a scanner follows every link."""
    soon = timedelta(seconds=settings.MACHINE_SECONDS)
    if not soon or about.message_id is None:
        return
    with use(about.tenant):
        Payload.objects.filter(message=about.message_id).update(unsubscribe_seen_at=at)
        message = Message.objects.filter(pk=about.message_id).first()
        if message is not None:
            _take_back(message, since=at - soon)


@dataclass(frozen=True)
class Subscription:
    """What an unsubscribe link is about. ``address`` is only shown veiled: the mail may have been passed on.

    ``message_id`` is None where the message is gone with its contact.
    """

    tenant: Tenant
    message_id: int | None
    address: str
    is_ended: bool

    @property
    def veiled(self) -> str:
        """``a•••@acme.example``."""
        local, _, domain = self.address.rpartition("@")
        return f"{local[:1]}•••@{domain}"


def subscription(token: str) -> Subscription | None:
    """What the token of ``/u/`` is about; None where it is none of ours, or nobody knows any more to whom it went."""
    ticket = signer().read(token, UNSUBSCRIBE)
    tenant = Tenant.objects.filter(pk=ticket.tenant).first() if ticket else None
    if ticket is None or tenant is None:
        return None
    with use(tenant):
        message = Message.objects.filter(pk=ticket.message).first()
        address = message.address_norm if message else ticket.address
        if not address:
            return None
        ended = _suppressions(address).exists()
        return Subscription(tenant, message.pk if message else None, address, ended)


def unsubscribe(about: Subscription, *, at: datetime, source: str) -> None:
    """Nobody of the tenant writes to the address any more, as soon as this returns. Again changes nothing."""
    if not about.is_ended:
        meant = {"address": about.address} if about.message_id is None else {"message": about.message_id}
        take_in("unsubscribed", at=at, source=source, tenant=about.tenant, **meant)


def undo(about: Subscription, *, at: datetime) -> None:
    """It was a mistake. The address may be written to again; stays that have ended stay ended."""
    with use(about.tenant):
        if _suppressions(about.address).delete()[0] and about.message_id is not None:
            message = Message.objects.select_related("contact").get(pk=about.message_id)
            Fact.objects.create(
                contact=message.contact, account_id=message.contact.account_id, kind="resubscribed", at=at,
                message_id=message.pk, enrollment_id=message.enrollment_id, data={"source": "page"},
            )  # fmt: skip


def _suppressions(address: str) -> QuerySet[Suppression]:
    return Suppression.objects.filter(channel="email", address_norm=address, reason=Suppression.UNSUBSCRIBED)
