"""A member's signature: HTML with placeholders. What a placeholder may be and how it looks is known a floor above."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

Fields = list[tuple[str, list[tuple[str, str]]]]
"""(record, [(path, label)]) that may be inserted."""


@dataclass(frozen=True)
class Reader:
    """How signatures are read. ``faults``: why one cannot be saved, in words; ``preview``: its clean HTML as
    a recipient sees it, for a sender of that name and address; ``fields``: what may be inserted."""

    faults: Callable[[str], Collection[str]]
    preview: Callable[[str, str, str], str]
    fields: Callable[[], Fields]


#: Set by the app that sends mails (``messaging.apps``).
reader = Reader(faults=lambda text: (), preview=lambda text, name, email: "", fields=list)


def register(found: Reader) -> None:
    """From now on signatures are read so."""
    global reader
    reader = found
