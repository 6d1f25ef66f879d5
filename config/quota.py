"""The meter in the sidebar: how much of a member's daily sending is used."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from messaging.models import Mailbox, SenderUsage
from messaging.waits import Wait, why_rests
from tenants.localtime import local_date
from tenants.models import Member

SHORT_REST = timedelta(minutes=2)
"""What nobody need be told of: it is over before they have looked."""


@dataclass(frozen=True)
class Quota:
    """Automatic e-mails made for a sender today, of those allowed (semantics 2.29), and where they leave from."""

    sent: int
    limit: int
    sender: str
    trouble: Wait | None = None
    """Why nothing leaves there now, where that is more than a short rest."""


def quota_of(member: Member, now: datetime) -> Quota | None:
    """The quota of a member who has a mailbox; None for others: nothing can leave in their name."""
    boxes = Mailbox.objects.filter(member=member).exclude(state=Mailbox.OFF)
    box = boxes.order_by("-is_default", "pk").first()
    if box is None:
        return None
    day = local_date(now, member.timezone)
    made = SenderUsage.objects.filter(sender=member, day=day).values_list("made", flat=True).first()
    trouble = why_rests(box, now=now)
    if trouble and trouble.until and trouble.until - now <= SHORT_REST:
        trouble = None
    return Quota(made or 0, member.daily_limit, box.email, trouble)
