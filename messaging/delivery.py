"""Delivery: a worker's visit to a mailbox (reliability §3.2). What is due leaves, one message after the other.

1. Claim some of the mailbox's due messages.
2. End the stays whose exit conditions match, take back what is suppressed or not on the trial list, freeze the bytes
   of the rest.
3. For each: envelope and DATA until 354; the gate; the body; what the server said becomes the result.
4. Tell the floors above what was sent, a batch at a time.

No transaction is open while a server is being waited for. The result of one message and the gate of the next share a
transaction, so that a message costs one commit; a crash leaves at most one message in doubt, as it would with two.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import uuid4

import structlog
from django.conf import settings

from messaging import barred, due, gate, guards, halts, mailboxes, results, sent, stops
from messaging.carry import Away, Carrier
from messaging.claim import Claimed, Lease, claim, give_back, renew
from messaging.crash import point
from messaging.freeze import Frozen, freeze
from messaging.line import TROUBLE, delivering, is_away, transact
from messaging.models import Mailbox
from messaging.outbox import hold_mailbox
from messaging.waiting import wait_for_windows
from tenants.secrets import Unreadable
from tenants.wall import current_id, use

log = structlog.get_logger()
Clock = Callable[[], datetime]
LOCK_TIMEOUT_MS = 2_000
FIRST, MOST = 10, 100
TELL_EVERY = timedelta(seconds=1)


def never() -> bool:
    """Nobody asks the visit to end."""
    return False


def visit(
    tenant_id: int, mailbox_id: int, *, clock: Clock, ending: Callable[[], bool] = never
) -> Counter[str]:
    """Send what is due from a mailbox, until nothing is, or the mailbox needs a rest, or ``ending()`` says so.

    Returns counts by state; ``pending`` counts attempts that were put off. Outside of any transaction.
    """
    now = clock()
    with use(tenant_id):
        mailbox = _open_mailbox(mailbox_id, now)
    counts: Counter[str] = Counter()
    if mailbox and (mailbox.backoff_until is None or mailbox.backoff_until <= now):
        with due.place(tenant_id, mailbox_id, settings.MAILBOX_CONNECTIONS) as is_free:
            if not is_free:
                return counts
            with delivering(lock_timeout_ms=LOCK_TIMEOUT_MS):
                counts = _Visit(tenant_id, mailbox, clock, ending).make()
    due.note_next(tenant_id, mailbox_id)
    return counts


def _open_mailbox(mailbox_id: int, now: datetime) -> Mailbox | None:
    """The mailbox, if anything may leave from it now; else what is in it waits for the end of what keeps it.

    Under the locks that this end takes: what is held here is let go by it.
    """
    found = Mailbox.objects.select_related("member").filter(pk=mailbox_id)
    member_id = found.values_list("member_id", flat=True).first()
    if member_id is None:
        return None
    stops.share(
        [
            (stops.TENANT, str(current_id())),
            (stops.MEMBER, str(member_id)),
            (stops.MAILBOX, str(mailbox_id)),
        ]
    )
    mailbox = found.get()
    if halts.keep(mailbox.member):
        return None
    if mailbox.state != Mailbox.WORKING or not mailbox.member.is_active:
        hold_mailbox(mailbox_id, now=now)
        return None
    return mailbox


class _Visit:
    """Claims, batch by batch, until the visit is over."""

    def __init__(self, tenant_id: int, mailbox: Mailbox, clock: Clock, ending: Callable[[], bool]) -> None:
        self.tenant_id, self.mailbox, self.clock, self.ending = tenant_id, mailbox, clock, ending
        length = timedelta(seconds=settings.LEASE_SECONDS)
        self.lease = Lease(tenant_id, mailbox.pk, uuid4(), length)
        self.look_again = timedelta(seconds=3 * settings.DELIVERY_SECONDS)
        self.size = FIRST
        self.told_at = clock()

    def make(self) -> Counter[str]:
        try:
            server = mailboxes.server_of(self.mailbox)
        except Unreadable as problem:
            with use(self.tenant_id):
                mailboxes.breaks(self.mailbox, str(problem), now=self.clock())
            return Counter()
        sending = timedelta(seconds=settings.SENDING_LEASE_SECONDS)
        with mailboxes.open_transport(server) as transport:
            self.carrier = Carrier(self.lease, self.mailbox, transport, clock=self.clock, sending=sending)
            try:
                while not self.is_over() and self.batch():
                    pass
            except Away:
                log.warning("visit ended: the database went away", mailbox=self.mailbox.pk)
        return self.carrier.counts

    def is_over(self) -> bool:
        return self.carrier.rest or self.ending()

    def batch(self) -> bool:
        """One batch; False when nothing was due."""
        began = self.clock()
        self.put_off(began)
        batch = claim(self.lease, now=began, limit=self.size)
        point("C2")
        if not batch:
            return False
        frozen = self.prepare(batch)
        point("C3")
        names = gate.names_of(self.lease, [f.claimed for f in frozen])
        renewed = began
        while frozen and not self.is_over():
            if self.clock() - renewed > min(self.lease.length, self.look_again) / 3:
                renewed = self.clock()
                ours = renew(self.lease, [f.claimed.id for f in frozen], now=renewed)
                frozen = [f for f in frozen if f.claimed.id in ours]
                self.put_off(renewed)
                continue
            message = frozen.pop(0)
            point("C3@", message.claimed.id)
            self.carrier.carry(message, names[message.claimed.id])
            if self.clock() - self.told_at > TELL_EVERY:
                self.tell()
        self.carrier.flush()
        give_back(self.lease, [f.claimed.id for f in frozen])
        if self.carrier.is_broken:
            with use(self.tenant_id):
                _open_mailbox(self.mailbox.pk, self.clock())
        self.tell()
        self.adapt(len(batch), self.clock() - began)
        return True

    def put_off(self, now: datetime) -> None:
        """Nobody else need look while we are here; if we die, somebody does soon."""
        due.put_off(self.tenant_id, self.mailbox.pk, until=now + self.look_again)

    def prepare(self, batch: list[Claimed]) -> list[Frozen]:
        """Step 2, in short transactions of its own."""
        now = self.clock()
        stays = sorted({m.enrollment_id for m in batch if m.enrollment_id is not None})
        try:
            for look in guards.looks.values():
                with use(self.tenant_id):
                    look(stays, now)
        except TROUBLE as trouble:
            if is_away():
                raise Away from trouble
            log.warning("a run holds these stays", mailbox=self.mailbox.pk)
            give_back(self.lease, [m.id for m in batch])
            self.carrier.rest = True
            return []
        with use(self.tenant_id):
            self.take_back(batch, now)
            self.carrier.counts.update(["pending"] * wait_for_windows(self.lease, batch, now=now))
            return freeze(self.lease, batch, now=now)

    def take_back(self, batch: list[Claimed], now: datetime) -> None:
        """The gate would find them, too, but only after the server's 354, which costs a connection each."""
        (rows,) = transact(self.tenant_id, barred.among(self.tenant_id, [m.id for m in batch]))
        reasons: dict[int, str] = dict(rows)
        for message in batch:
            if reason := reasons.get(message.id):
                results.end(self.lease, message, "cancel", reason=reason, now=now)
                self.carrier.counts["cancelled"] += 1

    def tell(self) -> None:
        """Step 4. What cannot be told now for a lock is told by the reaper."""
        ids, self.carrier.told = self.carrier.told, []
        self.told_at = self.clock()
        if not ids:
            return
        try:
            with use(self.tenant_id):
                sent.tell(ids)
        except TROUBLE as trouble:
            log.warning("not told yet", messages=len(ids), trouble=str(trouble).splitlines()[0])

    def adapt(self, count: int, took: timedelta) -> None:
        """Claim as many as leave in a quarter of the lease."""
        seconds = max(took.total_seconds(), 0.001)
        self.size = max(1, min(MOST, int(count / seconds * self.lease.length.total_seconds() / 4)))
