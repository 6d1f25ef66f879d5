"""The steps that are still to come for a stay: when, and which of them its next run decides."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import dropwhile

from sequences.calendar import Occurrence
from sequences.engine.adaptive.tree import tree_at
from sequences.enrollment import last_ordinal
from sequences.explain.coming import Pending, moment_on_a_path
from sequences.models import Enrollment
from sequences.reading.figures import days_behind
from sequences.reading.people import due_at, enough
from steps.models import Step


@dataclass(frozen=True)
class Ahead:
    """Key of each step to come → when it is due, None where nobody can say.

    ``run_at``: when the engine decides next about this stay; None while nothing is to come, they are paused by hand, or
    a person has to do something first. ``candidates``: the steps that are looked at then.
    """

    dates: dict[str, datetime | None] = field(default_factory=dict)
    run_at: datetime | None = None
    candidates: tuple[str, ...] = ()


def ahead_of(
    stay: Enrollment,
    open_steps: list[Step],
    *,
    now: datetime,
    runs: Iterator[Occurrence],
    pending: Pending | None = None,
) -> Ahead:
    """What is to come of the steps that a stay has not had, if nothing is held or missed.

    ``runs``: those to come of a sequence that runs by its calendar. ``pending``: the condition on a mail before which
    they stand in a tree.
    """
    if not open_steps:
        return Ahead()
    if stay.sequence.kind == "adaptive":
        return _on_a_path(stay, open_steps, now, pending)
    return (
        _by_day(stay, open_steps, runs)
        if stay.sequence.kind == "classic"
        else _one_a_run(stay, open_steps, runs)
    )


def _by_day(stay: Enrollment, open_steps: list[Step], runs_ahead: Iterable[Occurrence]) -> Ahead:
    """Classic: each on its day; those of the first day to come are decided together (semantics 3.3)."""
    behind = days_behind(stay.day1_run, stay.paused_after, last_ordinal(stay.sequence_id))
    days = {step.key: step.day or 0 for step in open_steps if (step.day or 0) > behind}
    if not days:
        return Ahead()
    runs = enough(runs_ahead, stay.resume_on or date.min, max(days.values()) + 1)
    dates = {step.key: due_at(stay, step, behind, runs) for step in open_steps if step.key in days}
    first = tuple(key for key, day in days.items() if day == min(days.values()))
    at = dates[first[0]]
    return Ahead(dates, at, first if at else ())


def _one_a_run(stay: Enrollment, open_steps: list[Step], runs_ahead: Iterable[Occurrence]) -> Ahead:
    """Smart: the next run takes the first that matches; when the others come, nobody can say (semantics 4.2)."""
    is_paused, back = stay.state == Enrollment.PAUSED, stay.resume_on
    runs = (
        ()
        if is_paused and back is None
        else dropwhile(lambda run: back is not None and run.day < back, runs_ahead)
    )
    at = next((run.at for run in runs), None)
    keys = tuple(step.key for step in open_steps)
    return Ahead(dict.fromkeys(keys), at, keys)


def _on_a_path(stay: Enrollment, open_steps: list[Step], now: datetime, pending: Pending | None) -> Ahead:
    """Adaptive: the step before which they stand, at its moment, else as soon as the hours are open (semantics 5.3)."""
    dates: dict[str, datetime | None] = dict.fromkeys(step.key for step in open_steps)
    if stay.step_key not in dates:
        return Ahead(dates)
    at = moment_on_a_path(stay, now=now, pending=pending)
    dates[stay.step_key] = at
    return Ahead(dates, at, (stay.step_key,))


def past_a_wait(ahead: Ahead, stay: Enrollment, open_steps: Collection[Step]) -> Ahead:
    """What follows a wait that is over is decided at the same instant, unless it begins to wait itself."""
    by_key = {step.key: step for step in open_steps}
    here = by_key.get(stay.step_key or "")
    if here is None or here.kind != "wait" or ahead.run_at is None:
        return ahead
    after = tree_at(here.plan_id).after
    key = after[here.key]
    while key and key not in by_key:
        key = after[key]
    if not key or by_key[key].kind == "wait" or "event" in by_key[key].settings:
        return ahead
    return Ahead({**ahead.dates, key: ahead.run_at}, ahead.run_at, (*ahead.candidates, key))


def ahead_on_path(stay: Enrollment, steps: list[Step]) -> set[str] | None:
    """The keys that a stay in a tree may still come to, from where it stands; None of other kinds, where all may."""
    if stay.sequence.kind != "adaptive" or stay.step_key is None or not steps:
        return None
    tree, found, todo = tree_at(steps[0].plan_id), set[str](), [stay.step_key]
    while todo:
        key = todo.pop()
        if key and key not in found:
            found.add(key)
            todo += [tree.after[key], tree.yes[key], tree.no[key]] if key in tree.after else []
    return found
