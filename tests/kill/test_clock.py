"""R-028: the clock of the machine is stepped under the real processes while they send; the database's is not."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections import Counter
from datetime import timedelta
from pathlib import Path

import libfaketime
import pytest
from django.utils.timezone import now

from messaging.models import MailboxDue, MailboxUsage, Message
from tenants.wall import use
from tests.apps.messaging.factories import make_mailbox, make_mailing, make_message
from tests.factories import make_tenant
from tests.processes import Running, eventually
from tests.sink import Rule, Sink

pytestmark = pytest.mark.django_db(transaction=True)

FAKETIME = Path(libfaketime.__file__).parent / "vendor" / "libfaketime" / "src" / "libfaketime.so.1"
OFF = {"-2h": -7_200, "+2h": 7_200, "-1d": -86_400, "+0": 0}
STEPS = tuple(OFF)
"""From the true time, one after the other: so the clock is set back, on by four hours, back by more than a day, on."""

AFTER_A_STEP = 60
"""Seconds within which sending goes on (R-028)."""

CAP, DUE, FREE = 50, 80, 500


class Clock:
    """The clock of the processes that are started with its environment. Time that only passes goes on as ever."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "clock"
        self.step("+0")

    def step(self, by: str) -> None:
        """Set it to so much from the true time, for all of them at once."""
        written = self.file.with_suffix(".new")
        written.write_text(by)
        os.replace(written, self.file)

    def seconds_off(self) -> float:
        """By how much a process that is started with it sees another time than this one."""
        command = [sys.executable, "-c", "import time; print(time.time())"]
        said = subprocess.run(
            command, env={**os.environ, **self.environment}, capture_output=True, check=True
        )
        return float(said.stdout) - time.time()

    @property
    def environment(self) -> dict[str, str]:
        return {
            "LD_PRELOAD": str(FAKETIME),
            "FAKETIME_TIMESTAMP_FILE": str(self.file),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "DONT_FAKE_MONOTONIC": "1",
        }


@pytest.mark.slow
def test_r_028_the_machines_clock_is_stepped_while_sending(tmp_path: Path) -> None:
    """Nothing twice, sending goes on within a minute of each step, and no cap of 24 hours is passed."""
    clock, at = Clock(tmp_path), now()
    with Sink() as sink:
        sink.add(Rule(at="dot", delay=0.05))
        tenant = make_tenant()
        with use(tenant):
            mailing = make_mailing()
            for count, cap in ((FREE, None), (DUE, CAP)):
                mailbox = make_mailbox(sink.port, daily_cap=cap)
                for n in range(count):
                    due_at = at + timedelta(microseconds=n)
                    make_message(
                        mailbox, mailing, due_at=due_at, made_at=at, not_after=at + timedelta(days=3)
                    )
                MailboxDue.objects.create(tenant_id=tenant.pk, mailbox_id=mailbox.pk, due_at=at)
            capped = mailbox
        with Running(tmp_path, "beat", "sender", "sender2", **clock.environment) as running:
            for n, step in enumerate(STEPS):
                sink.wait_for((n + 1) * FREE // (len(STEPS) + 1), timeout=120)
                clock.step(step)
                assert abs(clock.seconds_off() - OFF[step]) < 300, "the processes see another time"
                before = len(sink.messages)
                eventually(
                    lambda least=before: len(sink.messages) > least + 10,  # type: ignore[misc]
                    f"a mail after {step}: {running.log('sender')[-1000:]}",
                    seconds=AFTER_A_STEP,
                )
            eventually(lambda: len(sink.messages) >= FREE + CAP, f"the end: {len(sink.messages)}")
            eventually(lambda: _free(tenant, capped.pk) == {"sent": FREE}, "the end of the other mailbox")
    got = Counter(message.recipient for message in sink.messages)
    assert set(got.values()) == {1}, "I1: nobody got it twice"
    with use(tenant):
        states = Counter(Message.objects.filter(mailbox=capped).values_list("state", flat=True))
        used = sum(MailboxUsage.objects.filter(mailbox=capped).values_list("used", flat=True))
    assert (states, used, len(got)) == ({"sent": CAP, "pending": DUE - CAP}, CAP, FREE + CAP)


def _free(tenant: object, capped: int) -> Counter[str]:
    with use(tenant):  # type: ignore[arg-type]
        return Counter(Message.objects.exclude(mailbox=capped).values_list("state", flat=True))
