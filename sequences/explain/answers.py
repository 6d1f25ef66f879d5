"""Groups of conditions put to one person: each condition with its answer and the value that it met."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from django.db.models import BooleanField, ExpressionWrapper, Q, QuerySet

from audience.conditions.english import phrase
from audience.conditions.parse import Condition, FieldRef, Group, StepField
from audience.conditions.types import DATED
from sequences.engine.questions import Paths, Questions, with_steps
from sequences.explain.met import Met, Person
from sequences.models import Enrollment

Named = Callable[[FieldRef, str], str]
Asked = tuple[Condition, date | None]

YES_NO = BooleanField()


@dataclass(frozen=True)
class Put:
    """A group that is asked, on the day of its questions."""

    group: Group
    questions: Questions


@dataclass(frozen=True)
class Answer:
    """One condition: in words, whether it holds for the person, and what the person has there."""

    words: str
    holds: bool
    met: Met


@dataclass(frozen=True)
class Answered:
    """A group with its answers. What one without conditions means, its user decides."""

    match: str
    answers: tuple[Answer, ...]

    @property
    def holds(self) -> bool:
        held = [answer.holds for answer in self.answers]
        return all(held) if self.match == "all" else any(held)


def put(questions: Questions, raw: Mapping[str, Any], *, on: date, default_match: str = "all") -> Put:
    """A stored group, to be asked on a local day. Raises sequences.engine.questions.Unreadable."""
    return Put(questions.read(raw, default_match=default_match), replace(questions, today=on))


def of_stay(
    stay: Enrollment, puts: Mapping[str, Put], person: Person, name: Named, labels: Mapping[str, str]
) -> dict[str, Answered]:
    """Groups put to somebody inside. ``labels``: what steps are called."""
    conditions = [condition for one in puts.values() for condition in one.group.conditions]
    steps = {condition.field.step for condition in conditions if isinstance(condition.field, StepField)}
    stays = Enrollment.objects.filter(pk=stay.pk)
    for one in list(puts.values())[:1]:
        stays = with_steps(stays, steps, one.questions.aliases)
    return _answered(
        stays, puts, lambda one, group: one.questions.of_stays(group).q, Words(person, name, labels)
    )


def of_person(people: QuerySet, paths: Paths, puts: Mapping[str, Put], words: Words) -> dict[str, Answered]:
    """Groups put to somebody outside; ``people`` is the one contact or opportunity."""
    return _answered(people, puts, lambda one, group: one.questions.of_people(group, paths), words)


@dataclass(frozen=True)
class Words:
    """How a condition and what it met are said."""

    person: Person
    name: Named
    labels: Mapping[str, str]

    def answer(self, condition: Condition, holds: bool) -> Answer:
        return Answer(phrase(condition, self.name, self.labels), holds, self.person.met(condition))


def _answered(
    subject: QuerySet, puts: Mapping[str, Put], ask: Callable[[Put, Group], Q], words: Words
) -> dict[str, Answered]:
    """Every condition by itself, all in one statement, as the engine would ask them together; each of them once."""
    places: dict[Asked, str] = {}
    asked: dict[str, ExpressionWrapper] = {}
    for one in puts.values():
        for condition in one.group.conditions:
            if (same := _same(one, condition)) not in places:
                place = places[same] = f"answer_{len(places)}"
                asked[place] = ExpressionWrapper(ask(one, Group("all", (condition,))), output_field=YES_NO)
    row = subject.annotate(**asked).values(*asked).get() if asked else {}
    given: dict[Asked, Answer] = {}
    for same, place in places.items():
        given[same] = words.answer(same[0], bool(row[place]))  # what is unknown is No
    return {
        key: Answered(
            one.group.match, tuple(given[_same(one, condition)] for condition in one.group.conditions)
        )
        for key, one in puts.items()
    }


def _same(one: Put, condition: Condition) -> Asked:
    """What makes a condition another question: itself, and of dates the day on which it is asked."""
    return condition, one.questions.today if condition.field.type in DATED else None
