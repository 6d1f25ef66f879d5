"""What a draft changes against the plan that holds, and whom that touches (semantics 2.38)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from steps.models import Step
from steps.titles import title_of

ADDED, REMOVED, MOVED, CHANGED = "added", "removed", "moved", "changed"
SWITCHED_ON, SWITCHED_OFF = "switched_on", "switched_off"
SAID = ("kind", "name", "match", "conditions", "template_id", "settings")


@dataclass(frozen=True)
class Change:
    """One step that differs. ``day`` is where it stands afterwards, of a removed one where it stood."""

    verb: str
    key: str
    step: Step
    day: int | None
    day_before: int | None = None

    @property
    def title(self) -> str:
        """What the step is called."""
        return title_of(self.step)


def changes_between(old: Iterable[Step], new: Iterable[Step]) -> list[Change]:
    """The steps added, removed, moved to another day or changed, in the order of the days. Same key, same step."""
    before = {step.key: step for step in old}
    after = {step.key: step for step in new}
    turned = _turned(before, after)
    found = [_change(before.get(key), step, key in turned) for key, step in after.items()]
    removed = [Change(REMOVED, key, step, step.day) for key, step in before.items() if key not in after]
    kept = [change for change in found if change is not None] + removed
    return sorted(kept, key=lambda change: (change.day or 0, change.step.position))


def _turned(before: Mapping[str, Step], after: Mapping[str, Step]) -> set[str]:
    """The keys that stayed on their day and have another place among those that did."""
    stayed = {key for key, step in after.items() if key in before and before[key].day == step.day}
    old = [key for key in _in_order(before) if key in stayed]
    new = [key for key in _in_order(after) if key in stayed]
    return {key for key, other in zip(new, old, strict=True) if key != other}


def _in_order(steps: Mapping[str, Step]) -> list[str]:
    return sorted(steps, key=lambda key: (steps[key].day or 0, steps[key].position))


def _change(was: Step | None, step: Step, is_turned: bool) -> Change | None:
    if was is None:
        return Change(ADDED, step.key, step, step.day)
    if was.is_off != step.is_off:
        return Change(SWITCHED_OFF if step.is_off else SWITCHED_ON, step.key, step, step.day, was.day)
    if was.day != step.day:
        return Change(MOVED, step.key, step, step.day, was.day)
    if any(getattr(was, name) != getattr(step, name) for name in SAID):
        return Change(CHANGED, step.key, step, step.day)
    return Change(MOVED, step.key, step, step.day, was.day) if is_turned else None


@dataclass(frozen=True)
class Reach:
    """What a change means for those inside: how many will get the step, lose it, or are past it or had it."""

    get: int = 0
    lose: int = 0
    past: int = 0

    @property
    def inside(self) -> int:
        return self.get + self.lose + self.past


def reach(change: Change, left: Mapping[int, int], had: int = 0) -> Reach:
    """Whom a change reaches: ``had`` of those inside have had the step, so that nothing changes for them.

    ``left``: how many have not, by the days counted for them, since a step on a day that somebody has passed does not
    run for them (semantics 3.5). Where days do not matter (smart) none are counted.
    """
    is_on = not change.step.is_off
    will = is_on and change.verb != REMOVED
    would = change.verb == SWITCHED_OFF or (is_on and change.verb not in (ADDED, SWITCHED_ON))
    if not (will or would):
        return Reach()
    day, day_before = change.day or 1, change.day_before or change.day or 1
    found = Counter(past=had)
    for done, count in left.items():
        gets, got = will and done < day, would and done < day_before
        found["get" if gets else "lose" if got else "past"] += count
    return Reach(**found)
