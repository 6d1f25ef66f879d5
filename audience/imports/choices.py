"""Values of choices in files: met with the tenant's list however other systems write them."""

from __future__ import annotations

import re
from collections.abc import Iterable

from audience.catalogue import choices_of, spelled
from audience.fields import Field

BETWEEN_LETTERS = re.compile(r"(?<=[^\W\d_])[\s_-]+(?=[^\W\d_])")


def met(field: Field, values: Iterable[str]) -> dict[str, str]:
    """Each value → the one of the open list that it means, or itself where the list has none yet.

    Without case, and without the blanks, hyphens and underscores between letters: HubSpot writes
    ``salesqualifiedlead`` for Sales Qualified Lead. One that is written alike goes before one that is only meant.
    """
    alike: dict[str, str] = {}
    meant: dict[str, str] = {}
    for value in choices_of(field):
        alike.setdefault(value.lower(), value)
        meant.setdefault(_plain(value), value)
    found = {}
    for value in values:
        found[value] = alike.get(value.lower()) or meant.setdefault(_plain(value), value)
    return found


def met_and_added(field: Field, values: Iterable[str]) -> dict[str, str]:
    """As ``met``; those that the list does not have are added to it."""
    found = met(field, values)
    if set(choices_of(field)).issuperset(found.values()):
        return found
    spelling = spelled(field, found.values())
    return {value: spelling[choice] for value, choice in found.items()}


def _plain(value: str) -> str:
    return BETWEEN_LETTERS.sub("", value.lower())
