"""Working an import batch by batch, by workers that die."""

from __future__ import annotations

from datetime import timedelta

import pytest

from audience.imports.work import Work
from audience.models import Contact, ImportDue, ImportFile, ImportJob
from tenants.models import Tenant
from tenants.wall import use
from tests.apps.audience.importing import begin, counts, opened, worked
from tests.factories import NOW


def test_an_import_goes_on_where_a_killed_worker_left_it(tenant: Tenant) -> None:
    rows = "".join(f"p{n}@x.example,P{n}\n" for n in range(10))
    job = opened(f"email,first name\n{rows}")
    begin(job)
    assert Work(job.pk, size=4).step(now=NOW)  # then it is killed
    job.refresh_from_db()
    assert (job.state, job.done, job.created, Contact.objects.count()) == ("running", 4, 4, 4)
    assert not Work(job.pk, size=4).step(now=NOW + timedelta(seconds=59)), "somebody may still be at it"
    other = Work(job.pk, size=4)
    later = NOW + timedelta(seconds=60)
    assert [other.step(now=later), other.step(now=later), other.step(now=later)] == [True, False, False]
    job.refresh_from_db()
    assert counts(job) == {"created": 10}
    assert sorted(Contact.objects.values_list("first_name", flat=True)) == [f"P{n}" for n in range(10)]
    assert job.finished_at == later
    assert not ImportFile.objects.exists() and not ImportDue.objects.exists()


def test_a_batch_that_fails_leaves_nothing_of_itself(tenant: Tenant) -> None:
    job = opened("email\na@x.example\nb@x.example\n")
    begin(job)
    with pytest.raises(RuntimeError), use(tenant):
        Work(job.pk, size=1).step(now=NOW)
        raise RuntimeError
    assert Contact.objects.count() == 0
    assert counts(worked(job, size=1)) == {"created": 2}


def test_who_comes_second_to_an_import_goes_away(tenant: Tenant) -> None:
    job = opened("email\na@x.example\nb@x.example\nc@x.example\n")
    begin(job)
    first, late = Work(job.pk, size=1), NOW + timedelta(minutes=5)
    assert first.step(now=NOW)
    second = Work(job.pk, size=1)
    assert second.step(now=late)
    assert not first.step(now=late), "the other one is at it now"
    assert counts(worked_by(second, job)) == {"created": 3}


def worked_by(work: Work, job: ImportJob) -> ImportJob:
    while work.step(now=NOW):
        pass
    job.refresh_from_db()
    return job
