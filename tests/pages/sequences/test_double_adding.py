"""R-014: the same contact is added by many at once, by every page that adds, and is inside once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.db.models import Sum
from django.test import Client

from audience.models import Contact, ImportJob
from audience.tasks import work_import, work_records
from sequences.commands.editing import create_sequence
from sequences.commands.planning import add_step
from sequences.commands.status import activate
from sequences.models import Addition, Enrollment, StepRun
from sequences.ticking import work_tenant
from tenants.models import Tenant
from tenants.wall import use
from tests.factories import NOW, ContactFactory, make_tenant
from tests.pages.signing_in import sign_in

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def tenant(transactional_db: None) -> Tenant:
    """A tenant whose rows other connections see; the test stands outside of its wall."""
    return make_tenant()


def test_r_014_who_is_added_fifty_times_at_once_is_inside_once(tenant: Tenant) -> None:
    member = sign_in(Client(), tenant)
    with use(tenant):
        sequence = create_sequence(name="S", by=member, now=NOW)
        add_step(sequence=sequence, kind="call", by=member, now=NOW)
        activate(sequence=sequence, by=member, now=NOW)
        ann = ContactFactory(first_name="Ann").pk
    forms = [
        (f"/sequences/{sequence.pk}/people/add/do/", {"ids": [ann]}),
        (f"/sequences/{sequence.pk}/people/add/do/?q=Ann", {"everyone": "1"}),
        (f"/sequences/panel/contact/{ann}/add/", {"sequence": sequence.pk}),
        (
            "/contacts/bulk/",
            {"do": "add_to_sequence", "ids": [ann], "sequence": sequence.pk, "confirm": "1"},
        ),
    ]

    def post(n: int) -> int:
        path, form = forms[n % len(forms)]
        another = Client()
        another.force_login(member.user)
        try:
            return another.post(path, form).status_code
        finally:
            connection.close()

    for n in range(len(forms)):
        post(n)
        with use(tenant):
            assert Addition.objects.all().delete()[0] == 1, f"{forms[n]} adds nobody"
    for _ in ("waiting", "inside"):
        with ThreadPoolExecutor(8) as many:
            assert set(many.map(post, range(50))) <= {200, 302}
        with use(tenant):
            assert Addition.objects.count() + Enrollment.objects.count() == 1
            work_tenant(tenant.pk, now=NOW.replace(hour=23), is_on_time=True)
            assert (Addition.objects.count(), Enrollment.objects.count(), StepRun.objects.count()) == (
                0,
                1,
                1,
            )


def test_r_014_who_comes_by_many_files_and_is_added_from_each_is_inside_once(tenant: Tenant) -> None:
    """Eight files with the same person come in at once by page; the people of each are added, at once, too."""
    member = sign_in(Client(), tenant)
    with use(tenant):
        sequence = create_sequence(name="S", by=member, now=NOW)
        add_step(sequence=sequence, kind="call", by=member, now=NOW)
        activate(sequence=sequence, by=member, now=NOW)

    def come(n: int) -> int:
        me = Client()
        me.force_login(member.user)
        file = SimpleUploadedFile(f"{n}.csv", f"email,first name\nAnn@X.example,Ann {n}\n".encode())
        try:
            path = me.post("/imports/new/", {"file": file, "kind": "contact"})["Location"]
            form = {"column-0": "email", "column-1": "first_name", "on_duplicate": "update"}
            assert me.post(f"{path}start/", form).status_code == 302
            work_import(tenant.pk, job := int(path.split("/")[-2]))
            return job
        finally:
            connection.close()

    def add(file: int) -> None:
        me = Client()
        me.force_login(member.user)
        form = {"do": "add_to_sequence", "everyone": "1", "filter": f"file={file}", "confirm": "1"}
        try:
            answer = me.post("/contacts/bulk/", form | {"sequence": sequence.pk})
            work_records(tenant.pk, int(answer["Location"].split("/")[-2]))
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as many:
        files = list(many.map(come, range(8)))
        with use(tenant):
            counts = ImportJob.objects.aggregate(made=Sum("created"), known=Sum("updated"))
            assert counts == {"made": 1, "known": 7} and Contact.objects.count() == 1
        for _ in ("waiting", "inside"):
            list(many.map(add, files))
            with use(tenant):
                assert Addition.objects.count() + Enrollment.objects.count() == 1
                work_tenant(tenant.pk, now=NOW.replace(hour=23), is_on_time=True)
                assert (Addition.objects.count(), Enrollment.objects.count()) == (0, 1)
