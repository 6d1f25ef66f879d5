"""Who a row speaks of: by which name a record is found, and which record has it."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable

from django.db import connection
from django.db.models import Model

from audience.catalogue import lowered
from audience.fields import ACCOUNT
from audience.imports.cells import normalised
from audience.imports.entries import Entry
from audience.models import Account, Contact, ContactAddress


def keys_of(kind: str, entries: Iterable[Entry]) -> dict[str, str]:
    """Identity of each entry → how it compares: addresses are normal already, companies as the database lowers them."""
    names = {entry.identity for entry in entries if entry.identity}
    return lowered(names) if kind == ACCOUNT else {name: name for name in names}


def known_as(key: str | None, entry: Entry) -> list[str]:
    """All by which the record that an entry makes is found from then on: its further addresses, too."""
    further = [normalised(email) for email in entry.further]
    return [name for name in (key, *further) if name]


def found(kind: str, keys: Collection[str]) -> dict[str, int]:
    """Normalised email or name of a company → the oldest record that has it, a primary address going first."""
    if kind == ACCOUNT:
        return accounts_named(keys)
    also = _oldest(ContactAddress, "email_norm", keys, "contact_id")
    return also | _oldest(Contact, "email_norm", keys)


def accounts_named(keys: Collection[str]) -> dict[str, int]:
    """Lowered name of a company → the oldest that has it."""
    return _oldest(Account, "name_norm", keys)


def _oldest(model: type[Model], key: str, keys: Collection[str], pk: str = "id") -> dict[str, int]:
    """Each key that some row has → the lowest id. One value in place of thousands of parameters."""
    if not keys:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {key}, min({pk}) FROM {model._meta.db_table} "
            f"WHERE {key} = ANY(ARRAY(SELECT jsonb_array_elements_text(%s))) GROUP BY {key}",
            [json.dumps(list(keys))],
        )
        return dict(cursor.fetchall())
