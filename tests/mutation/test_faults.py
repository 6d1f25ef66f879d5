"""The tests catch deliberate faults, and the list of these fits the engine as it is."""

from __future__ import annotations

import pytest

from tests.mutation.faults import FAULTS, Fault
from tests.mutation.trying import faulty, is_caught

EACH = pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)


@EACH
def test_a_fault_fits_the_source_once(fault: Fault) -> None:
    assert fault.old != fault.new
    compile(faulty(fault), fault.file, "exec")


def test_there_are_at_least_ten_and_no_two_alike() -> None:
    assert (
        len({fault.name for fault in FAULTS}) == len({(f.file, f.new) for f in FAULTS}) == len(FAULTS) >= 10
    )


@pytest.mark.slow
@pytest.mark.timeout(2000)
@EACH
def test_a_fault_is_caught(fault: Fault) -> None:
    caught, said = is_caught(fault)
    assert caught, f"{fault.why}, and no test says so:\n{said}"
