"""Trying a fault: the tree is copied, the fault put into the copy, and the fast tests of the rules run there."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.mutation.faults import Fault

ROOT = Path(__file__).parents[2]
LEFT_OUT = shutil.ignore_patterns(".git", ".venv", ".data", "__pycache__", ".*_cache", "node_modules")

FAST = ("tests/scenarios", "tests/model/test_engine.py")
"""The tests that must catch every fault: scenario files, and random ones beside the naive model."""

LONGEST = 1800
"""Seconds for the tests of one fault."""


def faulty(fault: Fault) -> str:
    """The source of its file with the fault in it."""
    source = (ROOT / fault.file).read_text()
    assert source.count(fault.old) == 1, f"{fault.name}: {source.count(fault.old)} places in {fault.file}"
    return source.replace(fault.old, fault.new)


def is_caught(fault: Fault) -> tuple[bool, str]:
    """Whether a test fails where the fault is, and the last lines of what the tests said."""
    with tempfile.TemporaryDirectory(prefix="fault-") as place:
        copy = Path(place) / "tree"
        shutil.copytree(ROOT, copy, ignore=LEFT_OUT)
        (copy / fault.file).write_text(faulty(fault))
        done = run_tests(copy)
    failed = [line for line in done.stdout.splitlines() if line.startswith("FAILED")]
    # No test failed and not all passed: nothing collected, no database, interrupted. That is no answer.
    assert failed or done.returncode == 0, done.stdout + done.stderr
    return bool(failed), done.stdout[-2000:]


def run_tests(tree: Path) -> subprocess.CompletedProcess[str]:
    """The fast tests in a copy, on the services of this process, until the first that fails."""
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", *FAST]
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    return subprocess.run(
        command, cwd=tree, env=kept, capture_output=True, text=True, timeout=LONGEST, check=False
    )
