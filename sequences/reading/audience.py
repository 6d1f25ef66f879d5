"""Who would come into a sequence at a run now: how many match, why some are refused, and the first ten."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from copy import copy
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import Q, QuerySet

from audience.conditions.parse import Group
from audience.models import Contact, SavedView
from sequences import enrollment
from sequences.engine import entry, refusals
from sequences.engine.due import Work, work_of
from sequences.engine.questions import PERSON
from sequences.models import Run, Sequence
from tenants.localtime import local_date

SAMPLE = 10


@dataclass(frozen=True)
class Audience:
    """``matching`` stand in the conditions or views; ``admitted`` of them would come in now."""

    matching: int
    admitted: int
    again: int
    sample: list[Contact]

    @property
    def refused(self) -> int:
        """Those who never were in the sequence and still may not come in (semantics 2.10 to 2.12)."""
        return self.matching - self.again - self.admitted


def audience_of(
    sequence: Sequence,
    *,
    now: datetime,
    groups: Iterable[Group | Mapping[str, Any]] | None = None,
    **changed: Any,
) -> Audience | None:
    """The audience of a sequence as it is stored, or with other groups and settings; None: nobody comes by themselves.

    Raises sequences.engine.questions.Unreadable for stored conditions that cannot be read.
    """
    work = _work(sequence, changed, now)
    asked = entry.by_themselves(work) if groups is None else _any_of(work, list(groups))
    if asked is None:
        return None
    way = entry.matching(work.sequence, asked)
    admitted = way.filtered(refusals.may_come_again(work, way.column("pk")))
    if work.steps:  # without any step nobody could receive one: then it is too early to speak of refusals
        admitted = refusals.passed(work, admitted)
    again = way.filtered(~refusals.may_come_again(work, way.column("pk")))
    ids = admitted.people.order_by(way.column("pk")).values_list(way.column("pk"), flat=True)[:SAMPLE]
    sample = Contact.objects.filter(pk__in=list(ids)).select_related("account").order_by("pk")
    return Audience(way.people.count(), admitted.people.count(), again.people.count(), list(sample))


def matching(sequence: Sequence, *, now: datetime) -> int | None:
    """How many match; None where nobody comes by themselves."""
    work = _work(sequence, {}, now)
    asked = entry.by_themselves(work)
    return None if asked is None else entry.matching(work.sequence, asked).people.count()


def _work(sequence: Sequence, changed: Mapping[str, Any], now: datetime) -> Work:
    """A run that is only thought of, on a copy of the sequence."""
    thought = copy(sequence)
    for name, value in changed.items():
        setattr(thought, name, value)
    today = local_date(now, thought.timezone)
    run = Run(sequence=thought, ordinal=enrollment.last_ordinal(sequence.pk) + 1, local_day=today)
    return work_of(thought, run, now=now)


def _any_of(work: Work, groups: list[Group | Mapping[str, Any]]) -> Q | None:
    paths = entry.paths_of(work.sequence)
    read = [group if isinstance(group, Group) else work.questions.read(group) for group in groups]
    parts = [work.questions.of_people(group, paths) for group in read]
    if not parts:
        return None
    return reduce(or_, parts) if all(parts) else Q()


def people_of_view(view: SavedView, sequence: Sequence, *, now: datetime) -> QuerySet[Contact]:
    """The contacts in a saved view of contacts, as the sequence would ask it."""
    work = _work(sequence, {"record": "contact"}, now)
    group = {"match": view.match, "conditions": view.conditions}
    return Contact.objects.filter(work.questions.of_people(work.questions.read(group), PERSON)).order_by("pk")
