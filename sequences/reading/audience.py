"""Who would come into a sequence at a run now: how many match, why some are refused, and the first ten."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import BooleanField, Count, ExpressionWrapper, Q, QuerySet

from audience.conditions.parse import Condition, Group
from audience.conditions.types import FieldType
from audience.models import Contact, SavedView
from sequences.engine import entry, refusals
from sequences.engine.due import Work
from sequences.engine.lacking import needed_by_step
from sequences.engine.planning import with_room
from sequences.engine.questions import INSIDE, PERSON, Unreadable
from sequences.models import Addition, Enrollment, SenderMode, Sequence
from sequences.reading.thought import thought_of
from tenants.models import Member
from tenants.policy import can

SAMPLE = 10
MOST_FIELDS = 8
ADMITTED, AGAIN = "admitted", "again"
"""Beside the reasons of refusals: who would come in, and who was in the sequence before."""


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
    counted = _standing(work, way)
    matching, again, admitted = counted.total(), counted.pop(AGAIN, 0), counted.pop(ADMITTED, 0)
    sample = _admitted(work, way) if admitted else []
    return Audience(matching, admitted, again, sample, sorted(counted.items(), key=lambda row: -row[1]))


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


def _standing(work: Work, way: entry.Way) -> Counter[str]:
    """How many of those who match would come in now, were in before, or are refused: by the first reason.

    One look at everybody, grouped by all that keeps them out: as yes and no, of which the planner knows that there are
    few. Without any step nobody could receive one: then it is too early to speak of refusals.
    """
    again = ~refusals.may_come_again(work.sequence, work.today, way.column("pk"), refusals.at_once)
    checks = refusals.checks(work, way, refusals.at_once) if work.steps else {}
    against = {AGAIN: again} | {reason: ~check for reason, check in checks.items()}
    keys = {f"is_{reason}": ExpressionWrapper(why, BooleanField()) for reason, why in against.items()}
    rows = way.people.order_by().annotate(**keys).values_list(*keys).annotate(n=Count("*"))
    found = Counter[str]()
    with with_room():
        for *is_so, number in rows:
            found[next((reason for reason, so in zip(against, is_so, strict=True) if so), ADMITTED)] += number
    return found


def _admitted(work: Work, way: entry.Way) -> list[Contact]:
    """The first of those who would come in now."""
    admitted = way.filtered(refusals.may_come_again(work.sequence, work.today, way.column("pk")))
    admitted = refusals.passed(work, admitted) if work.steps else admitted
    ids = admitted.people.order_by(way.column("pk")).values_list(way.column("pk"), flat=True)[:SAMPLE]
    return list(Contact.objects.filter(pk__in=list(ids)).select_related("account").order_by("pk"))


def first_of(
    sequence: Sequence, contacts: QuerySet[Contact], *, now: datetime, work: Work | None = None
) -> Contact | None:
    """Somebody of these contacts to show the sequence by; None: there is nobody.

    Who is inside or was added, for they are known; else the first created of those who match, else of all.
    ``work``: the run that is thought of, where it was already.
    """
    inside = Enrollment.objects.filter(sequence=sequence, state__in=INSIDE)
    for there in (inside, Addition.objects.filter(sequence=sequence)):
        seen = there.filter(contact__in=contacts.values("pk"))
        if (pk := seen.order_by("contact").values_list("contact", flat=True).first()) is not None:
            return contacts.get(pk=pk)
    work = work or thought_of(sequence, now=now, plan=sequence.draft or sequence.plan)
    return _first_matching(work, contacts) or contacts.order_by("pk").first()


def _first_matching(work: Work, contacts: QuerySet[Contact]) -> Contact | None:
    """None also for conditions that cannot be read: what is wrong with them is said elsewhere."""
    try:
        asked = entry.by_themselves(work)
    except Unreadable:
        return None
    if asked is None:
        return None
    way = entry.matching(work.sequence, asked)
    ids = way.people.order_by(way.column("pk")).values_list(way.column("pk"), flat=True)[:SAMPLE]
    return contacts.filter(pk__in=list(ids)).order_by("pk").first()


@dataclass(frozen=True)
class Lack:
    """How many of those who match have no value for a field that a step's template needs."""

    step: str
    field: str
    count: int


def lacks_of(sequence: Sequence, *, now: datetime) -> tuple[int | None, list[Lack]]:
    """How many match, None where nobody comes by themselves; and who of them would be held at which step (2.31).

    One look at everybody, which takes its time, so this is asked for by itself.
    """
    work = thought_of(sequence, now=now, plan=sequence.draft or sequence.plan)
    asked = entry.by_themselves(work)
    if asked is None:
        return None, []
    way, first = entry.matching(work.sequence, asked), dict[str, str]()
    for step in work.steps:
        for path in needed_by_step(step) if step.kind.sends else ():
            first.setdefault(path, step.key)
    lacking = {path: _lacking(work, way, path) for path in list(first)[:MOST_FIELDS]}
    asked_for = {path: is_so for path, is_so in lacking.items() if is_so is not None}
    counts = {f"n{n}": Count("pk", filter=is_so) for n, is_so in enumerate(asked_for.values())}
    matching, *counted = way.people.order_by().aggregate(everybody=Count("*"), **counts).values()
    rows = zip(asked_for, counted, strict=True)
    return matching, [Lack(first[path], path, count) for path, count in rows if count]


def _lacking(work: Work, way: entry.Way, path: str) -> Q | None:
    """Who has no value for a field; None where nobody can have one, or everybody has."""
    record, _, key = path.rpartition(".")
    field = work.questions.catalogue.get(record or "contact", key)
    if record == "owner":
        return Q((f"{way.column('owner')}__isnull", True))
    if field is None or field.type is FieldType.YES_NO:
        return None
    group = Group("any", (Condition(f"{field.record}.{key}", field, "empty", None),))
    return work.questions.of_people(group, way.paths)


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
