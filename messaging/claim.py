"""Claiming: a worker takes some of a mailbox's due messages, so that no other does (reliability §3.2, C2).

A claim is a lease: a token, and a time after which the reaper may suspect that the worker died. Nothing is lost or
sent twice when it suspects wrongly; the gate asks for the token.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from messaging.line import Statement, transact

CLAIM = """
    WITH due AS (
        SELECT id FROM messaging_message
        WHERE mailbox_id = %(mailbox)s AND state = 'pending' AND held_since IS NULL AND due_at <= %(now)s
          AND (not_after IS NULL OR not_after >= %(now)s) AND (attempts > 0) = %(rescued)s AND channel = 'email'
        ORDER BY due_at, id LIMIT %(limit)s FOR UPDATE SKIP LOCKED
    )
    UPDATE messaging_message m SET state = 'leased', lease_token = %(token)s, lease_until = %(until)s
    FROM due WHERE m.id = due.id
    RETURNING m.id, m.mailing_id, m.contact_id, m.enrollment_id, m.opportunity_id, m.sender_id, m.address_norm,
              m.refusals, m.message_id, m.subject, m.due_at
"""
RENEW = """
    UPDATE messaging_message SET lease_until = %(until)s
    WHERE id = ANY(%(ids)s) AND state = 'leased' AND lease_token = %(token)s RETURNING id
"""
GIVE_BACK = """
    UPDATE messaging_message SET state = 'pending', lease_token = NULL, lease_until = NULL
    WHERE id = ANY(%(ids)s) AND state = 'leased' AND lease_token = %(token)s RETURNING id
"""


@dataclass(slots=True)
class Claimed:
    """A message in a worker's hands. ``message_id`` is None until its bytes are frozen."""

    id: int
    mailing_id: int
    contact_id: int
    enrollment_id: int | None
    opportunity_id: int | None
    sender_id: int | None
    address: str
    refusals: int
    message_id: str | None
    subject: str
    due_at: datetime


@dataclass(frozen=True, slots=True)
class Lease:
    """One worker's hold on what it claims. A token is never used by two workers."""

    tenant_id: int
    mailbox_id: int
    token: UUID
    length: timedelta


def claim(lease: Lease, *, now: datetime, limit: int) -> list[Claimed]:
    """Lease up to ``limit`` due messages of the mailbox, oldest first; those that other workers look at are passed by.

    What was rescued from a worker that died is claimed last and alone: if it is what kills workers, it takes nobody
    with it (R-013).
    """
    for rescued, most in ((False, limit), (True, 1)):
        params = {
            "mailbox": lease.mailbox_id, "now": now, "limit": most, "token": lease.token, "rescued": rescued,
            "until": now + lease.length,
        }  # fmt: skip
        (rows,) = transact(lease.tenant_id, Statement(CLAIM, params, polls=True))
        if rows:
            return sorted((Claimed(*row) for row in rows), key=lambda m: (m.due_at, m.id))
    return []


def renew(lease: Lease, ids: Iterable[int], *, now: datetime) -> set[int]:
    """Hold these for longer. Those that are still ours; the others were cancelled, or taken for lost."""
    params = {"ids": list(ids), "token": lease.token, "until": now + lease.length}
    (rows,) = transact(lease.tenant_id, Statement(RENEW, params))
    return {id for (id,) in rows}


def give_back(lease: Lease, ids: Iterable[int]) -> None:
    """Let go of what was not tried: it is as if it had not been claimed."""
    if found := list(ids):
        transact(lease.tenant_id, Statement(GIVE_BACK, {"ids": found, "token": lease.token}))
