"""Which tests take longest, and that they begin first: a run of several processes ends when its last one does.

What is named here was over six seconds with three processes on two cores (``pytest --durations``). Each process begins
with some of them; the others follow in the order of their files, and who has no more takes from who has most.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, TypeVar

LONGEST = (
    "tests/journeys/test_main_job.py::test_a_rep_imports_writes_builds_and_activates_and_the_recipient_reacts",
    "tests/house/test_run.py::test_a_signal_ends_every_process_and_a_second_start_keeps_the_data",
    "tests/pages/test_looks_of_all_pages.py",
    "tests/pages/test_records_in_a_browser.py::test_axe_finds_nothing_and_nothing_runs_over_the_edge",
    "tests/pages/test_settings_in_a_browser.py::test_axe_finds_nothing_and_nothing_runs_over_the_edge",
    "tests/pages/sequences/test_in_a_browser.py::test_axe_finds_nothing_and_nothing_runs_over_the_edge",
    "tests/pages/sequences/test_safety_in_a_browser.py",
    "tests/kill/test_workers.py",
    "tests/journeys/test_lists_and_trees.py",
    "tests/journeys/test_views.py",
    "tests/journeys/test_import_wizard.py",
    "tests/pages/sequences/test_in_a_browser.py::test_a_sequence_is_built_activated_and_changed_by_hand",
    "tests/kill/test_crash_points.py",
    "tests/pages/test_walls_of_pages.py",
    "tests/pages/test_walls_of_records.py",
    "tests/pages/sequences/test_edits_in_a_browser.py",
    "tests/house/test_embedded.py",
    "tests/pages/sequences/test_double_adding.py",
    "tests/pages/sequences/test_zone_of_the_browser.py",
)


class Named(Protocol):
    """A test as pytest collects it."""

    nodeid: str


Item = TypeVar("Item", bound=Named)


def dealt(items: Sequence[Item], processes: int) -> list[Item]:
    """The tests in the order in which they are given to so many processes, each taking as long a piece of it."""
    long = sorted((item for item in items if _place(item) < len(LONGEST)), key=_place)
    rest = [item for item in items if _place(item) == len(LONGEST)]
    found: list[Item] = []
    for n in range(processes):
        first = long[n::processes]
        size = (len(items) - len(found)) // (processes - n)
        follow = max(size - len(first), 0)
        found += [*first, *rest[:follow]]
        del rest[:follow]
    return [*found, *rest]


def _place(item: Named) -> int:
    """Its place among the longest, or behind them."""
    return next((n for n, name in enumerate(LONGEST) if item.nodeid.startswith(name)), len(LONGEST))
