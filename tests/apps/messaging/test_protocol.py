"""The schedules of the protocol's model over the application's own functions (reliability §8.1, layer 2).

The same number gives the same order of steps and faults, so the table in memory and the real one must agree row by row.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

import pytest
from django.db import connection

from messaging import gate, intake, reaper, results
from messaging.claim import Claimed, Lease, claim, give_back
from messaging.line import transact
from messaging.models import Message
from messaging.results import NOTHING
from tenants.models import Tenant
from tests.apps.messaging.factories import make_mailbox, make_mailing, make_message
from tests.factories import NOW, ContactFactory
from tests.pure.protocol.memory import REFUSALS, RETRY, MemStore
from tests.pure.protocol.model import BATCH, LEASE, MESSAGES, SENDING, World

pytestmark = pytest.mark.django_db

STEPS = 120


class PgStore:
    """The real functions behind the model's store. Messages are known by their place."""

    def __init__(self, tenant: Tenant) -> None:
        self.tenant = tenant
        self.mailbox = make_mailbox()
        self.mailing = make_mailing()
        self.contacts = [ContactFactory() for _ in range(MESSAGES)]
        self.messages: list[Message] = []
        self.claimed: dict[tuple[int, int], Claimed] = {}
        self.seen: dict[int, int] = {}
        self.stopped: dict[int, int] = {}
        self.sender = gate.Sender(self.mailbox.pk, False, timedelta(seconds=SENDING))

    def at(self, clock: int) -> datetime:
        return NOW + timedelta(seconds=clock)

    def lease(self, token: int) -> Lease:
        return Lease(self.tenant.pk, self.mailbox.pk, UUID(int=token), timedelta(seconds=LEASE))

    def place(self, pk: int) -> int:
        return next(n for n, m in enumerate(self.messages) if m.pk == pk)

    def run(self, at: int) -> None:
        if not self.messages:
            self.messages = [
                make_message(self.mailbox, self.mailing, contact, due_at=self.at(at))
                for contact in self.contacts
            ]

    def claim(self, token: int, at: int) -> list[int]:
        found = []
        for claimed in claim(self.lease(token), now=self.at(at), limit=BATCH):
            place = self.place(claimed.id)
            self.claimed[place, token] = claimed
            found.append(place)
        return found

    def give_back(self, id: int, token: int) -> None:
        give_back(self.lease(token), [self.messages[id].pk])

    def gate(self, id: int, token: int, at: int) -> bool:
        lease, message = self.lease(token), self.claimed[id, token]
        names = gate.names_of(lease, [message])[message.id]
        rows = transact(self.tenant.pk, *gate.ask(lease, message, names, self.sender, now=self.at(at)))
        verdict = gate.read(rows[-1])
        if verdict.said.startswith("cancel:"):
            results.end(lease, message, "cancel", reason=verdict.said, now=self.at(at))
        if verdict.gate_seq:
            self.seen[id] = verdict.gate_seq
        return verdict.go

    def sent(self, id: int, token: int, at: int) -> None:
        lease, message = self.lease(token), self.claimed[id, token]
        transact(self.tenant.pk, results.was_sent(lease, message, at=self.at(at), said=NOTHING))

    def failed(self, id: int, token: int, at: int) -> None:
        results.end(self.lease(token), self.claimed[id, token], "refuse", reason="refused", now=self.at(at))

    def again(self, id: int, token: int, at: int) -> None:
        lease, message = self.lease(token), self.claimed[id, token]
        if Message.objects.get(pk=message.id).refusals >= REFUSALS:
            results.end(lease, message, "refuse", reason="soft_bounce", now=self.at(at))
        else:
            due_at = self.at(at + RETRY)
            transact(self.tenant.pk, results.again(lease, message, due_at=due_at, refused=True))

    def unknown(self, id: int, token: int, at: int) -> None:
        results.end(self.lease(token), self.claimed[id, token], "lose", reason="no_answer", now=self.at(at))

    def reap(self, at: int) -> None:
        reaper.reap(self.tenant.pk, now=self.at(at))

    def resolve(self, id: int, at: int) -> None:
        results.resolve_unknown(self.messages[id].pk, by="bounce", at=self.at(at))

    def stop(self, id: int, at: int) -> None:
        intake.take_in("unsubscribed", contact=self.contacts[id], at=self.at(at), source="link")
        with connection.cursor() as cursor:
            cursor.execute("SELECT nextval('messaging_gate_seq')")
            self.stopped.setdefault(id, cursor.fetchone()[0])

    def stopped_before_gate(self) -> list[int]:
        return [id for id, at in self.stopped.items() if self.seen.get(id, 0) > at]

    def mine(self, id: int, token: int) -> str | None:
        message = Message.objects.get(pk=self.messages[id].pk)
        return message.state if message.lease_token == UUID(int=token) else None

    def states(self) -> dict[int, str]:
        found = dict(Message.objects.values_list("pk", "state"))
        return {id: found[m.pk] for id, m in enumerate(self.messages)}


def agree(tenant: Tenant, seed: int, steps: int) -> None:
    real, model = World(PgStore(tenant), seed, faulty=steps), World(MemStore(), seed, faulty=steps)
    real.live()
    model.live()
    assert real.store.states() == model.store.states(), f"schedule {seed}"
    assert real.server.accepted == model.server.accepted, f"schedule {seed}"
    assert not real.faults(), f"schedule {seed}: {real.faults()}"


@pytest.mark.parametrize("seed", range(5))
def test_the_application_does_as_the_model(tenant: Tenant, seed: int) -> None:
    agree(tenant, seed, STEPS)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1_000, 1_500))
def test_the_application_does_as_the_model_500_times(tenant: Tenant, seed: int) -> None:
    agree(tenant, seed, 700)
