"""Messages to be killed over, and the oracles of what may have become of them (reliability §7)."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings

from config.embedded.services import CHECKOUT
from messaging.lifecycle import SETTLED
from messaging.models import MailboxDue, Message
from tenants.models import Tenant
from tenants.wall import use
from tests.apps.messaging.factories import make_mailbox, make_mailing, make_message
from tests.factories import NOW, make_tenant
from tests.processes import database_url
from tests.sink import Received

KILLED = 137


def make_messages(port: int, count: int, *, mailboxes: int = 1, at: datetime = NOW) -> Tenant:
    """A tenant with so many messages due at ``at``."""
    tenant = make_tenant()
    with use(tenant):
        mailing = make_mailing()
        for _ in range(mailboxes):
            mailbox = make_mailbox(port)
            for n in range(count // mailboxes):
                make_message(mailbox, mailing, due_at=at + timedelta(microseconds=n), made_at=at)
            MailboxDue.objects.create(tenant_id=tenant.pk, mailbox_id=mailbox.pk, due_at=at)
    return tenant


def deliver(tenant: Tenant, at: datetime, **environment: str) -> subprocess.CompletedProcess[str]:
    """``manage.py deliver --drain`` in a process of its own."""
    own = {
        "MODE": "test", "DATABASE_URL": database_url(), "REDIS_URL": settings.REDIS_URL,
        "DJANGO_SETTINGS_MODULE": "config.settings", "SMTP_TIMEOUT_SECONDS": "3",
    }  # fmt: skip
    arguments = ["deliver", "--drain", "--json", "--at", at.isoformat(), "--tenant", tenant.slug]
    return subprocess.run(
        [sys.executable, "manage.py", *arguments], cwd=CHECKOUT, env={**os.environ, **own, **environment},
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip


def counts(run: subprocess.CompletedProcess[str]) -> dict[str, int]:
    """What a run that ended by itself has printed."""
    assert run.returncode == 0, run.stderr[-2000:]
    return dict(json.loads(run.stdout))


def states(tenant: Tenant) -> Counter[str]:
    with use(tenant):
        return Counter(Message.objects.values_list("state", flat=True))


def are_settled(tenant: Tenant) -> bool:
    return set(states(tenant)) <= SETTLED


def verify(tenant: Tenant, accepted: Iterable[Received], *, unknown: int) -> None:
    """I1: nobody got it twice. I2: everything has ended. I3: what is sent was accepted, what was accepted is sent or
    unknown. And no more is unknown than the crashes explain."""
    got = Counter(message.recipient for message in accepted)
    with use(tenant):
        rows: list[tuple[Any, ...]] = list(Message.objects.values_list("address_norm", "state"))
    state = dict(rows)
    assert {address: n for address, n in got.items() if n > 1} == {}
    assert set(state.values()) <= SETTLED, Counter(state.values())
    assert [a for a, s in state.items() if s == "sent" and not got[a]] == []
    assert [a for a in got if state[a] not in ("sent", "unknown")] == []
    assert Counter(state.values())["unknown"] <= unknown
