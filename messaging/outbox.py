"""The outbox: rows of messages to be sent, made and taken back as sets.

With claim, gate, results and reaper the only writer of Message; the states and who may move them stand in
messaging.lifecycle.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import QuerySet

from messaging import doorbell, sent
from messaging.models import Mailing, Message
from messaging.signals import message_ended

GIVEN = (
    "step_run_id",
    "enrollment_id",
    "contact_id",
    "opportunity_id",
    "sender_id",
    "mailbox_id",
    "mailing_id",
    "channel",
    "address_norm",
    "due_at",
    "not_after",
)
"""The columns that a SELECT for ``add`` gives, by these names, in any order."""

Enrollments = QuerySet | Iterable[int] | tuple[str, Sequence[Any]]
"""Some stays: a queryset with one column of ids, the ids, or SQL that selects them with its parameters."""


def add(select_sql: str, params: Sequence[Any] | Mapping[str, Any] = (), *, now: datetime) -> int:
    """Make a pending message for each row of the SELECT, which gives the columns of ``GIVEN``; how many were made.

    ``address_norm`` is fixed here: a later change of the contact's address does not redirect the message.
    ``not_after`` is the instant after which it is stale: by default the end of the sequence's next allowed local day
    (reliability §3.3). A step run that has its message already makes none. The doorbell rings after the commit.
    """
    named = isinstance(params, Mapping)
    at = "%(outbox_now)s" if named else "%s"
    columns = ", ".join(GIVEN)
    values: Any = {**params, "outbox_now": now} if isinstance(params, Mapping) else [now, *params]
    with connection.cursor() as cursor:
        cursor.execute(
            f"""WITH made AS (
                    INSERT INTO messaging_message (made_at, {columns})
                    SELECT {at}, {columns} FROM ({select_sql}) AS given
                    ON CONFLICT DO NOTHING RETURNING mailbox_id, due_at
                ), rung AS ({doorbell.NOTE.format(work="made")})
                SELECT count(*) FROM made""",
            values,
        )
        (count,) = cursor.fetchone()
    if count:
        doorbell.ring_on_commit()
    return int(count)


def cancel(
    *,
    enrollments: Enrollments,
    reason: str,
    now: datetime,
    to: tuple[str, Collection[str]] | None = None,
    but: int | None = None,
) -> int:
    """Take back what of these stays has not passed the gate; how many. What passed it is on its way.

    ``to``: only what goes there, a channel and normalised addresses. ``but``: a message of which the worker that holds
    it says by itself what became of it.
    """
    where, params = _of(enrollments)
    if but is not None:
        where, params = f"{where} AND id <> %s", [*params, but]
    if to is not None:
        where, params = f"{where} AND channel = %s AND address_norm = ANY(%s)", [*params, to[0], list(to[1])]
    return _end(where, params, state="cancelled", reason=reason, now=now)


def hold(enrollments: Enrollments, *, now: datetime) -> int:
    """A pause began: what of these stays has not left waits, and the time after which it is stale stands still (2.33).

    Harmless when repeated; the gate holds by itself what it finds paused.
    """
    where, params = _of(enrollments)
    return _update(f"{where} AND held_since IS NULL AND state = 'pending'", params, "held_since = %s", [now])


def release(enrollments: Enrollments, *, now: datetime) -> int:
    """The pause is over: what waited may leave, and is stale later by as long as it waited."""
    where, params = _of(enrollments)
    return _release(where, params, now)


def release_mailbox(mailbox_id: int, *, now: datetime) -> int:
    """The same for what waited while its mailbox did not work."""
    return _release("mailbox_id = %s", [mailbox_id], now)


def hold_mailbox(mailbox_id: int, *, now: datetime) -> int:
    """A mailbox does not work any more: its messages wait (semantics 2.33)."""
    return _update(
        "mailbox_id = %s AND held_since IS NULL AND state = 'pending'", [mailbox_id], "held_since = %s", [now]
    )


def hold_sending(member_id: int | None, *, since: datetime) -> int:
    """All sending (of a member) was stopped at ``since``: what has not left waits from then on."""
    where, params = _sent_by(member_id)
    values = [since]
    return _update(
        f"{where} AND state = 'pending' AND held_since IS NULL",
        params,
        "held_since = GREATEST(%s, made_at)",
        values,
    )


def release_sending(member_id: int | None, *, now: datetime) -> int:
    """Sending goes on. What a broken mailbox, a member's own stop or their absence keeps, waits on."""
    where, params = _sent_by(member_id)
    return _release(f"{where} AND {FREE}", params, now)


def _sent_by(member_id: int | None) -> tuple[str, list[Any]]:
    if member_id is None:
        return "true", []
    of_mailbox = "mailbox_id IN (SELECT id FROM messaging_mailbox WHERE member_id = %s)"
    return f"(sender_id = %s OR {of_mailbox})", [member_id, member_id]


FREE = """
    NOT EXISTS (SELECT FROM messaging_mailbox AS b WHERE b.id = mailbox_id AND b.state <> 'working')
    AND NOT EXISTS (SELECT FROM tenants_member AS u
                    WHERE u.id = sender_id AND NOT (u.is_active AND u.sending_paused_at IS NULL))
"""
"""Nothing but the caller's own reason keeps a message."""


