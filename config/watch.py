"""The four ages that show whether sending is alive (docs: `/readyz`, `doctor` and `/metrics`), and what goes with them.

The age of the last tick, of the oldest thing due, the leases that have run out, the messages nobody knows the end of.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime

from django.db import connection
from django.db.models import Min

from messaging.models import MailboxDue
from sequences.models import Schedule
from tenants.models import Tenant
from tenants.wall import use


@dataclass(frozen=True)
class Standing:
    """Messages of all tenants that have not come to their end."""

    waiting: int = 0
    """Pending, and held by no pause; also those that are due later."""
    leased: int = 0
    """Claimed by a worker, before the point of no return."""
    sending: int = 0
    """After it."""
    leases_expired: int = 0
    """Of the last two, those whose worker seems to be gone."""
    unknown: int = 0


COUNT = """
    SELECT (SELECT count(*) FROM messaging_message WHERE state = 'pending' AND held_since IS NULL) AS waiting,
           leased, sending, leases_expired,
           (SELECT count(*) FROM messaging_message WHERE state = 'unknown') AS unknown
    FROM (SELECT count(*) FILTER (WHERE state = 'leased') AS leased,
                 count(*) FILTER (WHERE state = 'sending') AS sending,
                 count(*) FILTER (WHERE lease_until < %s) AS leases_expired
          FROM messaging_message WHERE state IN ('leased', 'sending')) AS claimed
"""
"""Each part has a partial index of its own (a test asks the planner)."""


def oldest_due(now: datetime) -> datetime | None:
    """Since when the longest waiting run or mailbox is due; None if nothing is."""
    runs = Schedule.objects.filter(next_run_at__lte=now).aggregate(at=Min("next_run_at"))["at"]
    mailboxes = MailboxDue.objects.filter(due_at__lte=now).aggregate(at=Min("due_at"))["at"]
    return min((at for at in (runs, mailboxes) if at), default=None)


def standing(now: datetime) -> Standing:
    """Count through all tenants, one after the other: there is no view across the wall."""
    sums = [0] * len(fields(Standing))
    for tenant_id in Tenant.objects.values_list("pk", flat=True):
        with use(tenant_id), connection.cursor() as cursor:
            cursor.execute(COUNT, [now])
            sums = [total + one for total, one in zip(sums, cursor.fetchone(), strict=True)]
    return Standing(*sums)
