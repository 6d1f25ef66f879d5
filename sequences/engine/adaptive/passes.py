"""Passes: everyone whose turn it is does one step, until nothing moves (semantics 5.4)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import datetime
from types import ModuleType

from django.db.models import Q
from django.db.models.expressions import RawSQL

from sequences import agenda, enrollment
from sequences.engine import results
from sequences.engine.adaptive import advances, conditions, path, updates, waits
from sequences.engine.adaptive.census import Census, census
from sequences.engine.adaptive.forest import Forest, in_turn
from sequences.engine.adaptive.tree import END
from sequences.engine.due import PlannedStep, Work
from sequences.engine.exits import exit_question
from sequences.engine.planning import MANY, as_sets
from sequences.engine.results import Tally
from sequences.engine.scratch import prepare
from sequences.engine.sql import Sql, compiled, execute
from sequences.engine.verdicts import Due, decide

KINDS: dict[str, ModuleType] = {
    "wait": waits,
    "condition": conditions,
    "update_field": updates,
    "advance": advances,
}
"""What differs between the kinds of steps that only trees have: for whom it is time, and what is done."""

EXITING: Sql = ("SELECT enrollment_id FROM engine_exiting", ())

Deliver = Callable[[datetime], object]
"""What becomes of the messages of a pass before the next one: nothing, or in a simulation they are sent."""


@dataclass
class Done:
    """What the passes of one instant did; ``has_moved`` also where a wait or a limit only began."""

    tally: Tally = field(default_factory=Tally)
    exited: dict[str, int] = field(default_factory=dict)
    has_moved: bool = False

    @property
    def has_acted(self) -> bool:
        """Whether anything is to be told of it."""
        return bool(self.tally.executed or self.tally.skipped or self.tally.held or self.exited)

    def add(self, tally: Tally) -> None:
        self.tally.executed += tally.executed
        self.tally.skipped += tally.skipped
        self.tally.held += tally.held

    def left(self, reason: str, number: int) -> None:
        if number:
            self.exited[reason] = self.exited.get(reason, 0) + number
            self.has_moved = True


def go_through(
    work: Work,
    forest: Forest,
    seen: Census,
    *,
    with_held: bool,
    were_asked: bool,
    deliver: Deliver,
    begins: Callable[[], object],
) -> Done:
    """Passes until nothing moves. ``with_held``: the first one tries those again who are held (semantics 5.11).

    ``seen`` is who stands where at the beginning; ``begins`` is called before the first pass that does anything.
    ``were_asked``: everybody was asked the exit conditions just now, so that the first pass need not ask again.
    """
    done, is_first = Done(), True
    while True:
        if done.has_moved:
            agenda.answer_wakes(work.sequence.pk)
            seen = census(work.sequence, now=work.now)
            prepare("engine_verdict", "engine_held", "engine_exiting", "engine_begun")
        if seen.ended():
            done.left(enrollment.COMPLETED, path.complete(work.sequence, now=work.now))
        due = whose_turn(work, forest, seen, done, with_held=with_held and is_first, is_first=is_first)
        asked = were_asked and is_first
        if not due or not pass_once(work, forest, due, done, deliver, begins, were_asked=asked):
            return done
        is_first = False


def whose_turn(
    work: Work, forest: Forest, seen: Census, done: Done, *, with_held: bool, is_first: bool
) -> list[Due]:
    """Each step with those whose turn it is; waits and limits that are reached begin."""
    found = []
    for place, here in sorted(seen.places.items()):
        if place[1] == END:
            continue
        step, number = forest.steps[place], here.due(with_held=with_held)
        kind = KINDS.get(step.kind.name)
        with as_sets() if here.everyone >= MANY else nullcontext():
            if kind in (waits, conditions) and number:
                done.has_moved |= kind.begin(work, forest, step) > 0
        may_be_known = is_first and kind is conditions and here.everyone
        if number or may_be_known:
            found.append(_due(work, forest, step, here.everyone, with_held=with_held, is_first=is_first))
    return found


def _due(
    work: Work, forest: Forest, step: PlannedStep, number: int, *, with_held: bool, is_first: bool
) -> Due:
    kind = KINDS.get(step.kind.name)
    if kind is not None:
        return kind.due(work, forest, step, number, is_first=is_first)
    whose = forest.at(step).filter(in_turn(work.now, with_held=with_held))
    if step.kind.sends and work.sequence.exit_conditions:
        whose = whose.filter(~Q(pk__in=RawSQL(*EXITING)))
    return Due(step, whose, number=number, is_new=True)


def pass_once(
    work: Work,
    forest: Forest,
    due: Sequence[Due],
    done: Done,
    deliver: Deliver,
    begins: Callable[[], object],
    *,
    were_asked: bool,
) -> bool:
    """All is decided from the facts at the beginning, then done; whether anything was."""
    if not were_asked:
        note_exiting(work, [one for one in due if one.step.kind.sends])
    decide(work, due)
    if not execute("SELECT FROM engine_verdict UNION ALL SELECT FROM engine_exiting LIMIT 1"):
        return False
    begins()
    done.left(
        enrollment.CONDITION,
        enrollment.leave(work.sequence, EXITING, reason=enrollment.CONDITION, now=work.now),
    )
    enrollment.keep_held_in_tree(work.sequence, now=work.now)
    tally = results.count()
    results.make(work, tally)
    running = [step for step in work.steps if tally.executed[step.number]]
    updates.write(work, [step for step in running if step.kind.name == "update_field"])
    done.left(enrollment.ADVANCED, advances.hand_over(work, [s for s in running if s.kind.name == "advance"]))
    with as_sets() if len_of(tally) >= MANY else nullcontext():
        path.go_on(work, forest)
    done.add(tally)
    done.has_moved = True
    deliver(work.now)
    return True


def len_of(tally: Tally) -> int:
    """For how many people something was done."""
    return tally.executed.total() + tally.skipped.total()


def note_exiting(work: Work, sending: Sequence[Due]) -> None:
    """Exit conditions are asked of everyone whose due step is an automatic message (semantics 2.18, 5.11)."""
    if not sending or not work.sequence.exit_conditions:
        return
    asked = exit_question(work)
    for due in sending:
        with as_sets() if due.number >= MANY else nullcontext():
            leaving = asked.joined(due.stays, work.questions.aliases).filter(asked.q)
            sql, params = compiled(leaving.values("pk"))
            execute(f"INSERT INTO engine_exiting {sql}", params)
