"""The steps that are still to come for a stay: when, and which of them its next run decides."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import dropwhile

from sequences.calendar import Occurrence
from sequences.enrollment import last_ordinal
from sequences.models import Enrollment
from sequences.reading.figures import days_behind
from sequences.reading.people import due_at, enough
from steps.models import Step


@dataclass(frozen=True)
class Ahead:
    """Key of each step to come → when it is due, None where nobody can say.

    ``run_at``: the run that decides next about this stay, None while none is to come or they are paused by hand.
    ``candidates``: the steps that it looks at.
    """

    dates: dict[str, datetime | None] = field(default_factory=dict)
    run_at: datetime | None = None
    candidates: tuple[str, ...] = ()


def ahead_of(stay: Enrollment, open_steps: list[Step], coming: Iterable[Occurrence]) -> Ahead:
    """What is to come of the steps that a stay has not had, if nothing is held or missed."""
    if not open_steps:
        return Ahead()
    return (
        _by_day(stay, open_steps, coming)
        if stay.sequence.kind == "classic"
        else _one_a_run(stay, open_steps, coming)
    )


def _by_day(stay: Enrollment, open_steps: list[Step], coming: Iterable[Occurrence]) -> Ahead:
    """Classic: each on its day; those of the first day to come are decided together (semantics 3.3)."""
    behind = days_behind(stay.day1_run, stay.paused_after, last_ordinal(stay.sequence_id))
    days = {step.key: step.day or 0 for step in open_steps if (step.day or 0) > behind}
    if not days:
        return Ahead()
    runs = enough(coming, stay.resume_on or date.min, max(days.values()) + 1)
    dates = {step.key: due_at(stay, step, behind, runs) for step in open_steps if step.key in days}
    first = tuple(key for key, day in days.items() if day == min(days.values()))
    return Ahead(dates, dates[first[0]], first)


def _one_a_run(stay: Enrollment, open_steps: list[Step], coming: Iterable[Occurrence]) -> Ahead:
    """Smart: the next run takes the first that matches; when the others come, nobody can say (semantics 4.2)."""
    is_paused, back = stay.state == Enrollment.PAUSED, stay.resume_on
    runs = (
        ()
        if is_paused and back is None
        else dropwhile(lambda run: back is not None and run.day < back, coming)
    )
    at = next((run.at for run in runs), None)
    keys = tuple(step.key for step in open_steps)
    return Ahead(dict.fromkeys(keys), at, keys)
