"""The naive model lives through every scenario as the file says."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from sequences import trace
from sequences.files.scenario import read_scenario
from tests.model.generate import EVERY_KIND, EVERY_STEP, scenario_files
from tests.model.laws import check_laws
from tests.model.shrink import smallest
from tests.model.simulate import simulate, simulate_naively

SCENARIOS = sorted((Path(__file__).parents[1] / "scenarios").glob("*.yaml"))


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.stem)
def test_the_model_agrees_with_the_scenario(path):
    scenario = read_scenario(path.read_text(), file=path.name)
    assert scenario.expect is not None
    found = simulate_naively(scenario)
    assert trace.differences(scenario.expect, found) == []


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(scenario_files(EVERY_KIND, EVERY_STEP))
def test_what_is_drawn_is_valid_and_lived_through_by_the_laws_of_every_stay(text):
    scenario = read_scenario(text, file="drawn")
    check_laws(scenario, simulate(scenario).trace)


def test_a_file_that_fails_is_made_small():
    def fails(text: str) -> bool:
        return any("unsubscribed" in line for line in simulate_naively(read_scenario(text, file="drawn")))

    unsubscribing = next(path for path in SCENARIOS if path.stem == "05-unsubscribe").read_text()
    small = smallest(unsubscribing, fails)
    assert fails(small)
    assert "ben" not in small and "expect" not in small and len(small.splitlines()) < 20
