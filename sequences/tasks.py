"""Bells. What is due stands in the database: a bell that is lost or rung twice changes nothing."""

from __future__ import annotations

from celery import shared_task

from messaging import restored
from sequences import ticking
from sequences.forecast import jobs
from tenants.clock import database_now
from tenants.wall import use


@shared_task(ignore_result=True)
def tick() -> None:
    """Ring one task for each tenant in which something is due."""
    restored.look(now=database_now())
    for tenant_id in ticking.tenants_due(database_now()):
        tick_tenant.delay(tenant_id)


@shared_task(ignore_result=True)
def tick_tenant(tenant_id: int) -> None:
    """Work everything that is due in one tenant."""
    ticking.work_tenant(tenant_id, now=database_now())


@shared_task(ignore_result=True)
def make_forecast(tenant_id: int, sequence_id: int, token: str) -> None:
    """Live through the days to come for somebody who waits for it."""
    with use(tenant_id):
        is_early = jobs.work(sequence_id, token, now=database_now())
    if is_early:
        make_forecast.apply_async((tenant_id, sequence_id, token), countdown=jobs.AGAIN.total_seconds())
