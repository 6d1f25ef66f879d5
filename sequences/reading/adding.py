"""Whom one may add by hand, and what is to be said about those picked before they are."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from django.db.models import Exists, OuterRef, QuerySet

from audience.lists import named
from audience.models import Contact, Suppression
from sequences.models import Addition, Enrollment, Sequence

INSIDE = (Enrollment.ACTIVE, Enrollment.PAUSED)


@dataclass(frozen=True)
class Picked:
    """Those picked, by what will become of them. ``earlier`` were inside before; ``stopped`` will be refused."""

    new: list[int]
    inside: int
    waiting: int
    earlier: list[int]
    stopped: int


def contacts_named(text: str) -> QuerySet[Contact]:
    """Contacts of whom first name, last name, address or company begins with each word, by name."""
    return named(Contact.objects.all(), text).order_by("last_name_norm", "first_name_norm", "pk")


def picked(sequence: Sequence, contacts: Collection[int]) -> Picked:
    """What will become of these contacts: four statements, however many they are."""
    ids = set(Contact.objects.filter(pk__in=contacts).values_list("pk", flat=True))
    stays = Enrollment.objects.filter(sequence=sequence, contact__in=ids)
    inside = set(stays.filter(state__in=INSIDE).values_list("contact_id", flat=True))
    waiting = set(
        Addition.objects.filter(sequence=sequence, contact__in=ids).values_list("contact_id", flat=True)
    )
    earlier = set(stays.values_list("contact_id", flat=True)) - inside - waiting
    stop = Suppression.objects.filter(channel="email", address_norm=OuterRef("email_norm"))
    new = ids - inside - waiting - earlier
    stopped = Contact.objects.filter(Exists(stop), pk__in=new | earlier).count()
    return Picked(sorted(new), len(inside), len(waiting - inside), sorted(earlier), stopped)
