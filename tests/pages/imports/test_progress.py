"""An import under way: progress that survives a reload, its end, stopping it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection
from django.test import Client
from django.utils.timezone import now

from audience import tasks
from audience.imports.work import Work
from audience.models import Contact, ImportDue, ImportFile, ImportJob
from tenants.wall import use
from tests.factories import make_tenant
from tests.pages.imports.importing import FORM, started, upload, work
from tests.pages.somebody import Somebody, words

pytestmark = pytest.mark.django_db


def test_progress_survives_a_reload_and_ends_with_the_result(me: Somebody) -> None:
    path = started(me)
    work(me, path, size=1, steps=2)
    for _ in range(2):
        html = me.get(path)
        assert f'hx-get="{path}progress/"' in html and "2 of 3" in words(html)
    part = me.get(f"{path}progress/", **{"HX-Request": "true"})
    assert 'id="import-state" hx-swap-oob="true"' in part and "Running" in words(part)
    assert "2 of 3" in words(part) and "1 row refused so far" in words(part)
    work(me, path)  # another worker, and the lease of the first one is not over
    assert "2 of 3" in words(me.get(path))
    with use(me.tenant):
        Work(int(path.split("/")[-2])).release(now=now())
    work(me, path)
    last = me.client.get(f"{path}progress/")
    assert (last.status_code, last["HX-Refresh"]) == (286, "true")
    said = words(me.get(path))
    assert "Created 2 Updated 0 Skipped 0 Refused 1" in said
    assert "nobody" in said and "is no email address" in said
    assert "Done" in words(me.get("/imports/"))


def test_an_import_is_started_once(me: Somebody) -> None:
    path = started(me)
    response = me.client.post(f"{path}start/", {"column-0": "email", "on_duplicate": "create"}, follow=True)
    assert "This import was started already." in response.content.decode()
    me.client.post(f"{path}reread/", {"encoding": "cp1250"})
    with use(me.tenant):
        assert ImportJob.objects.get().encoding == "utf-8"


@pytest.mark.django_db(transaction=True)
def test_of_clicks_at_once_one_starts_the_import() -> None:
    me = Somebody(Client(), make_tenant())
    path = upload(me)

    def click(_: int) -> int:
        status = me.client.post(f"{path}start/", FORM).status_code
        connection.close()
        return status

    with ThreadPoolExecutor(4) as several:
        assert set(several.map(click, range(4))) == {302}
    work(me, path)
    assert "Created 2 Updated 0 Skipped 0 Refused 1" in words(me.get(path))


def test_the_task_works_an_import_to_its_end(me: Somebody) -> None:
    path = started(me)
    job_id = int(path.split("/")[-2])
    tasks.work_import(me.tenant.pk, job_id)
    tasks.work_import(me.tenant.pk, job_id)
    with use(me.tenant):
        assert ImportJob.objects.get().state == "done"
        assert Contact.objects.count() == 2


def test_a_fault_of_the_program_ends_the_import_and_is_shown(me: Somebody) -> None:
    path = started(me)
    with use(me.tenant):
        ImportFile.objects.update(data=b"no longer a packed file")
    with pytest.raises(Exception, match="header"):
        tasks.work_import(me.tenant.pk, int(path.split("/")[-2]))
    said = words(me.get(path))
    assert "The import stopped." in said and "Stopped by a fault of the program" in said


def test_an_import_that_was_not_started_is_deleted_and_one_that_was_is_stopped(me: Somebody) -> None:
    path = upload(me)
    assert me.client.post(f"{path}discard/")["Location"] == "/imports/"
    with use(me.tenant):
        assert not ImportJob.objects.exists() and not ImportFile.objects.exists()
    path = started(me)
    work(me, path, size=1, steps=1)
    me.client.post(f"{path}discard/")
    said = words(me.get(path))
    assert f"{me.member.name} stopped it. 1 of 3 rows are in" in said
    work(me, path)
    with use(me.tenant):
        assert (Contact.objects.count(), ImportFile.objects.count(), ImportDue.objects.count()) == (1, 0, 0)
