"""The tests catch deliberate faults, and the list of these fits the product as it is."""

from __future__ import annotations

import pytest

from tests.mutation.faults import FAULTS, Fault
from tests.mutation.trying import ROOT, faulty, tried

EACH = pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)


@EACH
def test_a_fault_fits_the_source_once(fault: Fault) -> None:
    assert fault.old != fault.new
    compile(faulty(fault), fault.file, "exec")


@EACH
def test_the_tests_that_are_to_catch_a_fault_are_there(fault: Fault) -> None:
    for named in (fault.first, *fault.tests):
        path, _, example = named.partition("[")
        assert (ROOT / path.partition("::")[0]).exists()
        if "test_scenarios.py" in path:
            assert (ROOT / "tests/scenarios" / f"{example.removesuffix(']')}.yaml").exists()


def test_there_are_at_least_ten_and_no_two_alike() -> None:
    assert (
        len({fault.name for fault in FAULTS}) == len({(f.file, f.new) for f in FAULTS}) == len(FAULTS) >= 10
    )


@pytest.mark.slow
@pytest.mark.timeout(2000)
@EACH
def test_a_fault_is_caught(fault: Fault) -> None:
    found = tried(fault)
    assert found.by, f"{fault.why}, and no test says so:\n{found.said}"
