"""Who a row speaks of: by which name a record is found, and which record has it."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from audience.addresses import normalise_address
from audience.catalogue import lowered
from audience.fields import ACCOUNT
from audience.imports.entries import Entry
from audience.models import Account, Contact, ContactAddress


def keys_of(kind: str, entries: Iterable[Entry]) -> dict[str, str]:
    """Identity of each entry → how it compares: addresses are normal already, companies as the database lowers them."""
    names = {entry.identity for entry in entries if entry.identity}
    return lowered(names) if kind == ACCOUNT else {name: name for name in names}


def known_as(key: str | None, entry: Entry) -> list[str]:
    """All by which the record that an entry makes is found from then on: its further addresses, too."""
    further = [normalise_address(email) for email in entry.further]
    return [name for name in (key, *further) if name]


def found(kind: str, keys: Collection[str]) -> dict[str, int]:
    """Normalised e-mail or name of a company → the oldest record that has it, a primary address going first."""
    if kind == ACCOUNT:
        return accounts_named(keys)
    also = _oldest(ContactAddress.objects.filter(email_norm__in=keys), "email_norm", "contact_id")
    return also | _oldest(Contact.objects.filter(email_norm__in=keys), "email_norm")


def accounts_named(keys: Collection[str]) -> dict[str, int]:
    """Lowered name of a company → the oldest that has it."""
    return _oldest(Account.objects.filter(name_norm__in=keys), "name_norm")


def _oldest(rows: Any, key: str, pk: str = "pk") -> dict[str, int]:
    return dict(rows.order_by(f"-{pk}").values_list(key, pk))
