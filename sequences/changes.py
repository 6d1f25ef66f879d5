"""What one plan changes against another, of every kind of sequence, and whom that touches (semantics 2.38). Pure.

The one difference of the product: the editor, the page before publishing, the versions and the audit log all tell this.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from steps.models import Step
from steps.titles import title_of

ADDED, REMOVED, MOVED, CHANGED = "added", "removed", "moved", "changed"
SWITCHED_ON, SWITCHED_OFF = "switched_on", "switched_off"
OF_ITS_KIND = "settings."


@dataclass(frozen=True)
class Place:
    """Where a step stands: on its day or in an arm of a condition, after the step of a key ("": it is the first)."""

    day: int | None = None
    parent: str = ""
    arm: str = ""
    after: str = ""

    @property
    def group(self) -> tuple[int, str, str]:
        """The day or arm."""
        return self.day or 0, self.parent, self.arm


@dataclass(frozen=True)
class Change:
    """One step that differs. ``step`` is what it is afterwards, of a removed one what it was; ``was``: before.

    ``verb`` is the one that says most; ``names`` are all the settings that differ, those of its kind with their prefix.
    """

    verb: str
    key: str
    step: Step
    place: Place
    was: Step | None = None
    place_before: Place | None = None
    names: tuple[str, ...] = ()

    @property
    def day(self) -> int | None:
        """Where it stands afterwards, of a removed one where it stood."""
        return self.place.day

    @property
    def day_before(self) -> int | None:
        return self.place_before.day if self.place_before else None

    @property
    def is_moved(self) -> bool:
        """Whether it has another day, arm or place, whatever else became of it."""
        return self.verb == MOVED or bool(self.place_before and self.place_before.group != self.place.group)

    @property
    def title(self) -> str:
        """What the step is called."""
        return title_of(self.step)


def changes_between(old: Iterable[Step], new: Iterable[Step]) -> list[Change]:
    """The steps added, removed, moved or changed, as they stand in the new plan. Same key, same step."""
    before, after = _by_key(old), _by_key(new)
    stood, stands = places_of(before.values()), places_of(after.values())
    turned = _turned(stood, stands)
    found = [
        _change(before.get(key), step, stood.get(key), stands[key], key in turned)
        for key, step in after.items()
    ]
    removed = [
        Change(REMOVED, key, step, stood[key], step) for key, step in before.items() if key not in after
    ]
    kept = [change for change in found if change is not None] + removed
    return sorted(kept, key=lambda change: (change.day or 0, change.step.position))


def values_of(step: Step) -> dict[str, Any]:
    """What is set of a step, each setting of its kind by itself; two steps with equal values do the same."""
    match = step.match if len(step.conditions) > 1 else "all"
    named = {"kind": step.kind, "name": step.name, "template": step.template_id}
    of_its_kind = {f"{OF_ITS_KIND}{name}": value for name, value in step.settings.items()}
    return named | {"conditions": (match, step.conditions)} | of_its_kind


def places_of(steps: Iterable[Step]) -> dict[str, Place]:
    """Key → where the step stands, for the steps of one plan in their order."""
    listed = list(steps)
    keys = {step.pk: step.key for step in listed}
    last: dict[tuple[int, str, str], str] = {}
    found = {}
    for step in listed:
        parent = keys.get(step.parent_id, "") if step.parent_id else ""
        place = Place(step.day, parent, step.arm if parent else "")
        found[step.key] = replace(place, after=last.get(place.group, ""))
        last[place.group] = step.key
    return found


def _by_key(steps: Iterable[Step]) -> dict[str, Step]:
    found = sorted(steps, key=lambda step: (step.day or 0, step.position))
    return {step.key: step for step in found}


def _turned(stood: Mapping[str, Place], stands: Mapping[str, Place]) -> set[str]:
    """The fewest keys that stayed on their day or in their arm and changed places there."""
    rank = {key: number for number, key in enumerate(stood)}
    groups: dict[tuple[int, str, str], list[str]] = {}
    for key, place in stands.items():
        if key in stood and stood[key].group == place.group:
            groups.setdefault(place.group, []).append(key)
    return {key for keys in groups.values() for key in set(keys) - _in_order(keys, rank)}


def _in_order(keys: list[str], rank: Mapping[str, int]) -> set[str]:
    """As many of the keys as possible whose ranks rise."""
    ends: list[int] = []
    best: list[list[str]] = []
    for key in keys:
        at = bisect_left(ends, rank[key])
        chain = [*(best[at - 1] if at else []), key]
        ends[at : at + 1], best[at : at + 1] = [rank[key]], [chain]
    return set(best[-1]) if best else set()


def _change(
    was: Step | None, step: Step, stood: Place | None, stands: Place, is_turned: bool
) -> Change | None:
    if was is None or stood is None:
        return Change(ADDED, step.key, step, stands)
    old, new = values_of(was), values_of(step)
    names = tuple(name for name in old | new if old.get(name) != new.get(name))
    verb = ""
    if was.is_off != step.is_off:
        verb = SWITCHED_OFF if step.is_off else SWITCHED_ON
    elif stood.group != stands.group:
        verb = MOVED
    elif names:
        verb = CHANGED
    elif is_turned:
        verb = MOVED
    return Change(verb, step.key, step, stands, was, stood, names) if verb else None


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
