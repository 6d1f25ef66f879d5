"""The doorbell of delivery: that there is something to do for a mailbox, noted in the database and rung by Celery.

The note (MailboxDue) is the truth and stands outside the wall, so that one query finds all of it; a lost ring costs
ten seconds until the beat looks, a second one costs nothing.
"""

from __future__ import annotations

from functools import partial

import structlog
from celery import current_app
from django.conf import settings
from django.db import transaction
from django.db.models.functions import Now
from kombu.exceptions import OperationalError

from messaging.models import MailboxDue
from tenants.wall import current_id

log = structlog.get_logger()
VISIT = "messaging.tasks.deliver_next"
NOTE = """
    INSERT INTO messaging_mailboxdue (tenant_id, mailbox_id, due_at)
    SELECT NULLIF(current_setting('app.tenant', true), '')::bigint, mailbox_id, min(due_at)
    FROM {work} WHERE mailbox_id IS NOT NULL GROUP BY mailbox_id ORDER BY mailbox_id
    ON CONFLICT (tenant_id, mailbox_id)
    DO UPDATE SET due_at = LEAST(messaging_mailboxdue.due_at, EXCLUDED.due_at)
"""
"""SQL: bring mailboxes forward to the earliest due_at of ``work``, which has mailbox_id and due_at."""


def ring_on_commit() -> None:
    """Ring once the transaction has committed. Nothing rings for one that is rolled back."""
    transaction.on_commit(partial(ring, current_id()), robust=True)


def ring(tenant_id: int) -> None:
    """Ring for each mailbox of a tenant that has something to do. Redis may be away: beat rings, too."""
    due = MailboxDue.objects.filter(tenant_id=tenant_id, due_at__lte=Now()).count()
    try:
        for _ in range(due):
            bell()
    except OperationalError as trouble:
        log.warning("bell not rung; beat will", tenant=tenant_id, trouble=str(trouble))


def bell(*helping: int) -> None:
    """Have a worker look for a mailbox to visit; or help at one: tenant, mailbox, and how many more may.

    A bell that nobody hears is not kept.
    """
    current_app.send_task(VISIT, helping, expires=max(60.0, settings.DELIVERY_SECONDS), retry=False)
