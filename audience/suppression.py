"""Addresses and numbers that nobody of the tenant writes to any more (semantics 2.22, 2.23)."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Q, QuerySet

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


def suppress(channel: str, address: str, *, reason: str, source: str, at: datetime) -> bool:
    """Keep that nobody writes to this address or number, normalised already; False when that was known."""
    _, is_new = Suppression.objects.get_or_create(
        channel=channel, address_norm=address, reason=reason, defaults={"source": source, "at": at}
    )
    return is_new


def of_contact(contact: Contact) -> QuerySet[Suppression]:
    """What stops mail or SMS to this contact."""
    return Suppression.objects.filter(
        Q(channel=EMAIL, address_norm=contact.email_norm or "")
        | Q(channel=SMS, address_norm=contact.sms_number or "")
    ).order_by("at")
