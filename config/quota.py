"""The meter in the sidebar: how much of a member's daily sending is used."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from messaging.models import Mailbox, SenderUsage
from tenants.localtime import local_date
from tenants.models import Member


@dataclass(frozen=True)
class Quota:
    """Automatic e-mails made for a sender today, of those allowed (semantics 2.29), and where they leave from."""

    sent: int
    limit: int
    sender: str


def quota_of(member: Member, now: datetime) -> Quota | None:
    """The quota of a member who has a mailbox; None for others: nothing can leave in their name."""
    boxes = Mailbox.objects.filter(member=member).exclude(state=Mailbox.OFF)
    box = boxes.order_by("-is_default", "pk").values_list("email", flat=True).first()
    if box is None:
        return None
    day = local_date(now, member.timezone)
    made = SenderUsage.objects.filter(sender=member, day=day).values_list("made", flat=True).first()
    return Quota(made or 0, member.daily_limit, box)
