"""Cells that a spreadsheet would calculate (R-079)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audience.formulas import guarded, unguarded


@pytest.mark.parametrize(
    "cell", ["=1+1", "+49 30", "-5", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "'=1", "''+1", '="x"']
)
def test_a_cell_that_would_be_calculated_gets_an_apostrophe(cell: str) -> None:
    assert guarded(cell) == f"'{cell}"


@pytest.mark.parametrize("cell", ["", "Ann", "'tis", "1=1", "''", " =1"])
def test_any_other_cell_stays_as_it_is(cell: str) -> None:
    assert guarded(cell) == cell == unguarded(cell)


@given(st.text(st.sampled_from("'=+-@\t\rx \n")))
def test_r_079_what_leaves_comes_back_as_it_was(cell: str) -> None:
    assert unguarded(guarded(cell)) == cell
