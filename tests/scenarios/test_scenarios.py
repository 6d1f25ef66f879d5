"""Every scenario file lives through the real engine and comes out as it expects (semantics 6.1)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sequences.files.scenario import read_scenario
from sequences.simulate.life import simulate
from sequences.trace import differences, lines

HERE = Path(__file__).parent
FILES = sorted(HERE.glob("*.yaml"))
LONG = {"62-twenty-five-steps-in-ninety-days"}


def each() -> list[Any]:
    """Every file; those that live long are left to the slow tests."""
    return [
        pytest.param(path, id=path.stem, marks=[pytest.mark.slow] if path.stem in LONG else [])
        for path in FILES
    ]


@pytest.mark.parametrize("path", each())
def test_the_file_comes_out_as_it_expects(path: Path, db: None) -> None:
    scenario = read_scenario(path.read_text(), file=path.name)
    assert scenario.expect is not None
    printed = lines(simulate(scenario), named=len(scenario.sequences) > 1)
    assert [f"{sign} {line}" for sign, line in differences(scenario.expect, printed)] == []
