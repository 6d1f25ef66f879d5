"""The protocol keeps its promises under any order of faults; its mutants do not (reliability §8.1, §8.2)."""

from __future__ import annotations

import itertools

import pytest

from tests.pure.protocol.memory import MUTANTS, NAIVE, MarkBeforeSend, MemStore, kinds
from tests.pure.protocol.model import World

SCHEDULES = 500
WITHIN = 2_000


def test_no_message_twice_none_after_a_stop_none_lost_none_stuck() -> None:
    for seed in range(SCHEDULES):
        faults = World(MemStore(), seed).live().faults()
        assert not faults, f"schedule {seed}: {faults}"


@pytest.mark.slow
def test_ten_thousand_schedules() -> None:
    for seed in range(10_000):
        faults = World(MemStore(), seed).live().faults()
        assert not faults, f"schedule {seed}: {faults}"


def test_a_schedule_can_be_played_again() -> None:
    one, two = (World(MemStore(), 7).live() for _ in range(2))
    assert one.store.states() == two.store.states()
    assert one.server.accepted == two.server.accepted


@pytest.mark.parametrize("mutant", MUTANTS)
def test_a_mutant_of_the_table_is_caught(mutant: type[MemStore]) -> None:
    assert first_caught(mutant, "unknown") is not None


def test_that_a_lost_answer_to_the_dot_is_retried_is_caught() -> None:
    assert first_caught(MemStore, "again") is not None


@pytest.mark.parametrize("naive", NAIVE)
def test_a_naive_protocol_sends_twice(naive: type[MemStore]) -> None:
    found = [kinds(World(naive(), seed).live().faults())["I1"] for seed in range(20)]
    assert sum(found) > 0


def test_marking_before_sending_loses_silently() -> None:
    found = [kinds(World(MarkBeforeSend(), seed).live().faults())["I3"] for seed in range(20)]
    assert sum(found) > 0


def first_caught(store: type[MemStore], lost_is: str) -> int | None:
    seeds = itertools.islice(itertools.count(), WITHIN)
    return next((seed for seed in seeds if World(store(), seed, lost_is).live().faults()), None)
