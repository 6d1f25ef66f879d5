"""Checking first: what an import would do, before it does it."""

from __future__ import annotations

import pytest
from django.utils.timezone import now

from audience import tasks
from audience.catalogue import make_field
from audience.conditions.types import FieldType
from audience.imports import jobs
from audience.imports.checking import Check
from audience.imports.jobs import Choices
from audience.models import Account, Choice, Contact, CustomField, ImportJob, ImportRefusal
from tenants.models import Tenant
from tenants.wall import use
from tests.factories import ContactFactory
from tests.pages.imports.importing import FORM, counts_of, upload, work
from tests.pages.somebody import Somebody, words

pytestmark = pytest.mark.django_db


def test_a_check_says_what_will_happen_and_nothing_happens(me: Somebody) -> None:
    with use(me.tenant):
        ContactFactory(email="c@x.example", first_name="Cas")
    path = upload(me, "email,first name,company,stage,owner\na@x.example,Ann,Acme,New,x\nnobody,Ben\n"
                      "c@x.example,Cay,acme,Lead,\na@x.example,Anna,Bolt,New,\n")  # fmt: skip
    form = FORM | {"column-2": "account", "column-3": "lifecycle_stage", "column-4": "owner"}
    assert me.client.post(f"{path}check/", form)["Location"] == path
    said = words(me.get(path))
    assert "Created 1 Updated 2 Skipped 0 Refused 1" in said
    assert "2 companies are new and will be made, too." in said
    assert "New in the list of lifecycle stage: New, Lead" in said
    assert "1 row has an owner who is no member here" in said
    assert "2 cells where the header has 5" in said
    assert "2 Created email a@x.example" in said and "4 Updated email c@x.example" in said
    assert me.client.get(f"{path}refused.csv").getvalue().count(b"\n") == 2
    with use(me.tenant):
        assert (Contact.objects.count(), Account.objects.count(), Choice.objects.count()) == (1, 0, 0)
    assert me.client.post(f"{path}start/")["Location"] == path
    work(me, path)
    assert "Created 1 Updated 2 Skipped 0 Refused 1" in words(me.get(path))
    with use(me.tenant):
        assert ImportRefusal.objects.count() == 1
        assert sorted(Account.objects.values_list("name_norm", flat=True)) == ["acme", "bolt"]


def test_examples_are_what_a_person_will_find_on_the_record(me: Somebody) -> None:
    with use(me.tenant):
        Tenant.objects.filter(pk=me.tenant.pk).update(timezone="Europe/Berlin")
        Choice.objects.create(record="contact", field="lifecycle_stage", value="Sales Qualified Lead")
        make_field("contact", "vip", FieldType.YES_NO)
    path = upload(
        me, "email;created;vip;stage;score\na@x.example;16.06.2024;ja;salesqualifiedlead;1.234.567,5\n"
    )
    columns = ("email", "created_at", "vip", "lifecycle_stage", "score")
    form = {f"column-{n}": key for n, key in enumerate(columns)}
    me.client.post(f"{path}check/", form | {"on_duplicate": "update"})
    said = words(me.get(path))
    assert "created 2024-06-16 00:00 vip Yes lifecycle stage Sales Qualified Lead score 1234567.5" in said


@pytest.mark.parametrize("on_duplicate", ["update", "skip", "create"])
@pytest.mark.parametrize("size", [1, 3, 2000])
def test_a_check_foresees_what_the_import_does(me: Somebody, on_duplicate: str, size: int) -> None:
    with use(me.tenant):
        ContactFactory(email="a@x.example")
    text = "Emails,First name\nA@x.example,A\nb@x.example;c@x.example,B\nc@x.example,C\n,D\n,D\nd@x,E\nb@x.example,F\n"
    path = upload(me, text)
    with use(me.tenant):
        job = ImportJob.objects.get()
        jobs.choose(job, Choices(job.columns, on_duplicate=on_duplicate), by=None)
        jobs.check(job, at=now(), is_worked_here=True)
        turns = Check(job.pk, size=size)
        while turns.step(now=now()):
            pass
        foreseen = counts_of(job)
        jobs.start(job, by=None, at=now(), is_worked_here=True)
    work(me, path, size=size)
    with use(me.tenant):
        assert counts_of(job) == foreseen
        assert sum(foreseen) == 7


def test_from_the_check_one_goes_back_to_the_columns_as_they_were_chosen(me: Somebody) -> None:
    path = upload(me)
    form = FORM | {"column-2": "new:tags", "tags": "fair", "new_name": "Import Name", "new_value": "Spring"}
    form |= {
        "same_0_field": "country",
        "same_0_value": "Spain",
        "date_order": "month",
        "on_duplicate": "skip",
    }
    me.client.post(f"{path}check/", form)
    assert "2 new fields: Topics, Import Name." in words(me.get(path))
    me.client.post(f"{path}reopen/")
    html = me.get(path)
    for chosen in ('value="new:tags" selected', 'value="Import Name"', 'value="Spring"', 'value="fair"'):
        assert chosen in html
    for chosen in (
        'value="country" selected',
        'value="Spain"',
        'value="month" selected',
        'value="skip" checked',
    ):
        assert chosen in html
    with use(me.tenant):
        assert not ImportRefusal.objects.exists() and not CustomField.objects.exists()
    me.client.post(f"{path}start/", form)
    work(me, path)
    with use(me.tenant):
        column = dict(CustomField.objects.values_list("key", "column"))
        contact = Contact.objects.first()
        assert contact and (contact.country, getattr(contact, column["import_name"])) == ("Spain", "Spring")


def test_a_large_file_is_checked_by_a_worker_and_one_that_was_killed_begins_anew(me: Somebody) -> None:
    path = upload(me, "email\n" + "".join(f"p{n}@x.example\n" for n in range(2001)) + "nobody\n")
    me.client.post(f"{path}check/", {"column-0": "email", "on_duplicate": "update"})
    html = me.get(path)
    assert "Checking" in words(html) and f'hx-get="{path}progress/"' in html
    job_id = int(path.split("/")[-2])
    with use(me.tenant):
        killed = Check(job_id, size=1500)
        assert killed.step(now=now())
        assert not Check(job_id).step(now=now()), "somebody may still be at it"
        killed.release(now=now())
    tasks.work_import(me.tenant.pk, job_id)
    assert me.client.get(f"{path}progress/").status_code == 286
    assert "Created 2,001 Updated 0 Skipped 0 Refused 1" in words(me.get(path))
