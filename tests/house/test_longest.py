"""The longest tests begin first where several processes share the suite."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from config.embedded.services import CHECKOUT
from tests.longest import LONGEST, dealt


@dataclass
class Test:
    """A test by its name."""

    nodeid: str
    __test__ = False


def names(items: list[Test]) -> list[str]:
    return [item.nodeid for item in items]


@pytest.mark.parametrize("name", LONGEST)
def test_each_that_is_named_is_there(name: str) -> None:
    file, _, test = name.partition("::")
    text = (CHECKOUT / file).read_text(encoding="utf-8")
    assert f"def {test}(" in text if test else "def test_" in text


def test_each_process_begins_with_a_long_one_and_none_is_lost() -> None:
    short = [Test(f"tests/pure/test_x.py::test_{n}") for n in range(20)]
    long = [
        Test(f"{name}[{n}]" if "::" in name else f"{name}::test_{n}") for name in LONGEST[:4] for n in (1, 2)
    ]
    given = dealt([*short, *long], 3)
    assert sorted(names(given)) == sorted(names([*short, *long]))
    piece = len(given) // 3
    assert names(given)[:3] == [long[0].nodeid, long[3].nodeid, long[6].nodeid]
    assert given[piece] is long[1] and given[2 * piece] is long[2]
    assert names([one for one in given if one in short]) == names(short), "the others keep their order"


def test_fewer_tests_than_processes_are_dealt_too() -> None:
    few = [Test(LONGEST[1]), Test("tests/pure/test_x.py::test_y")]
    assert sorted(names(dealt(few, 5))) == sorted(names(few))
