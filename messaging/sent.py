"""What follows from a message having been handed over: the fact, the activity fields, the signal. Set-wise."""

from __future__ import annotations

from datetime import datetime

from django.db import connection

from messaging import marks
from messaging.models import Message
from messaging.signals import messages_sent


def record(ids: list[int], *, at: datetime, by_hand: bool = False) -> None:
    """Write down that these were sent at ``at``, in the caller's transaction (reliability §3.2, C8)."""
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
    found = Message.objects.filter(pk__in=ids)
    marks.mark(
        found.filter(channel="email").values("contact_id"), "sent", at, type="Email" if by_hand else None
    )
    marks.mark(found.filter(channel="sms").values("contact_id"), "sent", at, type="SMS")
    messages_sent.send(sender=Message, ids=ids, at=at)
