"""Making a file that fails small, for files that came from a seed: what can be left out is left out."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from typing import Any

from sequences.files.document import read_document
from sequences.files.scenario import FaultyFile, read_scenario
from sequences.files.writing import dump


def smallest(text: str, fails: Callable[[str], bool]) -> str:
    """A file from which nothing more can be taken without being valid no more, or no more failing."""
    raw = read_document(text).value
    progress = True
    while progress:
        progress = False
        for path in reversed(list(removable(raw))):
            smaller = without(raw, path)
            if smaller is not None and is_valid(dump(smaller)) and fails(dump(smaller)):
                raw, progress = smaller, True
    return dump(raw)


def removable(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Places of everything that could be left out; from the last to the first, none moves another."""
    if isinstance(value, (dict, list)):
        pairs = list(value.items() if isinstance(value, dict) else enumerate(value))
        yield from ((*path, key) for key, _ in pairs)
        for key, item in pairs:
            yield from removable(item, (*path, key))


def without(raw: Any, path: tuple[Any, ...]) -> Any:
    """A copy without one place; None where an earlier removal took it already."""
    smaller = copy.deepcopy(raw)
    inside = smaller
    try:
        for key in path[:-1]:
            inside = inside[key]
        del inside[path[-1]]
    except (KeyError, IndexError, TypeError):
        return None
    return smaller


def is_valid(text: str) -> bool:
    try:
        read_scenario(text, file="shrunk")
    except FaultyFile:
        return False
    return True
