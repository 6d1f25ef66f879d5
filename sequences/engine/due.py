"""The steps of a plan as the engine works them, and what it needs to know of the whole run."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sequences.engine.questions import Questions
from sequences.engine.senders import Senders, senders_of
from sequences.models import Run, Sequence
from steps.kinds import KINDS, Kind
from steps.models import Step
from tenants.localtime import local_date


@dataclass(frozen=True)
class PlannedStep:
    """One step of the plan of this run. ``number`` is its place in the plan, from 0."""

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
    """One run of one sequence: everything its statements share."""

    sequence: Sequence
    run: Run
    steps: tuple[PlannedStep, ...]
    questions: Questions
    senders: Senders
    now: datetime

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
    return dict(sequence.plan.steps.order_by("day", "position", "pk").values_list("key", "kind"))


def work_of(sequence: Sequence, run: Run, *, now: datetime) -> Work:
    """Everything about a run that is read before its first statement."""
    steps = steps_of(sequence.plan.working_steps.select_related("template__current"))
    today = local_date(now, sequence.timezone)
    named = {str(s.settings.get(key) or "") for s in steps for key in ("from", "assignee")}
    return Work(
        sequence=sequence,
        run=run,
        steps=steps,
        questions=Questions(sequence, plan_keys(sequence), today),
        senders=senders_of(sequence, {name for name in named if "@" in name}),
        now=now,
    )
