"""Which contact a text means that a person wrote: their address, or their whole name."""

from __future__ import annotations

from django.db.models import QuerySet

from audience.addresses import normalise_address
from audience.lists import named
from audience.models import Contact

MOST_LOOKED_AT = 50
MOST_NAMED = 3


class Unclear(ValueError):
    """The text means nobody, or several; the message says whom it may mean, fit for a person."""


def contact_meant(text: str, contacts: QuerySet[Contact]) -> Contact | None:
    """The contact among these with this address or name, without case; None for a blank text. Raises Unclear.

    Of several with one address it is the oldest, as in an import; of several with one name somebody has to say which.
    """
    text = " ".join(text.split())
    if not text:
        return None
    address = normalise_address(text)
    if address and (found := contacts.filter(email_norm=address).order_by("pk").first()):
        return found
    like = list(named(contacts, text).order_by("pk")[:MOST_LOOKED_AT])
    same = [contact for contact in like if contact.name.casefold() == text.casefold()]
    if len(same) == 1:
        return same[0]
    raise Unclear(_said(text, same or like))


def _said(text: str, candidates: list[Contact]) -> str:
    if not candidates:
        return f"No contact has the name or address “{text}”."
    named_ = ", ".join(_called(contact) for contact in candidates[:MOST_NAMED])
    more = " and others" if len(candidates) > MOST_NAMED else ""
    return f"Say whom by the email address: {named_}{more}."


def _called(contact: Contact) -> str:
    return f"{contact.name} ({contact.email})" if contact.email else f"{contact.name} (no email address)"
