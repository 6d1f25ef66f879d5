"""Where the choices of a drawn file come from: Hypothesis, which shrinks, or a seed, which spreads evenly."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random
from typing import Any, Protocol, TypeVar

from hypothesis import strategies as st

T = TypeVar("T")


class Source(Protocol):
    """Makes choices; the first of the possible ones is the simplest."""

    def pick(self, possible: Sequence[T]) -> T: ...

    def count(self, least: int, most: int) -> int: ...

    def shuffled(self, items: Sequence[T]) -> list[T]: ...


class Drawn:
    """Choices drawn by Hypothesis."""

    def __init__(self, draw: Callable[..., Any]) -> None:
        self.draw = draw

    def pick(self, possible: Sequence[T]) -> T:
        return self.draw(st.sampled_from(list(possible)))

    def count(self, least: int, most: int) -> int:
        return self.draw(st.integers(least, most))

    def shuffled(self, items: Sequence[T]) -> list[T]:
        return list(self.draw(st.permutations(items)))


class Seeded:
    """Choices of a random number generator."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)

    def pick(self, possible: Sequence[T]) -> T:
        return self.random.choice(list(possible))

    def count(self, least: int, most: int) -> int:
        return self.random.randint(least, most)

    def shuffled(self, items: Sequence[T]) -> list[T]:
        return self.random.sample(list(items), len(items))


class Chooser:
    """The base of what draws: shorthands over a source."""

    def __init__(self, source: Source) -> None:
        self.source = source

    def pick(self, possible: Sequence[T]) -> T:
        return self.source.pick(possible)

    def one_in(self, n: int) -> bool:
        """True once in n times."""
        return self.source.count(1, n) == n

    def coin(self) -> bool:
        return self.source.pick([False, True])

    def some(self, possible: Sequence[T], least: int, most: int) -> list[T]:
        """A few different ones."""
        return self.source.shuffled(possible)[: self.source.count(least, most)]
