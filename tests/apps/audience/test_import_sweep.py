"""Uploads that nobody imported are thrown away after 7 days, refused rows 90 days after the import."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.test import Client
from django.utils import timezone

from audience.imports.jobs import check, open_import
from audience.imports.sweep import sweep
from audience.models import ImportDue, ImportFile, ImportJob, ImportRefusal
from audience.tasks import sweep_imports
from tenants.models import Tenant
from tenants.wall import use
from tests.factories import NOW, make_tenant
from tests.pages.somebody import Somebody, words

pytestmark = pytest.mark.django_db

CSV = b"Email\nann@x.example\n"
DAY = timedelta(days=1)


def uploaded(at: datetime) -> ImportJob:
    return open_import(by=None, data=CSV, file_name="a.csv", kind="contact", at=at)


def finished(at: datetime) -> ImportJob:
    job = ImportJob.objects.create(
        file_name="b.csv", state=ImportJob.DONE, refused=1, total=1, done=1, made_at=at, finished_at=at
    )
    ImportRefusal.objects.create(job=job, line=2, reason="no name", cells=["x"])
    return job


def test_what_was_never_begun_goes_after_seven_days_with_its_file(tenant: Tenant) -> None:
    old, checked, young = uploaded(NOW), uploaded(NOW), uploaded(NOW + DAY)
    check(checked, at=NOW)
    assert sweep(now=NOW + 7 * DAY) == (0, 0), "not yet"
    assert sweep(now=NOW + 7 * DAY + timedelta(seconds=1)) == (2, 0)
    assert list(ImportJob.objects.all()) == [young]
    assert set(ImportFile.objects.values_list("job", flat=True)) == {young.pk}
    assert not ImportDue.objects.filter(job_id__in=[old.pk, checked.pk]).exists()


def test_an_import_that_was_begun_stays_however_old(tenant: Tenant) -> None:
    for state in (ImportJob.QUEUED, ImportJob.RUNNING, ImportJob.DONE, ImportJob.FAILED):
        ImportJob.objects.filter(pk=uploaded(NOW).pk).update(state=state, finished_at=NOW)
    assert sweep(now=NOW + 1000 * DAY) == (0, 0)
    assert ImportJob.objects.count() == 4
    left = ImportJob.objects.filter(pk__in=ImportFile.objects.values("job"))
    assert set(left.values_list("state", flat=True)) == {ImportJob.QUEUED, ImportJob.RUNNING}


def test_refused_rows_go_and_their_number_stays(tenant: Tenant) -> None:
    old, young = finished(NOW), finished(NOW + DAY)
    assert sweep(now=NOW + 90 * DAY + timedelta(hours=1)) == (0, 1)
    assert set(ImportRefusal.objects.values_list("job", flat=True)) == {young.pk}
    old.refresh_from_db()
    assert old.refused == 1


def test_beat_sweeps_every_workspace(db: None) -> None:
    tenants = [make_tenant(), make_tenant()]
    for tenant in tenants:
        with use(tenant):
            uploaded(timezone.now() - 8 * DAY)
            uploaded(timezone.now())
    sweep_imports()
    for tenant in tenants:
        with use(tenant):
            assert ImportJob.objects.count() == 1


def test_the_page_says_that_the_rows_are_no_longer_kept(client: Client) -> None:
    me = Somebody(client, make_tenant())
    with use(me.tenant):
        job = finished(NOW)
        assert "no longer kept" not in words(me.get(f"/imports/{job.pk}/"))
        sweep(now=NOW + 100 * DAY)
    assert "The refused rows are no longer kept" in words(me.get(f"/imports/{job.pk}/"))
