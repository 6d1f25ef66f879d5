"""Refused rows: shown, downloaded, mended and imported again."""

from __future__ import annotations

import csv
import io

import pytest

from audience.models import Contact, CustomField, ImportJob, ImportMapping
from tenants.wall import use
from tests.pages.imports.importing import started, upload, work
from tests.pages.somebody import Somebody, words

pytestmark = pytest.mark.django_db


def test_refused_rows_are_downloaded_with_cells_that_are_no_formulas(me: Somebody) -> None:
    path = started(me, 'email,first name,Topics,Note\n=cmd|x,Ann,+1,"two\nlines"\nb@x.example,Ben\n')
    work(me, path)
    response = me.client.get(f"{path}refused.csv")
    assert response["Content-Disposition"].startswith("attachment")
    rows = list(csv.reader(io.StringIO(response.getvalue().decode("utf-8-sig"))))
    assert rows == [
        ["Refused line", "Refused because", "email", "first name", "Topics", "Note"],
        [
            "2",
            "email: “=cmd|x” has “=cmd”, which is no email address",
            "'=cmd|x",
            "Ann",
            "'+1",
            "two\nlines",
        ],
        ["4", "2 cells where the header has 4", "b@x.example", "Ben"],
    ]


def test_refused_rows_are_mended_and_imported_again_as_they_were(me: Somebody) -> None:
    path = started(me, "email,first name,Note\nann at x.example,'=Ann,=1+1\nb@x.example,Ben,\n")
    work(me, path)
    mended = me.client.get(f"{path}refused.csv").getvalue().replace(b"ann at x.example", b"ann@x.example")
    again = upload(me, mended)
    with use(me.tenant):
        assert ImportJob.objects.latest("pk").columns == ["", "", "email", "first_name", ""]
    form = {"column-2": "email", "column-3": "first_name", "column-4": "new:text", "on_duplicate": "skip"}
    me.client.post(f"{again}start/", form)
    work(me, again)
    with use(me.tenant):
        ann = Contact.objects.get(email="ann@x.example")
        note = CustomField.objects.get().column
        assert (ann.first_name, getattr(ann, note)) == ("=Ann", "=1+1")


def test_mended_rows_are_matched_by_the_mapping_that_was_kept_for_their_file(me: Somebody) -> None:
    path = started(me, "email,first name,Note\nann at x.example,Ann,hot\n", tags="fair", save_as="Fair")
    work(me, path)
    mended = me.client.get(f"{path}refused.csv").getvalue().replace(b"ann at x.example", b"ann@x.example")
    assert "Matched as “Fair”." in me.get(upload(me, mended))
    with use(me.tenant):
        again = ImportJob.objects.latest("pk")
        assert (again.columns, again.constants) == (["", "", "email", "first_name", ""], {"tags": "fair"})


def test_mended_rows_are_matched_as_the_file_was_from_which_they_came(me: Somebody) -> None:
    form = {"column-2": "new:text", "tags": "fair", "on_duplicate": "skip"}
    path = started(me, "email,first name,Note\nann at x.example,Ann,hot\n", **form)
    work(me, path)
    mended = me.client.get(f"{path}refused.csv").getvalue().replace(b"ann at x.example", b"ann@x.example")
    assert "Matched as “people.csv”." in me.get(upload(me, mended))
    with use(me.tenant):
        again = ImportJob.objects.latest("pk")
        assert (again.columns, again.constants) == (["", "", "email", "first_name", "note"], {"tags": "fair"})
        assert (again.on_duplicate, ImportMapping.objects.count()) == ("skip", 0)


def test_of_many_refused_rows_the_first_are_shown_and_all_downloaded(me: Somebody) -> None:
    path = started(me, "email,first name\n" + "".join(f"nobody {n},x\n" for n in range(60)))
    work(me, path)
    html = me.get(path)
    assert html.count("is no email address") == 25
    assert "The first 25 of 60; the download has all." in words(html)
    assert len(me.client.get(f"{path}refused.csv").getvalue().splitlines()) == 61
