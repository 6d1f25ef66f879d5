"""Uploading a file: who may, and what cannot be read."""

from __future__ import annotations

import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from audience.models import Contact, ImportFile, ImportJob, ImportRefusal
from tenants.models import Role
from tenants.wall import use
from tests.factories import make_tenant
from tests.pages.imports.importing import upload, work
from tests.pages.somebody import Somebody, names, words
from tests.workbooks import DAY, number, row, sheet_of, text, workbook

pytestmark = pytest.mark.django_db


def test_a_stranger_is_led_to_signing_in_and_a_role_without_the_right_is_refused(client: Client) -> None:
    assert client.get("/imports/new/").status_code == 302
    me = Somebody(client, make_tenant(), "read_only")
    for path in (
        "/imports/",
        "/imports/new/",
        "/imports/1/",
        "/imports/1/progress/",
        "/imports/1/refused.csv",
    ):
        assert me.client.get(path).status_code == 403
    assert me.client.post("/imports/1/start/").status_code == 403


def test_an_import_of_another_workspace_or_of_somebody_else_is_not_there(client: Client) -> None:
    path = upload(Somebody(Client(), make_tenant()))
    me = Somebody(client, make_tenant(), "sales_rep")
    colleague = Somebody(Client(), me.tenant, "sales_rep")
    theirs = upload(colleague)
    for address in (path, theirs):
        assert me.client.get(address).status_code == 404
        assert me.client.get(f"{address}progress/").status_code == 404
        assert me.client.get(f"{address}refused.csv").status_code == 404
        assert me.client.post(f"{address}start/").status_code == 404
        assert me.client.post(f"{address}reread/").status_code == 404
    assert names(me.get("/imports/")) == []
    assert names(colleague.get("/imports/")) == ["people.csv"]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "The file is empty."),
        (b"\x89PNG\r\n\x1a\n" + bytes(100), "This is no CSV file but an image (PNG)."),
        (b"\n\n \n", "The file is empty."),
        (b"email,first_name\r\n", "The file has no rows."),
        (b"email,first_name\n\n \n", "The file has no rows."),
        (b"\x00" * 200, "This is no CSV file: its header holds the character NUL."),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_at_its_place(me: Somebody, data: bytes, reason: str) -> None:
    response = me.client.post("/imports/new/", {"file": SimpleUploadedFile("x.csv", data), "kind": "contact"})
    assert response.status_code == 422
    assert reason in words(response.content.decode())
    with use(me.tenant):
        assert not ImportJob.objects.exists() and not ImportFile.objects.exists()


def test_no_file_is_asked_for(me: Somebody) -> None:
    response = me.client.post("/imports/new/", {"kind": "contact"})
    assert (response.status_code, "Choose a file." in words(response.content.decode())) == (422, True)


def test_who_may_import_companies_does_so(me: Somebody) -> None:
    path = upload(me, "Name,Industry type\nAcme,Paper\n", kind="account")
    me.client.post(f"{path}start/", {"column-0": "name", "column-1": "industry", "on_duplicate": "update"})
    work(me, path)
    assert names(me.get("/companies/")) == ["Acme"]


def test_a_right_that_is_taken_away_ends_at_once(me: Somebody) -> None:
    path = upload(me)
    with use(me.tenant):
        Role.objects.filter(key="admin").update(permissions={"record.view": "all"})
    assert me.client.post(f"{path}start/", {"column-0": "email"}).status_code == 403


def test_a_workbook_is_imported_from_the_sheet_that_is_chosen(me: Somebody) -> None:
    ann = row(text("a@x.example"), number(46279, DAY), number(1.234))
    nobody = row(text("nobody"), number(1), number(2))
    people = sheet_of(row(text("Email"), text("Angelegt"), text("Score")), ann, nobody)
    data = workbook({"Notes": sheet_of(row(text("Read me"))), "People": people})
    path = upload(me, data)
    assert '<option value="Notes" selected>' in me.get(path)
    me.client.post(f"{path}reread/", {"sheet": "People"})
    html = me.get(path)
    assert '<option value="email" selected>' in html and "2026-09-14" in html
    form = {"column-0": "email", "column-1": "created_at", "column-2": "score", "on_duplicate": "update"}
    me.client.post(f"{path}check/", form | {"decimal_sign": ","})
    assert "Created 1 Updated 0 Skipped 0 Refused 1" in words(me.get(path))
    me.client.post(f"{path}start/")
    work(me, path)
    with use(me.tenant):
        contact = Contact.objects.get()
        assert (contact.created_at.date().isoformat(), contact.score) == ("2026-09-14", 1.234)
        assert ImportRefusal.objects.get().line == 3


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"PK\x03\x04" + bytes(100), "This is no workbook that can be read: it is damaged or cut off."),
        (workbook({"A": sheet_of()}), "The workbook has no sheet with anything in it."),
        (workbook({"A": sheet_of(row(text("email")))}), "The file has no rows."),
    ],
)
def test_a_workbook_that_cannot_be_read_is_refused_at_its_place(
    me: Somebody, data: bytes, reason: str
) -> None:
    response = me.client.post(
        "/imports/new/", {"file": SimpleUploadedFile("x.xlsx", data), "kind": "contact"}
    )
    assert response.status_code == 422
    assert reason in words(response.content.decode())
    with use(me.tenant):
        assert not ImportJob.objects.exists() and not ImportFile.objects.exists()


def test_who_comes_from_the_companies_finds_companies_chosen(me: Somebody) -> None:
    chosen = r'<input[^>]*value="(\w+)"[^>]*checked'
    for asked, kind in (("", "contact"), ("?kind=account", "account"), ("?kind=nonsense", "contact")):
        assert re.findall(chosen, me.get(f"/imports/new/{asked}")) == [kind]


def test_letters_are_told_by_a_name_for_people_with_a_mark_or_without(me: Somebody) -> None:
    for data in ("email\na@x.example\n".encode("utf-8-sig"), b"email\na@x.example\n"):
        html = me.get(upload(me, data))
        assert '<option value="utf-8" selected>Unicode (UTF-8)</option>' in html
        assert "utf-8-sig" not in html
