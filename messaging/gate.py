"""The gate: the point of no return (reliability §3.2, C5).

One short transaction, after the server's ``354`` and before the first byte of the message. Two statements: the locks
first, then everything is read and the message moved from leased to sending; in one statement the snapshot would be
older than the locks, and a stop that committed while we waited for it would not be seen. What a pause keeps is put
back and held in the same transaction: the end of the pause takes the same locks, and lets go all that was held before.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import NamedTuple

from audience.addresses import normalise_address
from messaging import guards, stops
from messaging.barred import why_barred
from messaging.claim import Claimed, Lease
from messaging.guards import register_guard, register_look
from messaging.line import Rows, Statement, transact
from messaging.models import MailboxUsage

__all__ = ["Verdict", "ask", "names_of", "read", "register_guard", "register_look"]

LOCK = """
    SELECT count(*) FROM (
        SELECT CASE WHEN %(cap)s::bigint IS NOT NULL THEN pg_advisory_xact_lock(%(cap)s)::text END
        UNION ALL SELECT pg_advisory_xact_lock_shared(n)::text FROM unnest(%(numbers)s::bigint[]) AS n
    ) AS taken
"""
GATE = """
    WITH message AS (
        SELECT not_after FROM messaging_message
        WHERE id = %(message_id)s AND state = 'leased' AND lease_token = %(token)s
    ), {guard} stop AS (
        SELECT bool_or(kind = 'paused') AS pauses FROM messaging_stopevent
        WHERE lifted_at IS NULL AND number = ANY(%(numbers)s::bigint[])
    ), verdict AS MATERIALIZED (
        SELECT CASE
            WHEN {halted} THEN 'halt'
            WHEN message.not_after < %(now)s THEN 'expired'
            WHEN (SELECT pauses FROM stop) THEN 'hold'
            WHEN (SELECT pauses FROM stop) IS NOT NULL THEN 'stopped'
            ELSE COALESCE(
                'cancel:' || {barred},
                {verdicts}
                (SELECT 'cap' FROM messaging_mailbox AS b WHERE b.id = %(mailbox_id)s AND b.daily_cap <=
                    (SELECT COALESCE(sum(u.used), 0) FROM messaging_mailboxusage AS u
                     WHERE u.mailbox_id = %(mailbox_id)s AND u.bucket > %(now)s - interval '24 hours 15 minutes')),
                'go')
            END AS said
        FROM message
    ), used AS (
        INSERT INTO messaging_mailboxusage (mailbox_id, bucket, used)
        SELECT %(mailbox_id)s, date_bin('15 minutes', %(now)s, 'epoch'), 1 FROM verdict
        WHERE said = 'go' AND %(is_capped)s
        ON CONFLICT (tenant_id, mailbox_id, bucket) DO UPDATE SET used = messaging_mailboxusage.used + 1
    ), moved AS (
        UPDATE messaging_message SET state = 'sending', gate_at = %(now)s, gate_seq = nextval('messaging_gate_seq'),
               lease_until = %(until)s
        WHERE id = %(message_id)s AND state = 'leased' AND lease_token = %(token)s
          AND (SELECT said FROM verdict) = 'go'
        RETURNING gate_seq
    ), held AS (
        UPDATE messaging_message SET state = 'pending', lease_token = NULL, lease_until = NULL, held_since = %(now)s
        WHERE id = %(message_id)s AND state = 'leased' AND lease_token = %(token)s
          AND (SELECT said FROM verdict) IN ('hold', 'halt')
    )
    SELECT said, (SELECT gate_seq FROM moved) FROM verdict
"""
HALTED = """
    NOT COALESCE((SELECT state = 'working' FROM messaging_mailbox WHERE id = %(mailbox_id)s), false)
    OR NOT COALESCE((SELECT is_active AND sending_paused_at IS NULL FROM tenants_member
                     WHERE id = %(sender_id)s), true)
    OR (SELECT sending_paused_at FROM tenants_tenant WHERE id = %(tenant_id)s) IS NOT NULL
"""
BARRED = why_barred("%(address)s::text")
COPY = f"""
    SELECT COALESCE(CASE WHEN {HALTED} THEN 'halt' END, 'cancel:' || {BARRED},
        (SELECT 'stopped' FROM messaging_stopevent
         WHERE lifted_at IS NULL AND number = ANY(%(numbers)s::bigint[]) LIMIT 1),
        'go'), 0
"""
VERDICT = """
    (SELECT CASE said WHEN 'go' THEN NULL WHEN 'wait' THEN 'hold' ELSE 'cancel:' || said END
     FROM (SELECT COALESCE((SELECT said FROM {name}), 'removed') AS said) AS asked),
