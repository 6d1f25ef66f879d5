"""Completing and skipping all reminders that the list of a sequence asks for, by a job (audience.bulk)."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Mapping
from collections.abc import Sequence as Listed
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.http import QueryDict
from django.urls import reverse

from activities.models import Reminder
from audience.bulk.registry import CannotDo, Verb
from audience.bulk.sources import Source
from audience.models import Contact
from sequences.commands import reminders as commands
from sequences.models import Sequence
from sequences.reading.reminders import Wanted, reminders_in
from sequences.refusals import Refused
from tenants.models import Member
from tenants.policy import visible

REMINDERS = "reminder"


def query_of(sequence: Sequence, wanted: Wanted) -> str:
    """The query by which a job asks for the reminders of a list."""
    return urlencode({"sequence": sequence.pk} | wanted.query)


class ReminderList(Source):
    """The reminders of a sequence. Its query names the sequence, and what the page's address asks for."""

    record = REMINDERS

    @property
    def rows(self) -> QuerySet[Any]:
        return Reminder.objects.all()

    def picked(self, by: Member, ids: Iterable[int]) -> QuerySet[Any]:
        seen = visible(by, "record.view", Contact.objects.all()).values("pk")
        return self.rows.filter(pk__in=ids, contact__in=seen)

    def listed(self, by: Member, query: str, *, at: datetime) -> QuerySet[Any]:
        asked = QueryDict(query)
        sequence = _sequences(by).filter(pk=_number(asked)).first()
        return reminders_in(sequence, Wanted.asked(asked), by, now=at) if sequence else self.rows.none()

    def address(self, query: str, *, at: datetime) -> str:
        asked = QueryDict(query)
        page = reverse("sequence-reminders", args=[_number(asked)])
        return f"{page}?{urlencode(Wanted.asked(asked).query)}"

    def count(self, number: int) -> str:
        return "reminder" if number == 1 else "reminders"


class CloseReminders(Verb):
    """A verb on reminders of the sequence that its arguments name."""

    permission = "reminder.work"
    records = (REMINDERS,)
    asks_number = True
    batch = 1000
    left_out = "not open any more, or not yours"

    def reached(self, member: Member, records: QuerySet[Any]) -> QuerySet[Any]:
        return visible(member, self.permission, records, owner="assignee")

    def said(self, record: str, arguments: Mapping[str, Any]) -> str:
        name = Sequence.objects.values_list("name", flat=True).get(pk=arguments["sequence"])
        outcome = arguments.get("outcome")
        return f"{self.label} of “{name}”" + (f", calls as “{outcome}”" if outcome else "")

    def apply(
        self, record: str, ids: Listed[int], arguments: Mapping[str, Any], *, by: Member, at: datetime
    ) -> int:
        sequence = _sequences(by).filter(pk=arguments["sequence"]).first()
        if sequence is None:
            raise CannotDo("The sequence is deleted, or not yours to see any more.")
        try:
            return self.close(sequence, ids, arguments.get("outcome", ""), by, at)
        except Refused as refused:
            raise CannotDo(refused.message) from refused

    @abstractmethod
    def close(self, sequence: Sequence, ids: Listed[int], outcome: str, by: Member, at: datetime) -> int:
        """Close them; how many."""


class CompleteReminders(CloseReminders):
    key, label, icon = "complete_reminders", "Complete reminders", "check"

    def close(self, sequence: Sequence, ids: Listed[int], outcome: str, by: Member, at: datetime) -> int:
        outcomes = dict.fromkeys(ids, outcome)
        return commands.complete(sequence=sequence, reminders=ids, by=by, now=at, outcomes=outcomes)


class SkipReminders(CloseReminders):
    key, label = "skip_reminders", "Skip reminders"

    def close(self, sequence: Sequence, ids: Listed[int], outcome: str, by: Member, at: datetime) -> int:
        return commands.skip(sequence=sequence, reminders=ids, by=by, now=at)


def _sequences(by: Member) -> QuerySet[Sequence]:
    return visible(by, "sequence.view", Sequence.objects.all())


def _number(asked: QueryDict) -> int:
    """The sequence that a query names; 0 where it names none."""
    text = asked.get("sequence", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0
