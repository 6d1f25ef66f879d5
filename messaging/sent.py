"""What follows from a message having been handed over: the fact, the activity fields, the signal. Set-wise.

Delivery writes the fact with the result, and a note that the rest is to follow (Untold); it follows for a batch at a
time, since what can be done to a set costs a message almost nothing.
"""

from __future__ import annotations

from datetime import datetime

from django.db import connection
from django.db.models.expressions import RawSQL

from audience import activity
from messaging.models import Message
from messaging.signals import messages_sent

IN_DOUBT = """
    SELECT m.step_run_id FROM messaging_message AS m
    WHERE m.state = 'unknown' AND m.step_run_id IS NOT NULL AND NOT EXISTS (
        SELECT 1 FROM messaging_message AS other
        WHERE other.step_run_id = m.step_run_id AND other.channel = m.channel AND other.state = 'sent')
"""
"""The step runs of which nobody knows whether their message arrived: rates do not count them (reliability §2)."""


def record(ids: list[int], *, at: datetime, by_hand: bool = False) -> None:
    """Write down that these were sent at ``at``, all of it, in the caller's transaction."""
    if not ids:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            """INSERT INTO activities_fact (kind, at, contact_id, account_id, message_id, enrollment_id, member_id)
               SELECT 'sent', %s, m.contact_id, c.account_id, m.id, m.enrollment_id, m.sender_id
               FROM messaging_message m JOIN audience_contact c ON c.id = m.contact_id
               WHERE m.id = ANY(%s) ORDER BY m.id""",
            [at, ids],
        )
    _follow(ids, at=at, by_hand=by_hand)


def tell(
    ids: list[int] | None = None, *, contact_id: int | None = None, before: datetime | None = None
) -> int:
    """Let the rest follow for those that were sent and not told yet; how many. In the caller's transaction.

    Of a batch, of a contact (before anything that comes back is taken in), or of what a dead worker left (``before``).
    The signal's instant is that of the first of them; a batch is told within a second or two.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """WITH those AS (
                   SELECT id FROM messaging_untold
                   WHERE (%(ids)s::bigint[] IS NULL OR message_id = ANY(%(ids)s))
                     AND (%(contact)s::bigint IS NULL OR contact_id = %(contact)s)
                     AND (%(before)s::timestamptz IS NULL OR at < %(before)s)
                   ORDER BY id FOR UPDATE
               )
               DELETE FROM messaging_untold WHERE id IN (SELECT id FROM those) RETURNING message_id, at""",
            {"ids": ids, "contact": contact_id, "before": before},
        )
        found = cursor.fetchall()
    if found:
        _follow(sorted(id for id, _ in found), at=min(at for _, at in found))
    return len(found)


def presume(ids: list[int]) -> None:
    """Nobody knows whether these were sent: for everything that is planned they were, at their gate (reliability §2).

    The activity fields say so; the timeline says nothing before something comes back. After ``message_ended``, by
    which the stays know.
    """
    found = Message.objects.filter(pk__in=ids, gate_at__isnull=False).order_by("contact_id", "pk")
    for contact_id, channel, at in found.values_list("contact_id", "channel", "gate_at"):
        assert at is not None
        activity.mark([contact_id], "sent", at, type="SMS" if channel == "sms" else None)


def _follow(ids: list[int], *, at: datetime, by_hand: bool = False) -> None:
    """Stays and their step runs first, then contacts and accounts: the order of all locks."""
    messages_sent.send(sender=Message, ids=ids, at=at)
    # One parameter, however many they are: a list of 200,000 would be written out in each of the statements.
    found = Message.objects.filter(pk__in=RawSQL("SELECT unnest(%s::bigint[])", [ids]))
    channels = set(found.order_by().values_list("channel", flat=True).distinct())
    for channel, type_ in (("email", "Email" if by_hand else None), ("sms", "SMS")):
        if channel in channels:
            activity.mark(found.filter(channel=channel).values("contact_id"), "sent", at, type=type_)
