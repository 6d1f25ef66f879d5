"""What became of messages in a worker's hands (reliability §3.2, C7 to C9).

Every statement asks for the state and the lease token: what somebody else has decided meanwhile stands. Those that
follow a gate are statements for ``line.transact``, so that a result and the next gate share one transaction.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import F

from messaging import sent
from messaging.claim import Claimed, Lease
from messaging.lifecycle import MOVES
from messaging.line import Statement, transact
from messaging.models import Message
from messaging.signals import message_ended
from tenants.wall import use

SENT = """
    WITH moved AS (
        UPDATE messaging_message SET state = 'sent', sent_at = %(at)s, lease_until = NULL, smtp_phase = %(phase)s,
               smtp_code = %(code)s, smtp_text = %(text)s
        WHERE id = %(id)s AND lease_token = %(token)s AND state = ANY(%(sources)s)
        RETURNING id, contact_id, enrollment_id, sender_id
    ), fact AS (
        INSERT INTO activities_fact (kind, at, contact_id, account_id, message_id, enrollment_id, member_id)
        SELECT 'sent', %(at)s, m.contact_id, c.account_id, m.id, m.enrollment_id, m.sender_id
        FROM moved AS m JOIN audience_contact AS c ON c.id = m.contact_id
    ), untold AS (
        INSERT INTO messaging_untold (message_id, contact_id, at)
        SELECT id, contact_id, %(at)s FROM moved ON CONFLICT DO NOTHING
    )
    SELECT id FROM moved
"""
ENDED = """
    WITH moved AS (
        UPDATE messaging_message SET state = %(state)s, reason = %(reason)s, lease_until = NULL,
               sent_at = CASE %(state)s::text WHEN 'unknown' THEN gate_at END,
               smtp_phase = %(phase)s, smtp_code = %(code)s, smtp_text = %(text)s
        WHERE id = %(id)s AND lease_token = %(token)s AND state = ANY(%(sources)s)
        RETURNING id, mailbox_id, gate_at
    ), refunded AS ({refund})
    SELECT id FROM moved
"""
AGAIN = """
    WITH moved AS (
        UPDATE messaging_message SET state = 'pending', lease_token = NULL, lease_until = NULL, gate_at = NULL,
               gate_seq = NULL, due_at = %(due_at)s, held_since = NULL, refusals = refusals + %(refused)s,
               smtp_phase = %(phase)s, smtp_code = %(code)s, smtp_text = %(text)s
        FROM (SELECT id AS was_id, gate_at AS was_at FROM messaging_message WHERE id = %(id)s) AS was
        WHERE id = %(id)s AND was_id = id AND lease_token = %(token)s AND state = ANY(%(sources)s)
        RETURNING id, mailbox_id, was_at AS gate_at
    ), refunded AS ({refund})
    SELECT id FROM moved
"""
DELAYED = """
    UPDATE messaging_message SET state = 'pending', lease_token = NULL, lease_until = NULL, due_at = %(due_at)s,
           not_after = CASE WHEN not_after < %(not_after)s THEN %(not_after)s ELSE not_after END
    WHERE id = %(id)s AND lease_token = %(token)s AND state = ANY(%(sources)s) RETURNING id
"""
REFUND = """
    UPDATE messaging_mailboxusage AS u SET used = u.used - 1 FROM moved
    WHERE u.mailbox_id = moved.mailbox_id AND u.bucket = date_bin('15 minutes', moved.gate_at, 'epoch') AND u.used > 0
"""
"""A cap reserved at the gate comes back on a definite refusal, never on unknown."""
NO_REFUND = "SELECT"


@dataclass(frozen=True, slots=True)
class Said:
    """What a server said, and where."""

    phase: str = ""
    code: int | None = None
    text: str = ""


NOTHING = Said()


def was_sent(lease: Lease, message: Claimed, *, at: datetime, said: Said) -> Statement:
    """The server has it. Also when a reaper has given it up as unknown meanwhile."""
    return Statement(SENT, _params(lease, message, "accept", said) | {"at": at})


def ended(lease: Lease, message: Claimed, move: str, *, reason: str, said: Said = NOTHING) -> Statement:
    """It ended otherwise, by a move of messaging.lifecycle: refuse, give_up, cancel, expire, lose.

    ``end`` also tells the floors above.
    """
    refund = NO_REFUND if move == "lose" else REFUND
    params = _params(lease, message, move, said) | {"state": MOVES[move].target, "reason": reason}
    return Statement(ENDED.format(refund=refund), params)


def again(
    lease: Lease,
    message: Claimed,
    *,
    due_at: datetime,
    refused: bool = False,
    said: Said = NOTHING,
) -> Statement:
    """It waits for another attempt at ``due_at``. ``refused``: a server said not now, which counts."""
    params = _params(lease, message, "put_off", said)
    params |= {"due_at": due_at, "refused": int(refused)}
    return Statement(AGAIN.format(refund=REFUND), params)


def delayed(lease: Lease, message: Claimed, *, due_at: datetime, not_after: datetime) -> Statement:
    """It waits for the recipient's window, and is fresh until that closes (semantics 2.36)."""
    params = _params(lease, message, "give_back", NOTHING) | {"due_at": due_at, "not_after": not_after}
    return Statement(DELAYED, params)


def end(
    lease: Lease, message: Claimed, move: str, *, reason: str, now: datetime, said: Said = NOTHING
) -> bool:
    """``ended``, done and told at once; False where somebody else was first."""
    with use(lease.tenant_id):
        (rows,) = transact(lease.tenant_id, ended(lease, message, move, reason=reason, said=said))
        if rows:
            message_ended.send(
                sender=Message, ids=[message.id], state=str(MOVES[move].target), reason=reason, at=now
            )
            if move == "lose":
                sent.presume([message.id])
    return bool(rows)


def resolve_unknown(message_id: int, *, by: str, at: datetime) -> bool:
    """Something came back that only a delivered message can cause: an unknown one was sent, at its gate."""
    doubtful = Message.objects.filter(pk=message_id, state="unknown")
    gate_at = doubtful.select_for_update(no_key=True).values_list("gate_at", flat=True).first()
    found = doubtful.update(state="sent", sent_at=F("gate_at"), resolved_by=by)
    if found:
        sent.record([message_id], at=gate_at or at)
    return bool(found)


def _params(lease: Lease, message: Claimed, move: str, said: Said) -> dict[str, Any]:
    return {
        "id": message.id, "token": lease.token, "sources": sorted(MOVES[move].sources), "phase": said.phase,
        "code": said.code, "text": said.text[:500].replace("\0", ""),
    }  # fmt: skip
