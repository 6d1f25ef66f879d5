"""Trying a fault: the tree is copied, the fault put into the copy, and fast tests run there."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

from tests.mutation.faults import Fault

ROOT = Path(__file__).parents[2]
LEFT_OUT = shutil.ignore_patterns(".git", ".venv", ".data", "__pycache__", ".*_cache", "node_modules")

LONGEST = 1800
"""Seconds for the tests of one fault."""


def faulty(fault: Fault) -> str:
    """The source of its file with the fault in it."""
    source = (ROOT / fault.file).read_text()
    assert source.count(fault.old) == 1, f"{fault.name}: {source.count(fault.old)} places in {fault.file}"
    return source.replace(fault.old, fault.new)


@dataclass(frozen=True)
class Tried:
    """What the tests said of a fault. ``by`` is the first that failed: none, where the fault is not caught."""

    by: str
    seconds: float
    said: str


def tried(fault: Fault, *, only_first: bool = False) -> Tried:
    """The tests where the fault is, until the first that fails; the one that caught it before is tried before all."""
    since = monotonic()
    with tempfile.TemporaryDirectory(prefix="fault-") as place:
        copy = Path(place) / "tree"
        shutil.copytree(ROOT, copy, ignore=LEFT_OUT)
        (copy / fault.file).write_text(faulty(fault))
        for tests in [(fault.first,)] if only_first else [(fault.first,), fault.tests]:
            done = run_tests(copy, tests)
            failed = [line for line in done.stdout.splitlines() if line.startswith("FAILED")]
            # No test failed and not all passed: nothing collected, no database, interrupted. That is no answer.
            assert failed or done.returncode == 0, done.stdout + done.stderr
            if failed:
                break
    by = failed[0].removeprefix("FAILED ").partition(" - ")[0] if failed else ""
    return Tried(by, monotonic() - since, done.stdout[-2000:])


def run_tests(tree: Path, tests: Sequence[str]) -> subprocess.CompletedProcess[str]:
    """Some tests in a copy, on the services of this process, until the first that fails."""
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", *tests]
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    return subprocess.run(
        command, cwd=tree, env=kept, capture_output=True, text=True, timeout=LONGEST, check=False
    )
