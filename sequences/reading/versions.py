"""The versions of a sequence: its plans, the latest first, what each changed, who is on it; one read, two compared."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import datetime

from sequences.changes import Change, changes_between, places_of
from sequences.models import Sequence, SequencePlan
from sequences.reading.difference import Difference, difference
from sequences.reading.history import settings_between
from sequences.reading.material import Material
from sequences.reading.moving import people_by_plan
from sequences.reading.private import hide_private
from sequences.reading.trees import words_of
from sequences.reading.words import Was, place_in_words, settings_in_words
from steps.models import Plan, Step
from tenants.models import Member


@dataclass(frozen=True)
class Version:
    """One plan. ``is_current``: it holds; ``is_draft``: it waits to be published; ``people``: inside and on it."""

    plan: Plan
    steps: int
    changes: list[Change]
    is_current: bool
    is_draft: bool
    people: int
    before: int | None

    @property
    def number(self) -> int:
        return self.plan.number


def versions_of(sequence: Sequence, member: Member) -> list[Version]:
    """As a member may see them. Three statements, however many there are."""
    plans = plans_of(sequence)
    steps: dict[int, list[Step]] = defaultdict(list)
    found_steps = Step.objects.filter(plan__in=plans).select_related("template").order_by("day", "position")
    for step in hide_private(found_steps, sequence, member):
        steps[step.plan_id].append(step)
    people: Counter[int] = people_by_plan(sequence)
    found: list[Version] = []
    before: Plan | None = None
    for plan in plans:
        changes: list[Change] = changes_between(steps[before.pk], steps[plan.pk]) if before else []
        is_current, is_draft = plan.pk == sequence.plan_id, plan.pk == sequence.draft_id
        number = before.number if before else None
        count = len(steps[plan.pk])
        found.append(Version(plan, count, changes, is_current, is_draft, people[plan.pk], number))
        before = plan
    return found[::-1]


def plans_of(sequence: Sequence) -> list[Plan]:
    """All its plans, the first one first; a draft comes last."""
    links = SequencePlan.objects.filter(sequence=sequence).select_related("plan__made_by__user")
    plans = {sequence.plan_id: sequence.plan} | {link.plan_id: link.plan for link in links}
    return sorted(plans.values(), key=lambda plan: (plan.number, plan.pk))


@dataclass(frozen=True)
class ReadStep:
    """One step of a version with all its settings in words. ``title`` may hold placeholders."""

    number: int
    step: Step
    title: str
    label: str
    place: str
    settings: list[tuple[str, str]]


def read_steps(material: Material) -> list[ReadStep]:
    """The steps of a version, as ``material`` has them."""
    places = places_of(material.steps)
    return [
        ReadStep(
            material.numbers[step.key],
            step,
            words_of(material, step),
            material.kind_label(step),
            place_in_words(material, places[step.key], with_neighbour=False) if _has_place(step) else "",
            settings_in_words(material, step),
        )
        for step in material.steps
    ]


def _has_place(step: Step) -> bool:
    return step.day is not None or step.parent_id is not None


@dataclass(frozen=True)
class Compared:
    """Two versions beside each other: their steps, and the settings that held when each was published."""

    old: Plan
    new: Plan
    steps: list[Difference]
    settings: list[tuple[str, list[Was]]]


def compared(sequence: Sequence, member: Member, old: Plan, new: Plan) -> Compared:
    """What ``new`` changes against ``old``, as a member may see them. Of a draft the settings are those of now."""
    before, after = Material(sequence, member, old), Material(sequence, member, new)
    settings = settings_between(sequence, member, *(_moment(sequence, plan) for plan in (old, new)))
    return Compared(old, new, difference(before, after), settings)


def _moment(sequence: Sequence, plan: Plan) -> datetime | None:
    return plan.published_at if sequence.activated_at else None
