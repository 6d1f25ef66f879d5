"""Working a job on many records, batch by batch.

A batch and how far the job is are one transaction under the lock of the job's row. So a worker that is killed loses its
batch and nothing else, and no record is done twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.db import transaction
from django.db.models import Max, QuerySet

from audience.bulk.registry import VERBS, CannotDo, TooMany, Verb
from audience.bulk.sources import SOURCES
from audience.lists import count_of
from audience.models import RecordJob, RecordJobDue, RecordJobPart
from audience.tasks import work_records
from tenants.commands import audit
from tenants.confirming import is_confirmed
from tenants.models import Member
from tenants.policy import can, require
from tenants.wall import current_id

AT_ONCE = 200
"""So many records that were picked are done while one waits; more go to the background."""

LEASE = timedelta(seconds=60)
"""After so long without a batch, a job is taken for abandoned and rung for again."""

KEPT = timedelta(days=7)
"""How long the file of an export is kept."""


def start(
    *,
    by: Member,
    record: str,
    verb: Verb,
    arguments: Mapping[str, Any],
    at: datetime,
    ids: Iterable[int] | None = None,
    query: str = "",
    confirmed: int | None = None,
) -> RecordJob:
    """Ask for a verb on the records picked (``ids``) or on all whom the query of a list asks for.

    Few are done at once, in the caller's transaction; many by the workers. Raises TooMany where the verb asks for the
    number of many and ``confirmed``, as a person typed it, is not theirs.
    """
    require(by, verb.permission)
    picked = None if ids is None else sorted(set(ids))
    job = RecordJob(
        record=record, verb=verb.key, arguments=dict(arguments), said=verb.said(record, arguments), owner=by
    )
    job.ids, job.filter, job.made_at = picked, query, at
    job.up_to = SOURCES[record].rows.aggregate(newest=Max("pk"))["newest"] or 0
    job.total = count_of(_asked_for(job, by))
    if verb.asks_number and not is_confirmed(job.total, confirmed):
        raise TooMany(job.total)
    job.save()
    audit(by=by, verb=f"records.{verb.key}", obj=job, at=at, said=job.said, records=job.total, filter=query)
    if picked is not None and len(picked) <= AT_ONCE:
        with transaction.atomic():
            while step(job.pk, now=at):
                pass
        job.refresh_from_db()
        return job
    RecordJobDue.objects.create(tenant_id=current_id(), job_id=job.pk, due_at=at + LEASE)
    transaction.on_commit(partial(work_records.delay, current_id(), job.pk), robust=True)
    return job


def step(job_id: int, *, now: datetime, size: int | None = None) -> bool:
    """Work the next batch in the transaction of the caller's ``use()``. False when nothing is left to do here."""
    found = RecordJob.objects.select_for_update(no_key=True, skip_locked=True).filter(pk=job_id)
    job = found.select_related(None).first()
    if job is None or job.is_over:
        return False
    job.state, job.started_at = RecordJob.RUNNING, job.started_at or now
    try:
        _take(job, size, now)
    except CannotDo as refused:
        _end(job, RecordJob.FAILED, now, str(refused))
    job.save()
    return not job.is_over


def _take(job: RecordJob, size: int | None, now: datetime) -> None:
    verb, by = VERBS.get(job.verb), _member(job)
    if verb is None or by is None or not can(by, verb.permission):
        raise CannotDo("Who asked for it may not do this any more.")
    size = size or verb.batch
    ahead = _asked_for(job, by).filter(pk__gt=job.last_id)
    ids = list(ahead.order_by("pk").values_list("pk", flat=True)[:size])
    mine = verb.reached(by, SOURCES[job.record].rows.filter(pk__in=ids)).order_by("pk")
    reached = list(mine.values_list("pk", flat=True)) if ids else []
    with transaction.atomic():
        changed = (
            verb.apply(job.record, reached, job.arguments | {"job": job.pk}, by=by, at=now) if reached else 0
        )
    job.done += len(ids)
    job.changed += changed
    job.left_out += len(ids) - changed
    if len(ids) < size:
        _end(job, RecordJob.DONE, now)
    else:
        job.last_id = ids[-1]
        _due(job).update(due_at=now + LEASE)


def _asked_for(job: RecordJob, by: Member) -> QuerySet[Any]:
    """The records of the job: those picked that the member may see, or all of the list as it was then."""
    source = SOURCES[job.record]
    if job.ids is not None:
        return source.picked(by, job.ids)
    return source.listed(by, job.filter, at=job.made_at).filter(pk__lte=job.up_to)


def _member(job: RecordJob) -> Member | None:
    found = Member.objects.select_related("role", "team", "user").filter(is_active=True)
    return found.filter(pk=job.owner_id or 0).first()


def _end(job: RecordJob, state: str, now: datetime, problem: str = "") -> None:
    job.state, job.problem, job.finished_at = state, problem, now
    if state == RecordJob.DONE:
        job.total = job.done
    if RecordJobPart.objects.filter(job=job).exists():
        values = {"due_at": now + KEPT}
        RecordJobDue.objects.update_or_create(tenant_id=current_id(), job_id=job.pk, defaults=values)
    else:
        _due(job).delete()


def stop(*, job: RecordJob, by: Member, now: datetime) -> bool:
    """End a job that is under way; what is done stays. False when it is over."""
    row = RecordJob.objects.select_for_update(no_key=True).get(pk=job.pk)
    if row.is_over:
        return False
    _end(row, RecordJob.STOPPED, now)
    row.save()
    audit(by=by, verb="records.stop", obj=row, at=now, said=row.said, done=row.done)
    return True


def fail(job_id: int, problem: str, *, now: datetime) -> None:
    """End a job that cannot go on. What is done stays, and is counted."""
    job = RecordJob.objects.select_for_update(no_key=True).get(pk=job_id)
    if not job.is_over:
        _end(job, RecordJob.FAILED, now, problem)
        job.save()


def throw_away(job_id: int) -> None:
    """Delete the file of a job whose time is over."""
    job = RecordJob.objects.filter(pk=job_id).first()
    if job is not None and job.is_over:
        RecordJobPart.objects.filter(job=job).delete()
        _due(job).delete()


def _due(job: RecordJob) -> QuerySet[RecordJobDue]:
    return RecordJobDue.objects.filter(tenant_id=current_id(), job_id=job.pk)
