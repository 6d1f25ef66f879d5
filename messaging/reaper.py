"""The reaper: what workers that died have left, and what has become stale (reliability §3.2, C10). Idempotent."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from messaging import intake, sent
from messaging.crash import point
from messaging.models import Message
from messaging.signals import message_ended
from tenants.models import Tenant
from tenants.wall import use

POISON = 5
LEFT = timedelta(minutes=1)

LOCKED = """
    WITH locked AS (
        SELECT m.id FROM messaging_message AS m {join} WHERE {where} ORDER BY m.id FOR UPDATE OF m SKIP LOCKED
    )
"""
RESCUE = (
    LOCKED.format(join="", where="m.state = 'leased' AND m.lease_until < %(now)s")
    + """
    UPDATE messaging_message SET attempts = attempts + 1, lease_token = NULL, lease_until = NULL,
           state = CASE WHEN attempts + 1 >= %(poison)s THEN 'failed' ELSE 'pending' END,
           reason = CASE WHEN attempts + 1 >= %(poison)s THEN 'poison' ELSE '' END
    WHERE id IN (SELECT id FROM locked) RETURNING id, state
"""
)
DOUBT = (
    LOCKED.format(join="", where="m.state = 'sending' AND m.lease_until < %(now)s")
    + """
    UPDATE messaging_message SET state = 'unknown', reason = 'no_answer', lease_until = NULL,
           sent_at = gate_at
    WHERE id IN (SELECT id FROM locked) RETURNING id, state
"""
)
EXPIRE = (
    LOCKED.format(
        join="""LEFT JOIN messaging_mailbox AS b ON b.id = m.mailbox_id
                LEFT JOIN tenants_member AS u ON u.id = m.sender_id""",
        where="""m.state = 'pending' AND m.held_since IS NULL AND m.not_after < %(now)s
                 AND COALESCE(b.state, 'working') = 'working'
                 AND COALESCE(u.is_active AND u.sending_paused_at IS NULL, true)""",
    )
    + """
    UPDATE messaging_message SET state = 'expired', reason = 'late'
    WHERE id IN (SELECT id FROM locked) RETURNING id, state
"""
)


def reap(tenant_id: int, *, now: datetime) -> Counter[str]:
    """Everything of a tenant that is overdue, in short transactions; how many by the state they came to."""
    return rescue(tenant_id, now=now) + sweep(tenant_id, now=now)


def rescue(tenant_id: int, *, now: datetime) -> Counter[str]:
    """Leases that have run out.

    ``leased`` → ``pending``: no dot was written, or the gate would have said so; at the fifth time ``failed`` (poison).
    ``sending`` → ``unknown``, never anything else.
    """
    counts: Counter[str] = Counter()
    for sql in (RESCUE, DOUBT):
        with use(tenant_id):
            counts += _move(sql, now)
        point("C10")
    return counts


def sweep(tenant_id: int, *, now: datetime) -> Counter[str]:
    """What is stale, and what dead processes have left half told.

    ``pending`` → ``expired`` after its ``not_after``, unless it waits for the end of a pause, or while sending is
    stopped (semantics 2.33).
    """
    counts: Counter[str] = Counter()
    with use(tenant_id):
        if not Tenant.objects.filter(pk=tenant_id, sending_paused_at__isnull=False).exists():
            counts = _move(EXPIRE, now)
    with use(tenant_id):
        sent.tell(before=now - LEFT)
    with use(tenant_id):
        intake.follow_left(now=now, after=LEFT)
    return counts


def _move(sql: str, now: datetime) -> Counter[str]:
    with connection.cursor() as cursor:
        cursor.execute(sql, {"now": now, "poison": POISON})
        moved: list[tuple[int, str]] = cursor.fetchall()
    reasons: dict[str, Any] = {"failed": "poison", "unknown": "no_answer", "expired": "late"}
    for state, reason in reasons.items():
        if ids := sorted(id for id, new in moved if new == state):
            message_ended.send(sender=Message, ids=ids, state=state, reason=reason, at=now)
            if state == "unknown":
                sent.presume(ids)
    return Counter(state for _, state in moved)
