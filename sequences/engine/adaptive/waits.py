"""Waits: a moment that is set when they are reached (semantics 5.6)."""

from __future__ import annotations

from sequences.engine.adaptive.forest import Forest
from sequences.engine.due import PlannedStep, Work
from sequences.engine.verdicts import Due
from sequences.hours import Duration
from sequences.schedule import hours_of


def begin(work: Work, forest: Forest, step: PlannedStep) -> int:
    """Those who have just reached it wait; for how many that is so. They all reached it now."""
    hours = hours_of(work.sequence)
    moment = hours.moved_inside(hours.moment_after(work.now, Duration(**step.settings["for"])))
    return forest.at(step).filter(is_waiting=False).update(is_waiting=True, due_at=moment)


def due(work: Work, forest: Forest, step: PlannedStep, number: int, *, is_first: bool) -> Due:
    """Those whose moment has come."""
    return Due(step, forest.at(step).filter(due_at__lte=work.now), number=number, is_new=True)
