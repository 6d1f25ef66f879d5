"""What became of messages that passed the gate (reliability §3.2, C7 to C9)."""

from __future__ import annotations

from datetime import datetime

from django.db.models import F

from messaging import sent
from messaging.models import Message


def resolve_unknown(message_id: int, *, by: str, at: datetime) -> bool:
    """Something came back that only a delivered message can cause: an unknown one was sent, at its gate."""
    found = Message.objects.filter(pk=message_id, state="unknown").update(
        state="sent", sent_at=F("gate_at"), resolved_by=by
    )
    if found:
        sent.record([message_id], at=at)
    return bool(found)
