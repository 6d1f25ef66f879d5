"""Tasks of the audience: shells around functions, with the clock in hand."""

from __future__ import annotations

from datetime import timedelta

from celery import shared_task
from celery.exceptions import SoftTimeLimitExceeded
from django.db import OperationalError
from django.utils import timezone

from tenants.models import Tenant
from tenants.wall import use

LONGEST = timedelta(minutes=10)
"""Then a long import makes way for other work and rings for itself again."""


@shared_task
def work_import(tenant_id: int, job_id: int) -> None:
    """Check or work an import to its end. Ringing twice does no harm: who comes second goes away again."""
    from audience.imports.checking import turns_of
    from audience.imports.work import fail

    with use(tenant_id):
        work = turns_of(job_id)
    until = timezone.now() + LONGEST
    more = True
    try:
        while more and timezone.now() < until:
            with use(tenant_id):
                more = work.step(now=timezone.now())
    except (OperationalError, SoftTimeLimitExceeded):
        raise  # the database or this process goes away; another worker goes on
    except Exception as error:
        with use(tenant_id):
            fail(job_id, f"Stopped by a fault of the program ({type(error).__name__}).", now=timezone.now())
        raise
    if more:
        with use(tenant_id):
            work.release(now=timezone.now())
        work_import.delay(tenant_id, job_id)


@shared_task
def work_due_imports() -> None:
    """Ring for every import that is due: its bell was lost, or its worker killed."""
    from audience.models import ImportDue

    for tenant_id, job_id in ImportDue.objects.filter(due_at__lte=timezone.now()).values_list(
        "tenant_id", "job_id"
    ):
        work_import.delay(tenant_id, job_id)


@shared_task
def sweep_imports() -> None:
    """Throw away uploads that nobody imported, old refused rows, and filters long unused, in every workspace."""
    from audience import kept
    from audience.imports.sweep import sweep

    for tenant_id in Tenant.objects.order_by("pk").values_list("pk", flat=True):
        with use(tenant_id):
            sweep(now=timezone.now())
            kept.sweep(now=timezone.now())


@shared_task
def work_records(tenant_id: int, job_id: int) -> None:
    """Work a job on many records to its end, as ``work_import`` does an import."""
    from audience.bulk.work import fail, step

    until, more = timezone.now() + LONGEST, True
    try:
        while more and timezone.now() < until:
            with use(tenant_id):
                more = step(job_id, now=timezone.now())
    except (OperationalError, SoftTimeLimitExceeded):
        raise
    except Exception as error:
        with use(tenant_id):
            fail(job_id, f"Stopped by a fault of the program ({type(error).__name__}).", now=timezone.now())
        raise
    if more:
        work_records.delay(tenant_id, job_id)


@shared_task
def work_due_records() -> None:
    """Ring for every job that is due: its bell was lost, its worker killed, or its file is old."""
    from audience.bulk.work import throw_away
    from audience.models import RecordJobDue

    due = RecordJobDue.objects.filter(due_at__lte=timezone.now())
    for tenant_id, job_id in due.values_list("tenant_id", "job_id"):
        with use(tenant_id):
            throw_away(job_id)
        work_records.delay(tenant_id, job_id)


@shared_task
def build_index(record: str, column: str, is_slot: bool) -> None:
    """Build an index on demand, outside of any transaction. Ringing twice does no harm."""
    from audience.indexes import build

    build(record, column, is_slot=is_slot)
