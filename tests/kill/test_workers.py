"""The real processes are killed, restarted and robbed of Redis while they send (R-003, R-004, R-010, R-012)."""

from __future__ import annotations

import signal
from collections.abc import Callable
from pathlib import Path

import pytest
import redis
from django.conf import settings
from django.utils.timezone import now

from tests.kill.workload import are_settled, make_messages, states, verify
from tests.processes import Running, eventually
from tests.sink import Rule, Sink

pytestmark = pytest.mark.django_db(transaction=True)

IMPATIENT = {
    "LEASE_SECONDS": "2", "SENDING_LEASE_SECONDS": "4", "SMTP_TIMEOUT_SECONDS": "3", "VISIT_SECONDS": "3",
}  # fmt: skip


def send_and(happens: Callable[[Running, int], int], folder: Path, count: int, times: int) -> None:
    """Send so many while something happens so many times, evenly; it returns how many messages it puts in doubt."""
    doubts = 0
    with Sink() as sink:
        sink.add(Rule(at="dot", delay=0.02))
        tenant = make_messages(sink.port, count, at=now())
        with Running(folder, "beat", "sender", "sender2", **IMPATIENT) as running:
            for n in range(times):
                sink.wait_for(min(count - 1, (n + 1) * count // (times + 1)), timeout=120)
                doubts += happens(running, n)
            eventually(lambda: are_settled(tenant), f"the end: {states(tenant)}")
        verify(tenant, sink.messages, unknown=doubts)
        assert sum(states(tenant).values()) == count


def kill(running: Running, n: int) -> int:
    name = ("sender", "sender2")[n % 2]
    running.kill(name)
    running.start(name)
    return 1


def restart(running: Running, n: int) -> int:
    name = ("sender", "sender2")[n % 2]
    running.kill(name, signal.SIGTERM)
    running.start(name)
    return 0


def flush(running: Running, n: int) -> int:
    redis.Redis.from_url(settings.REDIS_URL).flushdb()
    return 0


def test_r_003_killed_workers_lose_nothing_and_send_nothing_twice(tmp_path: Path) -> None:
    send_and(kill, tmp_path, count=60, times=2)


@pytest.mark.slow
def test_r_003_workers_killed_again_and_again(tmp_path: Path) -> None:
    send_and(kill, tmp_path, count=2_000, times=20)


@pytest.mark.slow
def test_r_004_a_rolling_restart_leaves_nothing_in_doubt(tmp_path: Path) -> None:
    send_and(restart, tmp_path, count=600, times=6)


@pytest.mark.slow
def test_r_010_a_flushed_redis_loses_nothing(tmp_path: Path) -> None:
    send_and(flush, tmp_path, count=600, times=3)


@pytest.mark.slow
def test_two_beats_ring_twice_and_nothing_happens_twice(tmp_path: Path) -> None:
    (tmp_path / "second").mkdir()
    with Running(tmp_path / "second", "beat", **IMPATIENT):
        send_and(lambda running, n: 0, tmp_path, count=300, times=1)
