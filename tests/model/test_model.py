"""The naive model lives through every scenario as the file says."""

from __future__ import annotations

from pathlib import Path

import pytest

from sequences import trace
from sequences.files.scenario import read_scenario
from tests.model.simulate import simulate_naively

SCENARIOS = sorted((Path(__file__).parents[1] / "scenarios").glob("*.yaml"))


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.stem)
def test_the_model_agrees_with_the_scenario(path):
    scenario = read_scenario(path.read_text(), file=path.name)
    assert scenario.expect is not None
    found = simulate_naively(scenario)
    assert trace.differences(scenario.expect, found) == []
