"""Who gets copies of a message: the addresses of its mailing, and the contact's owner where those name them (F-51)."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from messaging.claim import Claimed
from messaging.models import Mailing, Message

CONTACT_OWNER = "contact_owner"
"""In the place of an address: the owner of the contact, as of the moment at which it is sent."""

Owners = Mapping[int, str]
"""Message → the address of its contact's owner, where there is one who is active."""


def owners_of(batch: Collection[Claimed], mailings: Mapping[int, Mailing]) -> Owners:
    """The owners whom the mailings of these messages name: one statement, or none."""
    naming = {pk for pk, mailing in mailings.items() if CONTACT_OWNER in f"{mailing.cc}, {mailing.bcc}"}
    ids = [message.id for message in batch if message.mailing_id in naming]
    if not ids:
        return {}
    found = Message.objects.filter(pk__in=ids, contact__owner__is_active=True)
    return dict(found.values_list("pk", "contact__owner__user__email"))


def open_copies(mailing: Mailing, owner: str | None) -> tuple[str, ...]:
    """The addresses that stand in the Cc field."""
    return _addresses(mailing.cc, owner)


def all_copies(mailing: Mailing, owner: str | None) -> tuple[str, ...]:
    """Everyone who gets a copy, each once."""
    return tuple(dict.fromkeys((*_addresses(mailing.cc, owner), *_addresses(mailing.bcc, owner))))


def _addresses(line: str, owner: str | None) -> tuple[str, ...]:
    named = (part.strip() for part in line.split(","))
    found = (owner or "" if part == CONTACT_OWNER else part for part in named)
    return tuple(dict.fromkeys(part for part in found if part))
