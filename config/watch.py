"""The four ages that show whether sending is alive (docs: `/readyz` and `doctor`).

The age of the last tick, of the oldest thing due, the leases that have run out, the messages nobody knows the end of.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Min

from messaging.models import MailboxDue, Message
from sequences.models import Schedule
from tenants.models import Tenant
from tenants.wall import use


@dataclass(frozen=True)
class Leftovers:
    """Messages of all tenants whose lease has run out, and those whose end is unknown."""

    leases_expired: int
    unknown: int


def oldest_due(now: datetime) -> datetime | None:
    """Since when the longest waiting run or mailbox is due; None if nothing is."""
    runs = Schedule.objects.filter(next_run_at__lte=now).aggregate(at=Min("next_run_at"))["at"]
    mailboxes = MailboxDue.objects.filter(due_at__lte=now).aggregate(at=Min("due_at"))["at"]
    return min((at for at in (runs, mailboxes) if at), default=None)


def leftovers(now: datetime) -> Leftovers:
    """Count through all tenants, one after the other: there is no view across the wall."""
    expired = unknown = 0
    for tenant_id in Tenant.objects.values_list("pk", flat=True):
        with use(tenant_id):
            expired += Message.objects.filter(state__in=["leased", "sending"], lease_until__lt=now).count()
            unknown += Message.objects.filter(state="unknown").count()
    return Leftovers(expired, unknown)
