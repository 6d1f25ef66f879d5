"""Messages that are due, but not in the window of their recipient's day (semantics 2.36)."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from audience.models import Contact
from messaging import results
from messaging.claim import Claimed, Lease
from messaging.line import transact
from messaging.models import Mailing
from messaging.windows import opening, zone_of

ONE_DAY = timedelta(days=1)


def wait_for_windows(lease: Lease, batch: list[Claimed], *, now: datetime) -> int:
    """Put those off whose recipient's window is closed, until it opens; how many. In the caller's transaction.

    Days, limit and trace stay those of the run: only the message waits.
    """
    windows = {
        pk: (start, end, ZoneInfo(zone or "UTC"))
        for pk, start, end, zone in Mailing.objects.filter(pk__in={m.mailing_id for m in batch}).values_list(
            "pk", "window_start", "window_end", "window_zone"
        )
        if start is not None and end is not None
    }
    concerned = [m for m in batch if m.mailing_id in windows]
    people = {
        pk: (timezone, country)
        for pk, timezone, country in Contact.objects.filter(
            pk__in={m.contact_id for m in concerned}
        ).values_list("pk", "timezone", "country")
    }
    waiting = 0
    for message in concerned:
        start, end, fallback = windows[message.mailing_id]
        opens = opening(now, start, end, zone_of(*people[message.contact_id], fallback))
        if opens is not None:
            closes = opens + _length(start, end)
            transact(lease.tenant_id, results.delayed(lease, message, due_at=opens, not_after=closes))
            waiting += 1
    return waiting


def _length(start: time, end: time) -> timedelta:
    minutes = (end.hour - start.hour) * 60 + end.minute - start.minute
    return timedelta(minutes=minutes) if minutes > 0 else timedelta(minutes=minutes) + ONE_DAY
