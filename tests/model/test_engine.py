"""The engine does as the naive model does, whatever the file says."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings

from sequences import trace
from sequences.files.scenario import read_scenario
from sequences.simulate.life import simulate
from tests.model.generate import EVERY_KIND, EVERY_STEP, file_of_seed, scenario_files
from tests.model.shrink import smallest
from tests.model.simulate import simulate_naively

FEW, CHUNK = 200, 8
"""Files of each run of the suite, and how many of them one test takes: chunks share out well among processes."""

MANY, SLOW_CHUNK = 2_000, 50
"""The same of the slow tests: larger files, other seeds."""


def differing(text: str) -> list[tuple[str, str]]:
    """The lines in which engine and model differ: "-" is the model’s, "+" the engine’s."""
    scenario = read_scenario(text, file="drawn")
    found = trace.lines(simulate(scenario), named=len(scenario.sequences) > 1)
    return trace.differences(simulate_naively(scenario), found)


@pytest.mark.parametrize("first", range(0, FEW, CHUNK))
def test_the_engine_does_as_the_model(db: None, first: int) -> None:
    check(range(first, first + CHUNK), is_small=True)


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("first", range(FEW, FEW + MANY, SLOW_CHUNK))
def test_the_engine_does_as_the_model_with_many_large_files(db: None, first: int) -> None:
    check(range(first, first + SLOW_CHUNK), is_small=False)


@pytest.mark.slow
@pytest.mark.timeout(3600)
@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(text=scenario_files(EVERY_KIND, EVERY_STEP))
def test_the_engine_does_as_the_model_with_what_hypothesis_draws(db: None, text: str) -> None:
    assert differing(text) == []


def check(seeds: range, *, is_small: bool) -> None:
    """Says the smallest file that still differs, where one does."""
    for seed in seeds:
        text = file_of_seed(seed, is_small=is_small)
        if differing(text):
            small = smallest(text, lambda one: bool(differing(one)))
            pytest.fail(f"seed {seed}: {differing(small)}\n{small}")
