"""Somebody who is not inside: why they are not, and whether the next run would let them in."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any

from django.db.models import BooleanField, ExpressionWrapper, Q

from audience.conditions.form import called
from audience.models import Contact, Opportunity
from audience.suppression import EMAIL, of_contact
from sequences.engine import entry, refusals
from sequences.engine.due import Work
from sequences.engine.questions import DEAL, INSIDE, PERSON
from sequences.explain.answers import Answered, Put, Words, of_person, put
from sequences.explain.met import Person
from sequences.models import Addition, Enrollment, Sequence
from sequences.reading.material import Material
from sequences.reading.thought import thought_of

NOBODY, NO_MATCH, NO_COMPANY, NO_DEAL, BEFORE = "nobody", "no_match", "no_company", "no_deal", "before"
"""Why somebody does not come in by themselves. Why somebody is refused at the door: sequences.engine.refusals."""

TWIN = "twin"
"""Somebody else with the address comes in at the same run."""

SOME, SEVERAL = 3, 20


@dataclass(frozen=True)
class Reason:
    """One thing that keeps somebody out. ``rows``: what it is due to, of the kind that its code says.

    before: their last stay; stopped: suppressions; same_address, twin: other contacts; elsewhere: sequences.
    ``until``: the first day on which they may come in again.
    """

    code: str
    rows: tuple[Any, ...] = ()
    until: date | None = None


@dataclass(frozen=True)
class Outside:
    """``ways``: the name of each way in → its conditions, answered; ``exit``: the exit conditions, if there are any."""

    reasons: list[Reason] = field(default_factory=list)
    ways: dict[str, Answered] = field(default_factory=dict)
    exit: Answered | None = None


AUDIENCE, EXIT = "Conditions", ""


def outside_of(material: Material, contact: Contact, *, now: datetime, is_added: bool = False) -> Outside:
    """Why a contact is not in the sequence of the material, at a run that would happen at ``now``.

    ``is_added``: they wait to be added by hand, which asks for refusals alone (semantics 2.13).

    Raises sequences.engine.questions.Unreadable for stored conditions that cannot be read.
    """
    sequence = material.sequence
    work = thought_of(sequence, now=now, plan=material.plan, rows=material.rows)
    deal = _deal(work, contact)
    codes = standing(sequence, contact, now=now, is_added=is_added, work=work)
    reasons = [_because(code, work, contact) for code in codes]
    if not reasons and sequence.unique_email and (twin := _twin(sequence, contact, now=now)):
        reasons = [Reason(TWIN, (twin,))]
    people, paths = (
        (Opportunity.objects.filter(pk=deal.pk), DEAL)
        if deal
        else (Contact.objects.filter(pk=contact.pk), PERSON)
    )
    person = Person(contact, opportunity=deal)
    words = Words(person, partial(called, material.lists), material.labels)
    found = of_person(people, paths, _puts(sequence, work), words)
    exit = found.pop(EXIT, None)
    return Outside(reasons, found, exit)


def standing(
    sequence: Sequence,
    contact: Contact,
    *,
    now: datetime,
    plan: Any = None,
    is_added: bool = False,
    work: Work | None = None,
) -> list[str]:
    """What keeps a contact from coming in by themselves at a run now, by the codes of reasons; nothing: nothing does.

    Of the refusals of semantics 2.10 to 2.12 the first. ``plan``: another than the one that is published. ``is_added``:
    they come in by hand. ``work``: the run that is thought of, where it was already.
    """
    work = work or thought_of(sequence, now=now, plan=plan or sequence.plan)
    asked = entry.by_themselves(work)
    way = None if asked is None else _alone(entry.matching(work.sequence, asked), contact)
    found = [NOBODY] if asked is None else [] if way else [_no_match(work, contact)]
    way = way or _alone(entry.matching(work.sequence, Q()), contact) or _alone(ANYBODY, contact)
    assert way is not None
    checks = refusals.checks(work, way) if work.steps else {}
    again = refusals.may_come_again(work.sequence, work.today, way.column("pk"))
    against = _failed(way, {BEFORE: again} | checks)
    if is_added:
        found = []
    elif BEFORE in against:
        found.append(BEFORE)
    return found + [reason for reason in checks if reason in against][:1]


def _failed(way: entry.Way, asked: dict[str, Q]) -> set[str]:
    """Which of these conditions the one person of a way does not meet: one statement."""
    keys = {f"is_{reason}": ExpressionWrapper(so, BooleanField()) for reason, so in asked.items()}
    (met,) = way.people.order_by().annotate(**keys).values_list(*keys)
    return {reason for reason, is_so in zip(asked, met, strict=True) if not is_so}


def _twin(sequence: Sequence, contact: Contact, *, now: datetime) -> Contact | None:
    """Who comes in at the same run with the same address, being the first created (semantics 2.11)."""
    same = (
        Contact.objects.filter(email_norm=contact.email_norm, pk__lt=contact.pk) if contact.email_norm else ()
    )
    for other in list(same)[:SEVERAL]:
        is_added = Addition.objects.filter(sequence=sequence, contact=other).exists()
        if not standing(sequence, other, now=now, is_added=is_added):
            return other
    return None


ANYBODY = entry.Way(Contact.objects.all(), PERSON)


def _alone(whole: entry.Way, contact: Contact) -> entry.Way | None:
    """The way in for one contact; None: it does not lead there."""
    way = whole.filtered(Q((whole.column("pk"), contact.pk)))
    return way if way.people.exists() else None


def _no_match(work: Work, contact: Contact) -> str:
    if work.sequence.record == "account" and contact.account_id is None:
        return NO_COMPANY
    if work.sequence.record == "opportunity" and not Opportunity.objects.filter(contact=contact).exists():
        return NO_DEAL
    return NO_MATCH


def _deal(work: Work, contact: Contact) -> Opportunity | None:
    """Through which opportunity they would come in: the first that matches, else the first (semantics 2.15)."""
    if work.sequence.record != "opportunity":
        return None
    mine = Opportunity.objects.filter(contact=contact).order_by("pk")
    asked = entry.by_themselves(work)
    return (mine.filter(asked).first() if asked is not None else None) or mine.first()


def _puts(sequence: Sequence, work: Work) -> dict[str, Put]:
    found = {}
    for link in sequence.sequence_views.select_related("view").order_by("pk"):
        raw = {"match": link.view.match, "conditions": link.view.conditions}
        found[f"View “{link.view.name}”"] = put(work.questions, raw, on=work.today)
    if sequence.entry_conditions:
        raw = {"match": sequence.entry_match, "conditions": sequence.entry_conditions}
        found[AUDIENCE] = put(work.questions, raw, on=work.today)
    if sequence.exit_conditions:
        raw = {"match": sequence.exit_match, "conditions": sequence.exit_conditions}
        found[EXIT] = put(work.questions, raw, on=work.today, default_match="any")
    return found


def _because(code: str, work: Work, contact: Contact) -> Reason:
    """The reason with the rows that it is due to."""
    if code == BEFORE:
        last = Enrollment.objects.filter(sequence=work.sequence, contact=contact).order_by("-pk")[:1]
        return Reason(code, tuple(last), _may_return(work.sequence, last[0]))
    if code == refusals.STOPPED:
        return Reason(code, tuple(of_contact(contact).filter(channel=EMAIL)))
    if code == refusals.SAME_ADDRESS:
        stays = Enrollment.objects.filter(sequence=work.sequence).values("contact")
        others = Contact.objects.filter(email_norm=contact.email_norm, pk__in=stays).exclude(pk=contact.pk)
        return Reason(code, tuple(others.order_by("pk")[:SOME]))
    if code == refusals.ELSEWHERE:
        inside = Enrollment.objects.filter(contact=contact, state__in=INSIDE).values("sequence")
        held = Sequence.objects.filter(pk__in=inside).exclude(pk=work.sequence.pk)
        found = held if work.sequence.exclusive else held.filter(exclusive=True)
        return Reason(code, tuple(found.order_by("pk")[:SOME]))
    return Reason(code)


def _may_return(sequence: Sequence, last: Enrollment) -> date | None:
    """From which day on they may come in again by themselves; None: never, or they are inside (semantics 2.14)."""
    days, left = sequence.reentry_days, last.exited_on
    if days is None or left is None or last.exit_reason == "removed":
        return None
    return left + timedelta(days=days)
