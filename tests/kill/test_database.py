"""The database is killed while workers send (R-009, P7): they go on by themselves, nothing is lost or sent twice."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from config.embedded.services import CHECKOUT, Services, attach
from messaging.lifecycle import SETTLED
from tests.kill.test_workers import IMPATIENT
from tests.processes import Running, eventually
from tests.sink import Rule, Sink

pytestmark = [pytest.mark.django_db, pytest.mark.slow, pytest.mark.timeout(1800)]

COUNT = 300


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Services]:
    """Services that nobody else uses."""
    services = attach(tmp_path / "data")
    yield services
    services.detach()


def elsewhere(own: Services, *arguments: str) -> Any:
    run = subprocess.run(
        [sys.executable, "-m", "tests.kill.elsewhere", *arguments],
        cwd=CHECKOUT,
        env={**os.environ, **own.urls, "MODE": "test", "DJANGO_SETTINGS_MODULE": "config.settings"},
        capture_output=True,
        text=True,
        timeout=900,  # it migrates a database
        check=False,
    )
    return json.loads(run.stdout) if run.returncode == 0 else None


def postmaster(own: Services) -> psutil.Process:
    keeper = psutil.Process(own.facts["keeper"]["pid"])
    (found,) = (child for child in keeper.children() if child.name() == "postgres")
    return found


def test_r_009_the_database_is_killed_twice(own: Services, tmp_path: Path) -> None:
    with Sink() as sink:
        sink.add(Rule(at="dot", delay=0.02))
        assert elsewhere(own, "make", str(sink.port), str(COUNT)), "the rows were not made"
        with Running(tmp_path, "beat", "sender", "sender2", **own.urls, **IMPATIENT):
            for share in (3, 2):
                sink.wait_for(COUNT // share, timeout=600)
                postmaster(own).kill()
            settled = eventually(lambda: is_settled(elsewhere(own, "states")), "the end")
        assert sum(settled.values()) == COUNT
        state = dict(elsewhere(own, "rows"))
        got = Counter(message.recipient for message in sink.messages)
        assert max(got.values()) == 1
        assert [a for a in got if state[a] not in ("sent", "unknown")] == []
        assert [a for a, s in state.items() if s == "sent" and not got[a]] == []
        assert settled.get("unknown", 0) <= 4, "two workers, two crashes"


def is_settled(states: dict[str, int] | None) -> dict[str, int] | None:
    return states if states and set(states) <= SETTLED else None
