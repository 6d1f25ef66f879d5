"""The engine does as the naive model does, whatever the file says."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from sequences import trace
from sequences.files.scenario import read_scenario
from sequences.simulate.life import simulate
from tests.model.generate import CLASSIC, EVERY_KIND, EVERY_STEP, FIRST_STEPS, file_of_seed, scenario_files
from tests.model.shrink import smallest
from tests.model.simulate import simulate_naively

FREELY = {"deadline": None, "suppress_health_check": list(HealthCheck)}


def differing(text: str) -> list[tuple[str, str]]:
    """The lines in which engine and model differ: "-" is the model’s, "+" the engine’s."""
    scenario = read_scenario(text, file="drawn")
    found = trace.lines(simulate(scenario), named=len(scenario.sequences) > 1)
    return trace.differences(simulate_naively(scenario), found)


@settings(max_examples=10, derandomize=True, phases=[Phase.generate], **FREELY)
@given(text=scenario_files(CLASSIC, FIRST_STEPS))
def test_the_engine_does_as_the_model(db: None, text: str) -> None:
    assert differing(text) == []


@pytest.mark.parametrize("seed", range(6))
def test_the_engine_does_as_the_model_with_every_step(db: None, seed: int) -> None:
    check_seed(seed)


@pytest.mark.slow
@pytest.mark.timeout(3600)
@settings(max_examples=300, **FREELY)
@given(text=scenario_files(EVERY_KIND, EVERY_STEP))
def test_the_engine_does_as_the_model_for_long(db: None, text: str) -> None:
    assert differing(text) == []


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_the_engine_does_as_the_model_for_many_seeds(db: None) -> None:
    for seed in range(6, 600):
        check_seed(seed)


def check_seed(seed: int) -> None:
    """Says the smallest file that still differs, where one does."""
    text = file_of_seed(seed, EVERY_KIND, EVERY_STEP)
    if differing(text):
        small = smallest(text, lambda one: bool(differing(one)))
        pytest.fail(f"seed {seed}: {differing(small)}\n{small}")
