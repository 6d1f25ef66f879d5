"""A fault in what somebody wrote: where, and why. Pure."""

from __future__ import annotations

from dataclasses import dataclass

Place = tuple[str | int, ...]
"""Keys and (zero-based) indexes that lead to a value in a document, from its outermost."""


@dataclass(frozen=True)
class Fault:
    """One thing that cannot be taken, at its place, with a reason fit for a person."""

    place: Place
    reason: str

    @property
    def where(self) -> str:
        """The place as a person reads it: ``steps.bump.conditions[1].op``, items counted from 1."""
        return spelled(self.place)

    def __str__(self) -> str:
        return f"{self.where}: {self.reason}"


def spelled(place: Place) -> str:
    """``("steps", "bump", "conditions", 0, "op")`` → ``steps.bump.conditions[1].op``."""
    text = ""
    for part in place:
        text += f"[{part + 1}]" if isinstance(part, int) else f".{part}" if text else str(part)
    return text
