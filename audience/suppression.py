"""Addresses and numbers that nobody of the tenant writes to any more (semantics 2.22, 2.23)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db import connection
from django.db.models import Q, QuerySet

from audience import signals
from audience.addresses import normalise_address
from audience.models import Contact, Suppression
from audience.phones import normalise_phone

EMAIL, SMS = "email", "sms"


class NoAddress(ValueError):
    """What is to be suppressed is neither an address nor a number; the message is fit for a person."""


def normalised(channel: str, text: str, region: str | None = None) -> str:
    """The address or number as it is compared. Raises NoAddress."""
    found = normalise_address(text) if channel == EMAIL else normalise_phone(text, region)
    if found is None:
        wanted = "email address" if channel == EMAIL else "telephone number with its country (+49 …)"
        raise NoAddress(f"“{text.strip()}” is no {wanted}.")
    return found


def suppress_all(channel: str, addresses: Iterable[str], *, reason: str, source: str, at: datetime) -> int:
    """Put addresses or numbers, normalised already, on the list for a person, as a set; how many were new.

    What waits for them is taken back and their stays end (``signals.suppressed``), in the caller's transaction.
    """
    wanted = sorted(set(addresses))
    listed = Suppression.objects.filter(channel=channel, reason=reason, address_norm__in=wanted)
    known = set(listed.values_list("address_norm", flat=True))
    new = [address for address in wanted if address not in known]
    if not new:
        return 0
    signals.suppressed.send(sender=Suppression, channel=channel, addresses=new, reason=reason, at=at)
    with connection.cursor() as cursor:
        cursor.execute(
            """INSERT INTO audience_suppression (channel, address_norm, reason, source, at)
               SELECT %s, address, %s, %s, %s FROM unnest(%s::text[]) AS address ON CONFLICT DO NOTHING""",
            [channel, reason, source, at, new],
        )
    return len(new)


def of_contact(contact: Contact) -> QuerySet[Suppression]:
    """What stops mail or SMS to this contact."""
    return Suppression.objects.filter(
        Q(channel=EMAIL, address_norm=contact.email_norm or "")
        | Q(channel=SMS, address_norm=contact.sms_number or "")
    ).order_by("at")
