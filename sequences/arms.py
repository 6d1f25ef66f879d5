"""The order of steps where no day says it: a list (smart, semantics 4.2), or the arms of a tree (adaptive, 5.1)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from sequences.refusals import Refused
from steps.models import Step

START, END, AFTER, YES, NO = "start", "end", "after", "yes", "no"
ARMS = (YES, NO)
MEANWHILE = "The place of this step is gone: somebody changed the plan meanwhile. Choose another."


@dataclass(frozen=True)
class Spot:
    """A place in the order: the start or end of the plan, after a step, or the start of an arm of a condition.

    After a condition means after both its arms. Addresses and forms write it ``after:intro``, ``yes:seen``, ``start``.
    """

    side: str = END
    key: str = ""

    @classmethod
    def read(cls, text: str) -> Spot:
        """What an address says; of nonsense the end."""
        side, _, key = text.partition(":")
        if side in (AFTER, *ARMS) and key:
            return cls(side, key)
        return cls(START) if text == START else cls()

    def __str__(self) -> str:
        return f"{self.side}:{self.key}" if self.key else self.side


class Arms:
    """The steps of a plan in their arms. What is changed here is kept by ``save``."""

    def __init__(self, steps: Iterable[Step]) -> None:
        self._of: dict[tuple[int | None, str], list[Step]] = defaultdict(list)
        self._by_key: dict[str, Step] = {}
        self._by_id: dict[int, Step] = {}
        for step in sorted(steps, key=lambda step: (step.position, step.pk or 0)):
            self._of[_arm_of(step)].append(step)
            self._by_key[step.key] = self._by_id[step.pk] = step

    def step(self, key: str) -> Step | None:
        return self._by_key.get(key)

    def arm(self, parent: Step | None, arm: str = "") -> list[Step]:
        """The steps of an arm, or of the trunk, in their order."""
        return self._of[(parent.pk if parent else None, arm if parent else "")]

    def beside(self, step: Step) -> list[Step]:
        """The steps of the arm in which it stands, itself among them."""
        return self._of[_arm_of(step)]

    def parent(self, step: Step) -> Step | None:
        """The condition in whose arm it stands."""
        return self._by_id.get(step.parent_id or 0)

    def below(self, step: Step) -> list[Step]:
        """Every step of its arms, in the order of reading."""
        return [
            one for arm in ARMS for child in self._of[(step.pk, arm)] for one in (child, *self.below(child))
        ]

    def insert(self, step: Step, spot: Spot) -> None:
        """Put a stored step, with what stands in its arms, at a place. Raises Refused where that is gone."""
        there, place = self._found(spot)
        if spot.key and spot.side != AFTER:
            step.parent, step.arm = self._by_key[spot.key], spot.side
        elif spot.key:
            beside = self._by_key[spot.key]
            step.parent, step.arm = self.parent(beside), beside.arm if beside.parent_id else ""
        else:
            step.parent, step.arm = None, ""
        there.insert(place, step)
        self._by_key[step.key] = self._by_id[step.pk] = step

    def take(self, step: Step) -> None:
        """Take a step out of its arm; what stands in its own arms stays with it."""
        self.beside(step).remove(step)
        del self._by_key[step.key], self._by_id[step.pk]

    def reading(self) -> Iterator[Step]:
        """All steps in the order of reading: a condition, its yes arm, its no arm, what follows."""
        for step in self._of[(None, "")]:
            yield step
            yield from self.below(step)

    def save(self) -> None:
        """Positions 1, 2, 3 … in the order of reading, and save."""
        for number, step in enumerate(self.reading(), 1):
            step.position = number
            step.save()

    def _found(self, spot: Spot) -> tuple[list[Step], int]:
        if not spot.key:
            trunk = self._of[(None, "")]
            return trunk, 0 if spot.side == START else len(trunk)
        named = self._by_key.get(spot.key)
        if named is None or (spot.side in ARMS and named.kind != "condition"):
            raise Refused(MEANWHILE)
        if spot.side in ARMS:
            return self._of[(named.pk, spot.side)], 0
        beside = self.beside(named)
        return beside, beside.index(named) + 1


def _arm_of(step: Step) -> tuple[int | None, str]:
    return step.parent_id, step.arm if step.parent_id else ""
