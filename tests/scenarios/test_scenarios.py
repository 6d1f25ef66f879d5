"""Every scenario file lives through the real engine and comes out as it expects (semantics 6.1)."""

from __future__ import annotations

from pathlib import Path

import pytest

from sequences.files.scenario import read_scenario
from sequences.simulate.life import simulate
from sequences.trace import differences, lines

HERE = Path(__file__).parent
FILES = sorted(HERE.glob("*.yaml"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_file_comes_out_as_it_expects(path: Path, db: None) -> None:
    scenario = read_scenario(path.read_text(), file=path.name)
    assert scenario.expect is not None
    printed = lines(simulate(scenario), named=len(scenario.sequences) > 1)
    assert [f"{sign} {line}" for sign, line in differences(scenario.expect, printed)] == []
