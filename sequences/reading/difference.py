"""What changed between two versions of a sequence, in words: its steps, setting by setting."""

from __future__ import annotations

from dataclasses import dataclass

from sequences.changes import ADDED, REMOVED, Change, changes_between
from sequences.reading.material import Material
from sequences.reading.trees import words_of
from sequences.reading.words import Was, in_words, label_of, place_in_words, settings_in_words


@dataclass(frozen=True)
class Difference:
    """A change with what there is to read of it. ``title`` may hold placeholders; ``place`` is where it stands."""

    change: Change
    title: str
    place: str
    rows: tuple[Was, ...]


def difference(before: Material, after: Material) -> list[Difference]:
    """Between two plans of one sequence, as a member may see them."""
    found = changes_between(before.steps, after.steps)
    return [_said(before, after, change) for change in found]


def _said(before: Material, after: Material, change: Change) -> Difference:
    stands_in = before if change.verb == REMOVED else after
    place = place_in_words(stands_in, change.place, with_neighbour=not change.day)
    rows = tuple(_rows(before, after, change))
    return Difference(change, words_of(stands_in, change.step), place, rows)


def _rows(before: Material, after: Material, change: Change) -> list[Was]:
    if change.verb == ADDED:
        return [(label, "", words) for label, words in settings_in_words(after, change.step)]
    if change.verb == REMOVED or change.was is None or change.place_before is None:
        return []
    rows = []
    if change.is_moved:
        is_same = change.place.group == change.place_before.group
        old, new = (
            place_in_words(material, place, with_neighbour=is_same or not place.day)
            for material, place in ((before, change.place_before), (after, change.place))
        )
        rows.append(("Place", old, new))
    for name in change.names:
        old, new = in_words(before, change.was, name), in_words(after, change.step, name)
        if old != new:
            rows.append((label_of(name), old, new))
    return rows
