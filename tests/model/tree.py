"""Where a contact stands in a yes/no tree (5.1, 5.5-5.8, 5.14)."""

from __future__ import annotations

from datetime import datetime

from sequences.files.specs import StepSpec
from sequences.hours import WorkingHours
from tests.model.world import Mark, Stay, World

NOWHERE = StepSpec("", "nowhere")


def after(steps: tuple[StepSpec, ...], key: str, following: StepSpec | None = None) -> StepSpec | None:
    """The step after the one with this key, arms left out: its neighbour, or what follows its arm (5.1)."""
    for n, step in enumerate(steps):
        following_it = steps[n + 1] if n + 1 < len(steps) else following
        if step.key == key:
            return following_it
        for arm in (step.yes, step.no):
            found = after(arm, key, following_it)
            if found is not NOWHERE:
                return found
    return NOWHERE


def find(steps: tuple[StepSpec, ...], key: str) -> StepSpec | None:
    for step in steps:
        found = step if step.key == key else find(step.yes, key) or find(step.no, key)
        if found:
            return found
    return None


def land(stay: Stay, step: StepSpec | None) -> None:
    """Puts a contact before a step; one whose key has already run is passed over silently (5.14)."""
    while step is not None and (step.key in stay.marks or step.key in stay.passed):
        step = after(stay.plan, step.key)
    stay.step, stay.begun, stay.moment, stay.held, stay.tried_at = step, False, None, "", None


def go_on(stay: Stay) -> None:
    """Past the current step to what follows it."""
    assert stay.step is not None
    stay.passed.add(stay.step.key)
    land(stay, after(stay.plan, stay.step.key))


def branch(stay: Stay, answer: bool) -> None:
    """Into an arm, or past the condition where the arm is empty."""
    step = stay.step
    assert step is not None
    stay.passed.add(step.key)
    arm = step.yes if answer else step.no
    land(stay, arm[0] if arm else after(stay.plan, step.key))


def hours(stay: Stay) -> WorkingHours:
    schedule = stay.sequence.schedule
    assert isinstance(schedule, WorkingHours)
    return schedule


def asked_mark(stay: Stay) -> Mark | None:
    """What the step that the current condition is on did, where it did anything."""
    assert stay.step is not None
    return stay.marks.get(stay.step.options.get("of", ""))


def begin(stay: Stay, at: datetime) -> None:
    """When a wait or a limit is reached, its moment is set (5.6, 5.7). A moment once set only a pause moves."""
    step = stay.step
    if step is None or stay.begun:
        return
    stay.begun = True
    if step.kind == "wait":
        moment = hours(stay).moment_after(at, step.length("for"))
        stay.moment = hours(stay).moved_inside(moment)
    mark = asked_mark(stay) if step.kind == "condition" else None
    if mark and mark.sent_at and "event" in step.options:
        moment = hours(stay).moment_after(mark.sent_at, step.length("within"))
        stay.moment = hours(stay).moved_inside(moment)


def stop(stay: Stay, at: datetime) -> None:
    """A pause, of the contact or the sequence, begins; overlapping ones count once (5.13)."""
    if stay.stopped_since is None:
        stay.stopped_since = at


def start_again(world: World, stay: Stay, at: datetime) -> None:
    """Where no pause is left, the open moment moves by the length of the pause (5.13)."""
    if stay.is_stopped or stay.stopped_since is None:
        return
    if stay.moment is not None:
        stay.moment = hours(stay).moved_inside(stay.moment + (at - stay.stopped_since))
    stay.stopped_since = None


def move(stay: Stay, plan: tuple[StepSpec, ...]) -> None:
    """To a new plan, where the current step's key and kind exist there (5.14)."""
    new = find(plan, stay.step.key) if stay.step else None
    if stay.step and new and new.kind == stay.step.kind:
        stay.plan, stay.step = plan, new
