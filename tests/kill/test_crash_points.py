"""A worker dies at each point of the protocol (R-002, R-013): nothing twice, nothing lost, one in doubt at most."""

from __future__ import annotations

from datetime import timedelta

import pytest

from messaging.models import Message
from tenants.wall import use
from tests.factories import NOW
from tests.kill.workload import KILLED, counts, deliver, make_messages, states, verify
from tests.sink import Sink

pytestmark = pytest.mark.django_db(transaction=True)

HEALED = timedelta(minutes=10)
CERTAIN = ("C2", "C3", "C10")
"""Where no message is between its gate and its result, a crash leaves none in doubt; else it leaves one.

Also at C4 and C8: the result of one message is written with the gate of the next.
"""
QUICK = ["C5:2", "C6:2", "C8:2"]
ALL = [f"C{point}:{nth}" for point in (2, 3, 4, 5, 6, 7, 8, 10) for nth in (1, 2, 3)]


def die_and_heal(point: str, count: int) -> None:
    with Sink() as sink:
        tenant = make_messages(sink.port, count)
        run = deliver(tenant, NOW + timedelta(minutes=1), CRASH_POINT=point)
        if run.returncode != KILLED:  # it has not come by there so often
            assert run.returncode == 0, run.stderr[-2000:]
        healed = counts(deliver(tenant, NOW + HEALED))
        assert healed["pending"] == 0
        verify(tenant, sink.messages, unknown=int(not point.startswith(CERTAIN)))


@pytest.mark.parametrize("point", QUICK)
def test_a_crash_loses_nothing_and_sends_nothing_twice(point: str) -> None:
    die_and_heal(point, 6)


@pytest.mark.slow
@pytest.mark.parametrize("point", sorted(set(ALL) - set(QUICK)))
def test_a_crash_at_any_point_loses_nothing_and_sends_nothing_twice(point: str) -> None:
    die_and_heal(point, 30)


@pytest.mark.slow
def test_r_013_what_kills_its_worker_is_parked_after_five_and_takes_nobody_with_it() -> None:
    with Sink() as sink:
        tenant = make_messages(sink.port, 12)
        with use(tenant):
            poison = Message.objects.order_by("pk")[4]
        at = NOW + timedelta(minutes=1)
        for _ in range(5):
            assert deliver(tenant, at, CRASH_POINT=f"C4@{poison.pk}").returncode == KILLED
            at += HEALED
        assert counts(deliver(tenant, at, CRASH_POINT=f"C4@{poison.pk}"))["pending"] == 0
        with use(tenant):
            poison.refresh_from_db()
            assert (poison.state, poison.reason) == ("failed", "poison")
        assert states(tenant)["failed"] == 1
        verify(tenant, sink.messages, unknown=1)  # the one before it, whose result went along with its gate
