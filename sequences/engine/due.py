"""The steps of a plan as the engine works them, and what it needs to know of the whole run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.db.models import QuerySet

from sequences.engine.questions import Questions
from sequences.engine.senders import Senders, senders_of
from sequences.models import Run, Sequence
from steps.kinds import KINDS, Kind
from steps.models import Step
from tenants.localtime import local_date


@dataclass(frozen=True)
class PlannedStep:
    """One step of the plans of this run. ``number`` is its place among them, from 0."""

    number: int
    row: Step
    kind: Kind

    @property
    def key(self) -> str:
        return self.row.key

    @property
    def settings(self) -> dict[str, Any]:
        return dict(self.row.settings)


@dataclass(frozen=True)
class Work:
    """One run of one sequence: everything its statements share.

    ``of_plans`` are the questions of pinned plans (adaptive), whose keys may mean other steps.
    """

    sequence: Sequence
    run: Run
    steps: tuple[PlannedStep, ...]
    questions: Questions
    senders: Senders
    now: datetime
    of_plans: Mapping[int, Questions] = field(default_factory=dict)

    def questions_of(self, step: PlannedStep) -> Questions:
        """How the conditions of a step are asked: by the keys of its own plan."""
        return self.of_plans.get(step.row.plan_id, self.questions)

    @property
    def ordinal(self) -> int:
        assert self.run.ordinal is not None
        return self.run.ordinal

    @property
    def today(self) -> date:
        """The local date of the run's instant, by which conditions and dates are asked; not the day it stands for."""
        return self.questions.today


def steps_of(rows: Iterable[Step]) -> tuple[PlannedStep, ...]:
    """The steps in their order: by day, then by position."""
    return tuple(PlannedStep(number, row, KINDS[row.kind]) for number, row in enumerate(rows))


def plan_keys(sequence: Sequence) -> dict[str, str]:
    """Key of each step of the current plan → its kind; conditions may name one that is switched off, too."""
    return keys_of(Step.objects.filter(plan=sequence.plan_id).order_by("day", "position", "pk"))


def keys_of(rows: Iterable[Step]) -> dict[str, str]:
    """Key of each step of a plan → its kind."""
    return {row.key: row.kind for row in rows}


def rows_of_plan(plan_id: int | None) -> QuerySet[Step]:
    """All steps of a plan in their order, with the texts of now."""
    found = Step.objects.filter(plan=plan_id).order_by("day", "position", "pk")
    return found.select_related("template__current")


def work_of(sequence: Sequence, run: Run, *, now: datetime, rows: Iterable[Step] | None = None) -> Work:
    """Everything about a run that is read before its first statement.

    ``rows``: the steps of the sequence's plan (``rows_of_plan``), where they were read already.
    """
    rows = list(rows_of_plan(sequence.plan_id) if rows is None else rows)
    steps = steps_of(row for row in rows if not row.is_off)
    today = local_date(now, sequence.timezone)
    return Work(
        sequence=sequence,
        run=run,
        steps=steps,
        questions=Questions(sequence, keys_of(rows), today),
        senders=senders_of(sequence, named_by(steps)),
        now=now,
    )


def named_by(steps: Iterable[PlannedStep]) -> set[str]:
    """The e-mails of the users whom steps name as senders or assignees."""
    named = {str(step.settings.get(key) or "") for step in steps for key in ("from", "assignee")}
    return {name for name in named if "@" in name}