"""

Names = str
"""The numbers of the locks of what may stop a message, in order, as an array of PostgreSQL."""


class Verdict(NamedTuple):
    """What the gate says: ``go``, or what keeps the message.

    ``lost`` (not ours any more), ``halt`` (nothing leaves from this mailbox now), ``expired``, ``stopped`` (for a
    moment), ``hold`` (a pause), ``cap`` (of the mailbox), ``cancel:`` with the reason, ``locked`` (somebody else is at
    it).
    """

    said: str
    gate_seq: int | None = None

    @property
    def go(self) -> bool:
        return self.said == "go"


@dataclass(frozen=True, slots=True)
class Sender:
    """The mailbox a batch leaves from, as far as its gates are concerned."""

    mailbox_id: int
    is_capped: bool
    sending: timedelta
    """How long a message may be under way before it is taken for unknown."""


def names_of(lease: Lease, batch: list[Claimed]) -> dict[int, Names]:
    """What may stop each of these messages, by its id: asked once for a batch."""
    above: dict[int, list[stops.Named]] = {}
    enrollment_ids = [m.enrollment_id for m in batch if m.enrollment_id is not None]
    for guard in guards.guards:
        if guard.names and enrollment_ids:
            (rows,) = transact(lease.tenant_id, Statement(guard.names, {"enrollment_ids": enrollment_ids}))
            for enrollment_id, scope, key in rows:
                above.setdefault(enrollment_id, []).append((scope, str(key)))
    everyone = [(stops.TENANT, str(lease.tenant_id)), (stops.MAILBOX, str(lease.mailbox_id))]
    found: dict[int, Names] = {}
    for message in batch:
        names = [
            *everyone,
            (stops.CONTACT, str(message.contact_id)),
            (stops.ADDRESS, message.address),
            *([(stops.MEMBER, str(message.sender_id))] if message.sender_id else []),
            *above.get(message.enrollment_id or 0, []),
        ]
        numbers = sorted(stops.advisory_key(lease.tenant_id, scope, key) for scope, key in names)
        found[message.id] = f"{{{','.join(map(str, numbers))}}}"
    return found


def ask(
    lease: Lease, message: Claimed, names: Names, sender: Sender, *, now: datetime
) -> tuple[Statement, ...]:
    """The statements of one gate, for ``transact``; the rows of the last are for ``read``."""
    tenant_id = lease.tenant_id
    cap = stops.advisory_key(tenant_id, "cap", str(lease.mailbox_id)) if sender.is_capped else None
    params = {
        "tenant_id": tenant_id, "message_id": message.id, "token": lease.token, "now": now,
        "until": now + sender.sending, "mailbox_id": lease.mailbox_id, "sender_id": message.sender_id,
        "address": message.address, "is_capped": sender.is_capped,
        "numbers": names,
    }  # fmt: skip
    asked: tuple[guards.Guard, ...] = ()
    if message.enrollment_id is not None:
        asked = tuple(guards.guards)
        params["enrollment_id"] = message.enrollment_id
    return Statement(LOCK, {"numbers": names, "cap": cap}), Statement(_sql(asked), params)


def ask_copy(lease: Lease, message: Claimed, address: str) -> tuple[Statement, ...]:
    """The same for a copy of a message that has passed: whether it may leave to ``address``. It moves nothing."""
    address = normalise_address(address) or address
    names = [
        (stops.TENANT, str(lease.tenant_id)), (stops.MAILBOX, str(lease.mailbox_id)), (stops.ADDRESS, address),
        *([(stops.MEMBER, str(message.sender_id))] if message.sender_id else []),
    ]  # fmt: skip
    numbers = sorted(stops.advisory_key(lease.tenant_id, scope, key) for scope, key in names)
    params = {
        "tenant_id": lease.tenant_id, "mailbox_id": lease.mailbox_id, "sender_id": message.sender_id,
        "address": address, "cap": None,
        "numbers": f"{{{','.join(map(str, numbers))}}}",
    }  # fmt: skip
    return Statement(LOCK, params), Statement(COPY, params)


def read(rows: Rows) -> Verdict:
    """What the gate said. A message that is not ours any more gives no row, one taken from us meanwhile no number."""
    if not rows or (rows[0][0] == "go" and rows[0][1] is None):
        return Verdict("lost")
    return Verdict(*rows[0])


def capacity_from(mailbox_id: int, *, now: datetime) -> datetime:
    """When a mailbox that has used up its cap may send again: the oldest quarter of an hour leaves the 24 hours."""
    day = timedelta(hours=24, minutes=15)
    used = MailboxUsage.objects.filter(mailbox_id=mailbox_id, used__gt=0, bucket__gt=now - day)
    oldest = used.order_by("bucket").values_list("bucket", flat=True).first()
    return oldest + day if oldest else now


@cache
def _sql(asked: tuple[guards.Guard, ...]) -> str:
    names = [f"guard_{n}" for n in range(len(asked))]
    return GATE.format(
        guard="".join(
            f"{name} (said) AS MATERIALIZED ({guard.sql}), " for name, guard in zip(names, asked, strict=True)
        ),
        halted=HALTED,
        barred=BARRED,
        verdicts="".join(VERDICT.format(name=name) for name in names),
    )
