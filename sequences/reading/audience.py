"""Who would come into a sequence at a run now: how many match, why some are refused, and the first ten."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import Case, Count, Q, QuerySet, Value, When

from audience.conditions.parse import Condition, Group
from audience.conditions.types import FieldType
from audience.models import Contact, SavedView
from sequences.engine import entry, refusals
from sequences.engine.due import Work
from sequences.engine.lacking import needed_by_step
from sequences.engine.questions import PERSON, Unreadable
from sequences.models import Addition, SenderMode, Sequence
from sequences.reading.thought import thought_of
from tenants.models import Member
from tenants.policy import can

SAMPLE = 10
MOST_FIELDS = 8


@dataclass(frozen=True)
class Audience:
    """``matching`` stand in the conditions or views; ``admitted`` of them would come in now.

    ``reasons`` says of how many of the refused which was the first reason.
    """

    matching: int
    admitted: int
    again: int
    sample: list[Contact]
    reasons: list[tuple[str, int]]

    @property
    def refused(self) -> int:
        """Those who never were in the sequence and still may not come in (semantics 2.10 to 2.12)."""
        return self.matching - self.again - self.admitted

    def shown_to(self, reader: Member) -> Audience:
        """With those examples only whom the reader may see."""
        return replace(self, sample=[one for one in self.sample if can(reader, "record.view", one)])


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
    work = thought_of(sequence, now=now, **changed)
    asked = entry.by_themselves(work) if groups is None else _any_of(work, list(groups))
    if asked is None:
        return None
    way = entry.matching(work.sequence, asked)
    admitted = way.filtered(refusals.may_come_again(work.sequence, work.today, way.column("pk")))
    if work.steps:  # without any step nobody could receive one: then it is too early to speak of refusals
        admitted = refusals.passed(work, admitted)
    again = way.filtered(~refusals.may_come_again(work.sequence, work.today, way.column("pk")))
    ids = admitted.people.order_by(way.column("pk")).values_list(way.column("pk"), flat=True)[:SAMPLE]
    sample = Contact.objects.filter(pk__in=list(ids)).select_related("account").order_by("pk")
    found = Audience(way.people.count(), admitted.people.count(), again.people.count(), list(sample), [])
    return replace(found, reasons=_reasons(work, way)) if work.steps and found.refused > 0 else found


def newcomers(sequence: Sequence, *, now: datetime, **changed: Any) -> int:
    """How many people its next run would let in: by themselves, and those added by hand. A few more at the most.

    ``changed``: fields of it that are other than stored, such as ``plan``.
    Raises sequences.engine.questions.Unreadable.
    """
    work = thought_of(sequence, now=now, **changed)
    added = Addition.objects.filter(sequence=sequence)
    asked = entry.by_themselves(work)
    if asked is None:
        return added.count()
    way = entry.matching(work.sequence, asked)
    others = way.filtered(
        refusals.may_come_again(work.sequence, work.today, way.column("pk")),
        ~Q((f"{way.column('pk')}__in", added.values("contact"))),
    )
    people = refusals.passed(work, others).people.order_by().values(way.column("pk")).distinct()
    return added.count() + people.count()


def _reasons(work: Work, way: entry.Way) -> list[tuple[str, int]]:
    """How many of those who match are refused why, by the first reason: one statement."""
    checks = refusals.checks(work, way)
    new = way.filtered(
        refusals.may_come_again(work.sequence, work.today, way.column("pk")), ~Q(*checks.values())
    )
    first = Case(*[When(~check, then=Value(reason)) for reason, check in checks.items()])
    rows = new.people.order_by().annotate(why=first).values_list("why").annotate(n=Count("pk"))
    return sorted(rows, key=lambda row: -row[1])


def first_of(sequence: Sequence, contacts: QuerySet[Contact], *, now: datetime) -> Contact | None:
    """Somebody to show the sequence by: the first created of those who match, else of these contacts; None: nobody."""
    work = thought_of(sequence, now=now, plan=sequence.draft or sequence.plan)
    try:
        asked = entry.by_themselves(work)
    except Unreadable:
        asked = None
    if asked is not None:
        way = entry.matching(work.sequence, asked)
        ids = way.people.order_by(way.column("pk")).values_list(way.column("pk"), flat=True)[:SAMPLE]
        if found := contacts.filter(pk__in=list(ids)).order_by("pk").first():
            return found
    return contacts.order_by("pk").first()


@dataclass(frozen=True)
class Lack:
    """How many of those who match have no value for a field that a step's template needs."""

    step: str
    field: str
    count: int


def lacks_of(sequence: Sequence, *, now: datetime) -> tuple[int | None, list[Lack]]:
    """How many match, None where nobody comes by themselves; and who of them would be held at which step (2.31).

    A statement for each needed field, so this is asked for by itself.
    """
    work = thought_of(sequence, now=now, plan=sequence.draft or sequence.plan)
    asked = entry.by_themselves(work)
    if asked is None:
        return None, []
    way, found, seen = entry.matching(work.sequence, asked), [], set[str]()
    for step in work.steps:
        for path in needed_by_step(step) if step.kind.sends else ():
            if path in seen or len(seen) == MOST_FIELDS:
                continue
            seen.add(path)
            count = _lacking(work, way, path)
            if count:
                found.append(Lack(step.key, path, count))
    return way.people.count(), found


def _lacking(work: Work, way: entry.Way, path: str) -> int:
    record, _, key = path.rpartition(".")
    field = work.questions.catalogue.get(record or "contact", key)
    if record == "owner":
        return way.filtered(Q((f"{way.column('owner')}__isnull", True))).people.count()
    if field is None or field.type is FieldType.YES_NO:
        return 0
    group = Group("any", (Condition(f"{field.record}.{key}", field, "empty", None),))
    return way.filtered(work.questions.of_people(group, way.paths)).people.count()


def runs_for(sequence: Sequence, newcomers: int) -> int:
    """How many runs the first mails of so many newcomers take, if the sender's day holds nothing else (2.29).

    0 where it is not said: several senders, or no mail on the first day.
    """
    plan = sequence.draft or sequence.plan
    is_mailed = plan.working_steps.filter(day=1, kind="email").exists()
    if not is_mailed or sequence.sender_mode == SenderMode.CONTACT_OWNER:
        return 0
    limit = (sequence.sender or sequence.owner).daily_limit
    return -(-newcomers // limit) if limit else 0


def _any_of(work: Work, groups: list[Group | Mapping[str, Any]]) -> Q | None:
    paths = entry.paths_of(work.sequence)
    read = [group if isinstance(group, Group) else work.questions.read(group) for group in groups]
    parts = [work.questions.of_people(group, paths) for group in read]
    if not parts:
        return None
    return reduce(or_, parts) if all(parts) else Q()


def people_of_view(view: SavedView, sequence: Sequence, *, now: datetime) -> QuerySet[Contact]:
    """The contacts in a saved view of contacts, as the sequence would ask it."""
    work = thought_of(sequence, now=now, record="contact")
    group = {"match": view.match, "conditions": view.conditions}
    return Contact.objects.filter(work.questions.of_people(work.questions.read(group), PERSON)).order_by("pk")
