"""Numbers of people that somebody types before so many are concerned."""

from __future__ import annotations

from tenants.models import Tenant
from tenants.wall import current_id

TOLERANCE = 1.05
"""How much more than there are now may have been confirmed a moment ago, since audiences live."""


def is_confirmed(people: int, typed: int | None) -> bool:
    """Whether so many need no confirmation in this workspace (``confirm_above``), or ``typed`` confirms them.

    That is their number of now or up to a twentieth more: meanwhile they may have become a little fewer.
    """
    if typed is not None and people <= typed <= people * TOLERANCE:
        return True
    return people <= Tenant.objects.values_list("confirm_above", flat=True).get(pk=current_id())


def typed_number(text: str) -> int | None:
    """A number as people type it (``1,200``, ``1 200``), None where it is none."""
    digits = "".join(sign for sign in text if sign in "0123456789")
    return int(digits) if digits and len(digits) < 19 else None
