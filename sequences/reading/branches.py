"""The steps of a smart or adaptive plan as their editor draws them: cards in their arms, and the places between."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from sequences.arms import AFTER, ARMS, Spot
from sequences.findings import Finding
from sequences.reading.material import Material
from sequences.reading.timeline import Card, Numbers, cards_of
from sequences.seen import mark_of_branch


@dataclass(frozen=True)
class Branch:
    """One step. ``seen``: the mark of it with its arms; ``after``: the place behind it."""

    card: Card
    yes: list[Branch] = field(default_factory=list)
    no: list[Branch] = field(default_factory=list)

    @property
    def is_fork(self) -> bool:
        return self.card.step.kind == "condition"

    @property
    def after(self) -> Spot:
        return Spot(AFTER, self.card.step.key)

    @property
    def arms(self) -> list[tuple[str, list[Branch], Spot]]:
        """Its arms, each with its name and the place at its start."""
        return [(name, getattr(self, name), Spot(name, self.card.step.key)) for name in ARMS]

    @property
    def below(self) -> Iterator[Branch]:
        """All that stands in its arms, in the order of reading."""
        for child in (*self.yes, *self.no):
            yield child
            yield from child.below

    @property
    def count(self) -> int:
        """How many steps stand in its arms."""
        return sum(1 for _ in self.below)

    @property
    def seen(self) -> str:
        return mark_of_branch(self.card.step, [one.card.step for one in self.below])


def branches_of(
    material: Material,
    *,
    findings: Iterable[Finding] = (),
    numbers: Mapping[str, Numbers] | None = None,
    open_key: str = "",
) -> list[Branch]:
    """The trunk of the plan that is edited, with what hangs on it."""
    cards = cards_of(material, findings=findings, numbers=numbers, open_key=open_key)
    return _arm(cards, None, "")


def branch_of(branches: Iterable[Branch], key: str) -> Branch | None:
    """The branch of a step."""
    for branch in branches:
        for one in (branch, *branch.below):
            if one.card.step.key == key:
                return one
    return None


def spots_of(branches: list[Branch], but: Branch | None = None) -> Iterator[tuple[Spot, int]]:
    """Every place in a tree in the order of reading, with how deep it lies; not those beneath ``but``."""
    yield Spot("start"), 0
    yield from _spots(branches, but, 0)


def _spots(branches: list[Branch], but: Branch | None, depth: int) -> Iterator[tuple[Spot, int]]:
    for branch in branches:
        if branch is but:
            continue
        if branch.is_fork:
            for _, inside, spot in branch.arms:
                yield spot, depth + 1
                yield from _spots(inside, but, depth + 1)
        yield branch.after, depth


def _arm(cards: list[Card], parent: int | None, arm: str) -> list[Branch]:
    return [
        Branch(card, *(_arm(cards, card.step.pk, name) for name in ARMS))
        for card in cards
        if card.step.parent_id == parent and (parent is None or card.step.arm == arm)
    ]
