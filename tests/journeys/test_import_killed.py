"""An import whose worker is killed in the middle goes on: no row twice, none left out."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.utils.timezone import now

from audience.imports import jobs
from audience.models import Contact, ImportDue, ImportJob
from tenants.wall import use
from tests.factories import make_tenant
from tests.processes import Running, eventually

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

ROWS = 30_000


def test_an_import_goes_on_after_its_worker_was_killed(tmp_path: Path) -> None:
    tenant = make_tenant()
    rows = "".join(f"p{n}@x.example,Person {n}\n" for n in range(ROWS))

    def job() -> ImportJob:
        with use(tenant):
            return ImportJob.objects.get()

    with Running(tmp_path / "processes", "worker", "beat") as running:
        with use(tenant):
            made = jobs.open_import(
                by=None,
                data=f"email,first name\n{rows}".encode(),
                file_name="p.csv",
                kind="contact",
                at=now(),
            )
            jobs.start(made, by=None, at=now())
        eventually(lambda: job().done, "the first batch")
        running.kill("worker")
        left = job()
        assert left.state == "running" and 0 < left.done < ROWS
        running.start("worker")
        ImportDue.objects.update(due_at=now())  # as if the lease had run out
        eventually(lambda: job().is_over, "the end")
    done = job()
    assert (done.state, done.created, done.updated, done.refused) == ("done", ROWS, 0, 0)
    with use(tenant):
        found = list(Contact.objects.order_by("pk").values_list("email_norm", flat=True))
    assert found == [f"p{n}@x.example" for n in range(ROWS)]
