"""Measuring side by side, and the file of results (interface.md: bench/results.json)."""

from __future__ import annotations

import json
import platform
import statistics
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

RESULTS = Path(__file__).with_name("results.json")


@dataclass
class Figure:
    """One line of the results. Without a floor the floor is 1 and the ratio the value."""

    name: str
    value: float
    unit: str
    goal: float
    better: str = "lower"
    floor: float = 1.0
    runs: list[float] = field(default_factory=list)
    note: str = ""

    @property
    def ratio(self) -> float:
        return self.value / self.floor

    @property
    def reached(self) -> bool:
        return self.ratio <= self.goal if self.better == "lower" else self.ratio >= self.goal

    def __str__(self) -> str:
        sign = "≤" if self.better == "lower" else "≥"
        verdict = "reached" if self.reached else "MISSED"
        return (
            f"{self.name:28} {self.value:12.3f} {self.unit:10} floor {self.floor:12.3f} "
            f"ratio {self.ratio:8.3f} {sign} {self.goal:<6} {verdict}"
        )


def seconds(work: Callable[[], object]) -> float:
    """The wall time of one call."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def in_turn(runs: int, *works: Callable[[], float]) -> list[list[float]]:
    """Measure the works A, B, A, B …, so that a slow phase of the machine meets all of them."""
    found: list[list[float]] = [[] for _ in works]
    for _ in range(runs):
        for place, work in zip(found, works, strict=True):
            place.append(work())
    return found


def median(values: list[float]) -> float:
    return statistics.median(values)


def unlimited() -> None:
    """Let the statements of this transaction take as long as they like."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = 0")


def save(figures: list[Figure]) -> None:
    """Write the figures into the results, keeping those of other benchmarks."""
    known = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    for figure in figures:
        known[figure.name] = {
            "value": round(figure.value, 4),
            "unit": figure.unit,
            "floor": round(figure.floor, 4),
            "ratio": round(figure.ratio, 4),
            "goal": figure.goal,
            "better": figure.better,
            "runs": [round(run, 4) for run in figure.runs],
        }
        if figure.note:
            known[figure.name]["note"] = figure.note
    commit = subprocess.run(
        ["git", "rev-parse", "HEAD"], capture_output=True, text=True, check=False
    ).stdout.strip()
    known["_meta"] = {
        "commit": commit,
        "machine": f"{platform.machine()}, {_cores()} cores, Python {platform.python_version()}",
        "date": datetime.now(UTC).strftime("%Y-%m-%d"),
    }
    RESULTS.write_text(json.dumps(known, indent=1, sort_keys=True) + "\n")


def _cores() -> int:
    import os

    return len(os.sched_getaffinity(0))
