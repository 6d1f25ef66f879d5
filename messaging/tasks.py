"""Bells of delivery: one for a mailbox, never one for a message. A bell lost or rung twice changes nothing."""

from __future__ import annotations

import multiprocessing
import time
from datetime import datetime, timedelta
from typing import Any

import structlog
from celery import shared_task
from celery.signals import worker_shutting_down
from django.conf import settings
from django.db import OperationalError

from messaging import doorbell, due, reaper, restored, tracking
from messaging.crash import point
from messaging.delivery import visit
from messaging.leaving import in_order
from tenants.clock import database_now, steady

_shutting_down = multiprocessing.Event()
"""Shared with the pool's processes, which are forked later: a worker that is to end finishes its message and leaves."""


@worker_shutting_down.connect
def leave(**_: Any) -> None:
    """A deployment must not leave messages in doubt (R-004)."""
    _shutting_down.set()


@shared_task(ignore_result=True)
def deliver_due() -> None:
    """Ring once for each mailbox that has something to do, and sweep their tenants."""
    restored.look(now=database_now())
    found = due.mailboxes(now=database_now())
    for tenant_id in dict.fromkeys(tenant_id for tenant_id, _ in found):
        deliver_sweep.delay(tenant_id)
    for _ in found:
        doorbell.bell()


@shared_task(ignore_result=True)
def deliver_sweep(tenant_id: int) -> None:
    """Let what is stale expire, and what was left half told follow."""
    reaper.sweep(tenant_id, now=database_now())


@shared_task(ignore_result=True)
def deliver_next(
    tenant_id: int | None = None, mailbox_id: int | None = None, helpers: int | None = None
) -> None:
    """Visit the mailbox whose turn it is, for a while; if there is more, ring again at the end of the queue.

    Others wait meanwhile, so nobody stays longer than VISIT_SECONDS. Who finds much to do calls another to help, up to
    the number of the mailbox's connections; the arguments are a helper's.
    """
    point("C1")
    clock = steady()
    restored.look(now=clock())
    if tenant_id is None or mailbox_id is None:
        found = due.pick(now=clock(), until=clock() + timedelta(seconds=3 * settings.DELIVERY_SECONDS))
        if found is None:
            return
        tenant_id, mailbox_id = found
        structlog.contextvars.bind_contextvars(tenant=tenant_id)
    helpers = settings.MAILBOX_CONNECTIONS - 1 if helpers is None else helpers
    reaper.rescue(tenant_id, now=clock())
    if helpers and due.is_much(tenant_id, mailbox_id, now=clock()):
        doorbell.bell(tenant_id, mailbox_id, helpers - 1)
    until = time.monotonic() + settings.VISIT_SECONDS
    with in_order() as is_told:
        visit(
            tenant_id,
            mailbox_id,
            clock=clock,
            ending=lambda: is_told() or _shutting_down.is_set() or time.monotonic() > until,
        )
    if time.monotonic() > until:
        doorbell.bell()


@shared_task(ignore_result=True, autoretry_for=(OperationalError,), retry_backoff=1, max_retries=8)
def record_later(token: str, method: str, headers: dict[str, str], at: str) -> None:
    """Take in an open or click that could not be written down at once."""
    followed = tracking.target(token)
    if followed is not None:
        tracking.record(followed, tracking.Seen(method, headers, datetime.fromisoformat(at)))
