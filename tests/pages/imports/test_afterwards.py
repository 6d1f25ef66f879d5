"""From an import to the people of its file, and with them into a sequence (screens R7)."""

from __future__ import annotations

import html
import re

import pytest
from django.test import Client

from audience.models import RecordJob
from audience.tasks import work_records
from sequences.commands.editing import create_sequence
from sequences.models import Addition
from tenants.wall import use
from tests.factories import NOW, ContactFactory
from tests.pages.imports.importing import FORM, started, upload, work
from tests.pages.somebody import Somebody, names, words

pytestmark = pytest.mark.django_db
FILE = "email,first name\nknown@x.example,Kay\nnew@x.example,Nea\nnobody,Bea\n"


@pytest.mark.parametrize("on_duplicate", ["update", "skip"])
@pytest.mark.parametrize("size", [1, 2000])
def test_the_result_leads_to_the_people_of_the_file(me: Somebody, on_duplicate: str, size: int) -> None:
    with use(me.tenant):
        ContactFactory(email="known@x.example", first_name="Kay")
        ContactFactory(email="other@x.example", first_name="Other")
    path = started(me, FILE, on_duplicate=on_duplicate)
    assert "See contacts" not in me.get(path)
    work(me, path, size)
    link = re.search(r'href="(/contacts/\?file=\d+)"', me.get(path))
    assert link
    shown = me.get(link[1])
    assert [name.split()[0] for name in names(shown)] == ["Nea", "Kay"]
    assert "2 people match" in words(shown) and "Of the import people.csv" in words(shown)
    assert [name.split()[0] for name in names(me.get(f"{link[1]}&q=kay"))] == ["Kay"]
    said = html.unescape(me.get(f"/views/new/?record=contact&{link[1].partition('?')[2]}"))
    assert "That they came by this import is not kept in the view." in said


def test_they_are_added_to_a_sequence_from_there(me: Somebody) -> None:
    with use(me.tenant):
        sequence = create_sequence(by=me.member, name="Fair", kind="classic", record="contact", now=NOW)
        ContactFactory(email="other@x.example")
    path = started(me, FILE)
    work(me, path)
    page = me.get(path)
    form = dict(re.findall(r'name="(do|everyone|filter)" value="([^"]*)"', page))
    assert "Add to a sequence" in words(page)
    asked = me.client.post("/contacts/bulk/", form).content.decode()
    assert "2 people" in words(asked)
    me.client.post("/contacts/bulk/", form | {"confirm": "1", "sequence": sequence.pk})
    with use(me.tenant):
        job = RecordJob.objects.get()
    work_records(me.tenant.pk, job.pk)
    with use(me.tenant):
        added = Addition.objects.values_list("contact__email", flat=True)
        assert sorted(added) == ["known@x.example", "new@x.example"]


def test_people_of_an_import_that_one_may_not_see_are_not_shown(me: Somebody) -> None:
    path = started(me, FILE)
    work(me, path)
    number = path.split("/")[-2]
    rep = Somebody(Client(), me.tenant, "sales_rep")
    assert rep.client.get(f"/contacts/?file={number}").status_code == 404
    for wrong in ("abc", "0", "99999999999999999999"):
        assert me.client.get(f"/contacts/?file={wrong}").status_code == 404
    assert me.client.get(f"/companies/?file={number}").status_code == 404


def test_companies_of_a_file_are_shown_and_go_into_no_sequence(me: Somebody) -> None:
    path = upload(me, "name\nAcme\nBolt\n", "account")
    me.client.post(f"{path}start/", {"column-0": "name", "on_duplicate": "update"})
    work(me, path)
    page = me.get(path)
    assert "Add to a sequence" not in words(page)
    link = re.search(r'href="(/companies/\?file=\d+)"', page)
    assert link and names(me.get(link[1])) == ["Bolt", "Acme"]


def test_where_nobody_came_in_nothing_is_offered(me: Somebody) -> None:
    path = started(me, "email,first name\nnobody,Bea\n", **FORM)
    work(me, path)
    assert "See contacts" not in me.get(path)
