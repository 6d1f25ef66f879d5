"""Where templates are used: a question that the floor of sequences answers."""

from __future__ import annotations

from collections.abc import Callable, Collection

Uses = Callable[[Collection[int]], dict[int, int]]

_answer: Uses | None = None


def register(answer: Uses) -> None:
    """Whoever knows (sequences.apps): ids of templates → in how many sequences each is used now."""
    global _answer
    _answer = answer


def uses_of(templates: Collection[int]) -> dict[int, int]:
    """In how many sequences each template is used now; those used nowhere are left out."""
    return _answer(templates) if _answer and templates else {}
