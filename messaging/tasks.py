"""Bells of delivery: one for a mailbox, never one for a message. A bell lost or rung twice changes nothing."""

from __future__ import annotations

import multiprocessing
import time
from datetime import datetime
from typing import Any

from celery import shared_task
from celery.signals import worker_shutting_down
from django.conf import settings
from django.db import OperationalError
from django.utils.timezone import now

from messaging import doorbell, due, reaper, tracking
from messaging.crash import point
from messaging.delivery import visit
from messaging.leaving import in_order

_shutting_down = multiprocessing.Event()
"""Shared with the pool's processes, which are forked later: a worker that is to end finishes its message and leaves."""


@worker_shutting_down.connect
def leave(**_: Any) -> None:
    """A deployment must not leave messages in doubt (R-004)."""
    _shutting_down.set()


@shared_task(ignore_result=True)
def deliver_due() -> None:
    """Ring for each mailbox that has something to do."""
    for tenant_id, mailbox_id in due.mailboxes(now=now()):
        doorbell.visit(tenant_id, mailbox_id)


@shared_task(ignore_result=True)
def deliver_mailbox(tenant_id: int, mailbox_id: int, helpers: int | None = None) -> None:
    """Send what is due from one mailbox for a while; if there is more, ring again at the end of the queue.

    Others wait meanwhile, so nobody stays longer than VISIT_SECONDS (R-022). The first one that finds much to do calls
    another to help, up to the number of the mailbox's connections.
    """
    point("C1")
    helpers = settings.MAILBOX_CONNECTIONS - 1 if helpers is None else helpers
    reaper.reap(tenant_id, now=now())
    if helpers and due.is_much(tenant_id, mailbox_id, now=now()):
        doorbell.visit(tenant_id, mailbox_id, helpers=helpers - 1)
    until = time.monotonic() + settings.VISIT_SECONDS
    with in_order() as is_told:
        visit(
            tenant_id,
            mailbox_id,
            clock=now,
            ending=lambda: is_told() or _shutting_down.is_set() or time.monotonic() > until,
        )
    if time.monotonic() > until and (tenant_id, mailbox_id) in due.mailboxes(now=now(), tenant_id=tenant_id):
        doorbell.visit(tenant_id, mailbox_id, helpers=0)


@shared_task(ignore_result=True, autoretry_for=(OperationalError,), retry_backoff=1, max_retries=8)
def record_later(token: str, method: str, headers: dict[str, str], at: str) -> None:
    """Take in an open or click that could not be written down at once."""
    followed = tracking.target(token)
    if followed is not None:
        tracking.record(followed, tracking.Seen(method, headers, datetime.fromisoformat(at)))