def accept_all(now: datetime) -> int:
    """For simulation: everything that waits is handed over and accepted at ``now``, as a set; how many.

    No gate is asked: semantics 6.1, "every message is handed over the moment it is made, and accepted".
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """UPDATE messaging_message SET state = 'sent', sent_at = %(now)s, gate_at = %(now)s,
                      gate_seq = nextval('messaging_gate_seq')
               WHERE state = 'pending' RETURNING id""",
            {"now": now},
        )
        ids = sorted(id for (id,) in cursor.fetchall())
    sent.record(ids, at=now)
    return len(ids)


BY_HAND = (*("contact_id", "address_norm", "sender_id", "enrollment_id", "step_run_id"), "opportunity_id")
"""The columns that a SELECT for ``record_by_hand`` gives, by these names, in any order."""


def record_by_hand(
    select_sql: str, params: Sequence[Any] = (), *, mailing: Mailing, at: datetime, channel: str = "email"
) -> int:
    """Note that a person sent a message for each row of the SELECT; how many.

    A completed email_reminder or sms_reminder counts as sent, and what comes back attaches to it as to any other
    (semantics 2.30). It has no payload and was never in the hands of delivery.
    """
    columns = ", ".join(BY_HAND)
    with connection.cursor() as cursor:
        cursor.execute(
            f"""INSERT INTO messaging_message
                    (mailing_id, channel, state, made_at, due_at, sent_at, resolved_by, {columns})
                SELECT %s, %s, 'sent', %s, %s, %s, 'person', {columns} FROM ({select_sql}) AS given
                RETURNING id""",
            [mailing.pk, channel, at, at, at, *params],
        )
        ids = [id for (id,) in cursor.fetchall()]
    sent.record(ids, at=at, by_hand=True)
    return len(ids)


RESENT = "resent"
"""``resolved_by`` of a message that did not leave, or may not have, and that a person sent again."""


def make_again(old: Message, *, now: datetime) -> Message:
    """The pending message that a person wants instead of one that did not leave, or may not have
    (messaging.commands.messages.resend).

    The old one keeps that it was sent again. The bytes of the new one are made anew. It is stale after a day: the
    floor of sequences, which knows their days, is not asked.
    """
    Message.objects.filter(pk=old.pk).update(resolved_by=RESENT)
    new = Message.objects.create(
        mailing_id=old.mailing_id, contact_id=old.contact_id, opportunity_id=old.opportunity_id,
        sender_id=old.sender_id, mailbox_id=old.mailbox_id, enrollment_id=old.enrollment_id,
        step_run_id=old.step_run_id, channel=old.channel, address_norm=old.address_norm,
        resend_no=old.resend_no + 1, made_at=now, due_at=now, not_after=now + timedelta(days=1),
    )  # fmt: skip
    _note_due("id = %s", [new.pk])
    return new


def _of(enrollments: Enrollments) -> tuple[str, list[Any]]:
    if isinstance(enrollments, QuerySet):
        sql, params = enrollments.query.sql_with_params()
    elif isinstance(enrollments, tuple) and enrollments and isinstance(enrollments[0], str):
        sql, params = enrollments
    else:
        return "enrollment_id = ANY(%s)", [list(enrollments)]
    return f"enrollment_id IN ({sql})", list(params)


def _end(where: str, params: list[Any], *, state: str, reason: str, now: datetime) -> int:
    """Locks in order of id, as everything that locks many rows does."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""WITH locked AS (
                    SELECT id FROM messaging_message WHERE {where} AND state IN ('pending', 'leased')
                    ORDER BY id FOR UPDATE
                )
                UPDATE messaging_message SET state = %s, reason = %s, held_since = NULL, lease_token = NULL,
                       lease_until = NULL
                WHERE id IN (SELECT id FROM locked) RETURNING id""",
            [*params, state, reason],
        )
        ids = sorted(id for (id,) in cursor.fetchall())
    if ids:
        message_ended.send(sender=Message, ids=ids, state=state, reason=reason, at=now)
    return len(ids)


def _update(where: str, params: list[Any], assign: str, values: list[Any]) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            f"""WITH locked AS (SELECT id FROM messaging_message WHERE {where} ORDER BY id FOR UPDATE)
                UPDATE messaging_message SET {assign} WHERE id IN (SELECT id FROM locked)""",
            [*params, *values],
        )
        return cursor.rowcount


def _release(where: str, params: list[Any], now: datetime) -> int:
    found = _update(
        f"{where} AND held_since IS NOT NULL AND state = 'pending'",
        params,
        "not_after = not_after + GREATEST(%s - held_since, interval '0'), held_since = NULL",
        [now],
    )
    if found:
        _note_due(where, params)
    return found


def _note_due(where: str, params: list[Any]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            f"""WITH found AS (SELECT mailbox_id, due_at FROM messaging_message
                               WHERE {where} AND state = 'pending' AND held_since IS NULL)
                {doorbell.NOTE.format(work="found")}""",
            params,
        )
    doorbell.ring_on_commit()
