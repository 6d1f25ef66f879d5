"""Whom one may add by hand, and what is to be said about those picked before they are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass

from django.db.models import Exists, OuterRef, QuerySet

from audience.lists import named
from audience.models import Contact, Suppression
from sequences.models import Addition, Enrollment, Sequence

INSIDE = (Enrollment.ACTIVE, Enrollment.PAUSED)


@dataclass(frozen=True)
class Picked:
    """Those picked, by what will become of them. ``earlier`` were inside before; ``stopped`` will be refused.

    ``inside`` and ``waiting`` are numbers of people who are left alone. ``left`` says how many of ``earlier`` left last
    for which reason, the most first.
    """

    new: list[int]
    inside: int
    waiting: int
    earlier: list[int]
    stopped: int
    left: tuple[tuple[str, int], ...] = ()

    @property
    def warning(self) -> str:
        """What is to be said before people are added who were here before (semantics 2.13); empty where none was."""
        count = len(self.earlier)
        if not count:
            return ""
        reasons = ", ".join(f"{n:,} {reason.replace('_', ' ')}" for reason, n in self.left)
        who, stays = ("1 person was", "begins") if count == 1 else (f"{count:,} people were", "begin")
        return f"{who} in this sequence before ({reasons}) and {stays} again with its first step."


def contacts_named(text: str) -> QuerySet[Contact]:
    """Contacts of whom first name, last name, address or company begins with each word, by name."""
    return named(Contact.objects.all(), text).order_by("last_name_norm", "first_name_norm", "pk")


def picked(sequence: Sequence, contacts: Collection[int]) -> Picked:
    """What will become of these contacts, if they are added by hand now: six statements, however many they are.

    To be asked before ``commands.people.add``, so that ``Picked.warning`` can be said first (semantics 2.13).
    """
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
    latest = stays.filter(contact__in=earlier).order_by("contact_id", "-pk").distinct("contact_id")
    left = Counter(latest.values_list("exit_reason", flat=True)) if earlier else Counter()
    return Picked(
        sorted(new), len(inside), len(waiting - inside), sorted(earlier), stopped, tuple(left.most_common())
    )


def last_stays(sequence: Sequence, contacts: Collection[int]) -> list[Enrollment]:
    """The last stay of each of these contacts, with the contact."""
    found = Enrollment.objects.filter(sequence=sequence, contact__in=contacts).select_related(
        "contact__account"
    )
    return list(found.order_by("contact", "-pk").distinct("contact"))
