"""R-080: encodings, delimiters, quoted lines and double columns as systems write them, and files that do harm."""

from __future__ import annotations

import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from audience.models import Contact, ImportFile, ImportJob
from tenants.wall import use
from tests.factories import make_tenant
from tests.pages.imports.importing import upload, work
from tests.pages.somebody import Somebody, words
from tests.workbooks import row, sheet_of, text, workbook

pytestmark = pytest.mark.django_db

LINES = [
    ["E-Mail", "Vorname", "Stadt", "Vorname"],
    ["ann@x.example", "Änne", "Köln,\r\nam Rhein", "A"],
    ["zoe@x.example", "Zoë", 'die "Stadt"; Bonn', "Z"],
    ["niemand", "Ben", "", ""],
]
ENCODINGS = ["utf-8-sig", "utf-8", "utf-16", "utf-16-le", "cp1252"]


@pytest.fixture
def me(client: Client) -> Somebody:
    return Somebody(client, make_tenant())


def written(delimiter: str) -> str:
    quoted = (['"' + cell.replace('"', '""') + '"' for cell in line] for line in LINES)
    return "\r\n".join(delimiter.join(line) for line in quoted) + "\r\n"


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ENCODINGS)
def test_r_080_a_file_comes_in_however_it_is_written(me: Somebody, encoding: str, delimiter: str) -> None:
    """With quoted lines and a column twice; its bad row is named by its line, and once more brings nobody twice."""
    for counts in ("Created 2 Updated 0 Skipped 0 Refused 1", "Created 0 Updated 2 Skipped 0 Refused 1"):
        path = upload(me, written(delimiter).encode(encoding))
        assert "Of two columns “Vorname” the first is taken" in words(me.get(path)) or "Vorname" in me.get(
            path
        )
        form = {"column-0": "email", "column-1": "first_name", "column-2": "city", "on_duplicate": "update"}
        assert me.client.post(f"{path}start/", form).status_code == 302
        work(me, path)
        said = words(me.get(path))
        assert counts in said and re.search(r"\b5\b.*niemand", said), said
    with use(me.tenant):
        found = list(Contact.objects.order_by("pk").values_list("email", "first_name", "city"))
    cities = [re.sub(r"\s+", " ", city) for _, _, city in found]
    assert [pair[:2] for pair in found] == [("ann@x.example", "Änne"), ("zoe@x.example", "Zoë")]
    assert cities == ["Köln, am Rhein", 'die "Stadt"; Bonn']


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("bomb.xlsx", lambda: workbook({"A": sheet_of(row(text("x" * 50_000_000)))}), "too large when it is unpacked"),
        ("big.csv", lambda: b"email\n" + b"a@x.example\n" * 9_000_000, "MB; at most 100 MB"),
        ("wide.csv", lambda: b",".join(b"c%d" % n for n in range(600)) + b"\n1\n", "has 600 columns; at most 500"),
        ("picture.csv", lambda: b"\x89PNG\r\n\x1a\n" + bytes(200), "an image (PNG)"),
    ],
    ids=["bomb", "big", "wide", "picture"],
)  # fmt: skip
def test_r_080_what_is_too_much_is_refused_politely_and_leaves_nothing(
    me: Somebody, name: str, data: object, reason: str
) -> None:
    file = SimpleUploadedFile(name, data())  # type: ignore[operator]
    answer = me.client.post("/imports/new/", {"file": file, "kind": "contact"})
    assert answer.status_code == 422 and reason in words(answer.content.decode())
    with use(me.tenant):
        assert not ImportJob.objects.exists() and not ImportFile.objects.exists()
