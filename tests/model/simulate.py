"""The clock: events and runs in their order, standstills, and the trace (2.3, 2.7, 6.8)."""

from __future__ import annotations

from datetime import datetime, timedelta

from sequences import trace
from sequences.calendar import Occurrence, Schedule, is_missed, next_run
from sequences.files.specs import Scenario, TimelineEvent
from tests.model import adaptive, days
from tests.model.events import happen
from tests.model.world import Sequence, World, build


def simulate_naively(scenario: Scenario) -> list[str]:
    """The lines of the trace of a scenario."""
    return trace.lines(simulate(scenario).trace, named=len(scenario.sequences) > 1)


def simulate(scenario: Scenario) -> World:
    """The world after a scenario has been lived through."""
    world = build(scenario)
    standstills = [(event.at, event.until) for event in scenario.timeline if event.do == "outage"]
    waiting = [event for event in scenario.timeline if event.do != "outage"]
    at: datetime | None = after_standstill(scenario.now, standstills)
    while at is not None and at <= scenario.until:
        miss(world, at)
        while waiting and after_standstill(waiting[0].at, standstills) <= at:
            happen(world, waiting.pop(0), at)
        work(world, at)
        at = next_instant(world, waiting, at, standstills)
    return world


def after_standstill(at: datetime, standstills: list[tuple[datetime, object]]) -> datetime:
    """When something that comes at ``at`` is taken in or done: at the end of an outage that it falls into (6.7)."""
    moved = True
    while moved:
        moved = False
        for start, end in standstills:
            assert isinstance(end, datetime)
            if start <= at < end:
                at, moved = end, True
    return at


def next_instant(
    world: World,
    waiting: list[TimelineEvent],
    at: datetime,
    standstills: list[tuple[datetime, object]],
) -> datetime | None:
    """The next instant at which anything may happen."""
    found = [event.at for event in waiting[:1]]
    for sequence in world.sequences:
        if sequence.asks_exits and sequence.is_adaptive:
            found += adaptive.moments(sequence, at)
        elif sequence.is_running:
            found.append(upcoming(sequence).at)
    later = [after_standstill(max(moment, at + timedelta(seconds=1)), standstills) for moment in found]
    return min(later, default=None)


def upcoming(sequence: Sequence) -> Occurrence:
    """The next scheduled run of a classic or smart sequence, which may lie in the past."""
    assert isinstance(sequence.schedule, Schedule) and sequence.since is not None
    return next_run(
        sequence.schedule,
        since=sequence.since,
        last_run_on=sequence.last_run_on,
        missed_on=sequence.missed_on,
    )


def miss(world: World, at: datetime) -> None:
    """Runs that are too late by now will never happen, whatever comes in meanwhile (2.7)."""
    for sequence in world.sequences:
        while sequence.is_running and not sequence.is_adaptive:
            run = upcoming(sequence)
            if run.at >= at or not is_missed(run.at, at, sequence.schedule.timezone):
                break
            sequence.missed_on.add(run.day)


def work(world: World, at: datetime) -> None:
    """Everything due, in the order of scheduled instants, then of creation (2.3); again while an advance wakes
    someone (5.4)."""
    done: set[int] = set()
    while (sequence := first_due(world, at, done)) is not None:
        done.add(sequence.order)
        if sequence.is_adaptive:
            adaptive.work(world, sequence, at, is_first=True)
        else:
            sequence.last_run_on = upcoming(sequence).day
            days.run(world, sequence, at)
    while woken := [one for one in world.sequences if one.is_running and works_at(one, at) and one.additions]:
        for sequence in woken:
            adaptive.work(world, sequence, at, is_first=False)


def first_due(world: World, at: datetime, done: set[int]) -> Sequence | None:
    """The sequence whose run comes first, of those that have not worked at this instant."""
    due: list[tuple[datetime, int, Sequence]] = []
    for sequence in world.sequences:
        if sequence.order in done:
            continue
        if works_at(sequence, at):
            due.append((at, sequence.order, sequence))
        elif sequence.is_running and not sequence.is_adaptive and upcoming(sequence).at <= at:
            due.append((upcoming(sequence).at, sequence.order, sequence))
    return min(due, key=lambda one: one[:2], default=(None, 0, None))[2]


def works_at(sequence: Sequence, at: datetime) -> bool:
    """Whether an adaptive sequence works at an instant: inside its hours."""
    return sequence.is_adaptive and sequence.asks_exits and adaptive.hours_of(sequence).are_open(at)
