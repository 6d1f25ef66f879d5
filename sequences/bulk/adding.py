"""Adding many records to a sequence at once, as a verb of their lists."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django import forms
from django.db.models import QuerySet

from audience.bulk.registry import CannotDo, Verb
from audience.fields import CONTACT, OPPORTUNITY
from audience.models import Contact, Opportunity
from sequences import models
from sequences.commands import people
from sequences.models import Status
from sequences.reading.adding import picked
from sequences.refusals import Refused
from tenants.models import Member
from tenants.policy import can, visible


def names() -> list[str]:
    """The names of all sequences, as conditions pick from them."""
    return list(models.Sequence.objects.order_by("name").values_list("name", flat=True))


def open_to(member: Member) -> QuerySet[models.Sequence]:
    """The sequences to which the member may add people."""
    found = visible(member, "enrollment.manage", models.Sequence.objects.exclude(status=Status.ARCHIVED))
    return found.order_by("name_norm", "pk")


class SequenceForm(forms.Form):
    """One of the sequences to which the member may add people."""

    sequence = forms.TypedChoiceField(
        coerce=int,
        error_messages={"required": "Choose a sequence."},
        help_text="They are decided at its next run. Who is inside or waiting already is left alone.",
    )

    again = forms.BooleanField(
        label="Add those, too, who were in it before",
        required=False,
        help_text="They begin again with its first step.",
    )

    def __init__(self, by: Member, data: Any = None) -> None:
        super().__init__(data)
        if not can(by, "enrollment.override"):
            del self.fields["again"]
        shown = open_to(by).values_list("pk", "name", "status")
        options = [
            (pk, name if status == Status.ACTIVE else f"{name} ({status})") for pk, name, status in shown
        ]
        self.fields["sequence"].choices = [("", "Choose a sequence"), *options]  # type: ignore[attr-defined]


class AddToSequence(Verb):
    """As adding by hand (semantics 2.13). Who was in it before comes again only if that is said, and permitted.

    Of opportunities it is their primary contacts (semantics 2.15), as far as the member sees them.
    """

    key, label, icon, permission = "add_to_sequence", "Add to a sequence", "plus", "enrollment.manage"
    reach = "record.view"
    records = (CONTACT, OPPORTUNITY)
    asks_number = True
    left_out = "inside or waiting already, or in it before"

    def why_left_out(self, record: str) -> str:
        return self.left_out if record == CONTACT else f"{self.left_out}, or without a contact"

    def form(self, record: str, by: Member, data: Any = None) -> forms.Form:
        return SequenceForm(by, data)

    def said(self, record: str, arguments: Mapping[str, Any]) -> str:
        name = models.Sequence.objects.filter(pk=arguments["sequence"]).values_list("name", flat=True).first()
        return f"Add to “{name}”"

    def apply(
        self, record: str, ids: Sequence[int], arguments: Mapping[str, Any], *, by: Member, at: datetime
    ) -> int:
        sequence = open_to(by).filter(pk=arguments["sequence"]).first()
        if sequence is None:
            raise CannotDo("The sequence is archived or deleted, or not yours any more.")
        people_of = _people_of(record, ids, by)
        found = picked(sequence, people_of.values())
        again = found.earlier if arguments.get("again") and can(by, "enrollment.override") else []
        meant = {*found.new, *again}
        try:
            people.add(sequence=sequence, contacts=meant, by=by, now=at, is_confirmed_before=True)
        except Refused as refused:
            raise CannotDo(refused.message) from refused
        return sum(contact in meant for contact in people_of.values())


def _people_of(record: str, ids: Sequence[int], by: Member) -> dict[int, int]:
    """The records picked → their contacts, whom the member may see."""
    if record == CONTACT:
        return {pk: pk for pk in ids}
    deals = Opportunity.objects.filter(pk__in=ids, contact__isnull=False)
    pairs = dict(deals.values_list("pk", "contact_id"))
    seen = visible(by, "record.view", Contact.objects.filter(pk__in=set(pairs.values())))
    known = set(seen.values_list("pk", flat=True))
    return {pk: contact for pk, contact in pairs.items() if contact in known}
