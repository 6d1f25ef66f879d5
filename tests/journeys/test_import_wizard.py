"""Importing in a browser, with the real processes: a good file, a bad one, and one whose worker is killed half-way."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.utils.timezone import now
from playwright.sync_api import Page, expect

from audience.models import Contact, ContactTag, ImportDue, ImportJob
from tenants.models import Tenant
from tenants.wall import use
from tests.factories import make_member, make_tenant
from tests.processes import Running, eventually

PASSWORD = "walk-the-stairs-9"
GOOD = (
    "Vorname;Nachname;E-Mail;Firma;Bewertung\nAnn;Ärmel;ann@x.example;Acme;71,5\nBen;Öz;ben@x.example;Acme;\n"
)
BAD = "email,first name,Note\nann@x.example,Ann,=1+1\nben at x.example,Ben,=2+2\ncas@x.example\ndan@x.example,Dan,\n"
ROWS = 40_000


@pytest.fixture
def running(transactional_db: None, tmp_path: Path) -> Iterator[Running]:
    with Running(tmp_path / "processes", "web", "worker", "beat") as running:
        yield running


@pytest.fixture
def tenant(transactional_db: None) -> Tenant:
    tenant = make_tenant("kite")
    with use(tenant):
        make_member("admin", email="ada@us.example", password=PASSWORD)
    return tenant


def upload(page: Page, file: Path, content: str | bytes) -> None:
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    page.goto("/imports/new/")
    if page.locator("input[name=login]").count():
        page.locator("input[name=login]").fill("ada@us.example")
        page.locator("input[name=password]").fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        page.goto("/imports/new/")
    page.get_by_label("CSV or Excel file").set_input_files(file)
    page.get_by_role("button", name="Upload").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Match columns")


def see_result(page: Page, name: str, counts: str) -> None:
    expect(page.get_by_role("region", name=name)).to_contain_text(counts, timeout=60_000)


def test_a_good_file_is_corrected_checked_and_comes_in(page: Page, tenant: Tenant, tmp_path: Path) -> None:
    upload(page, tmp_path / "messe.csv", GOOD.encode("cp1252"))
    expect(page.get_by_label("Field for Bewertung")).to_have_value("score")
    page.get_by_label("Field for Bewertung").select_option("")
    page.get_by_label("Tags").fill("Fair 2026")
    page.get_by_text("Another field, the same in every row").click()
    page.get_by_label("Name of a new field").fill("Import Name")
    page.get_by_label("Its value in every row").fill("Spring")
    page.get_by_label("Keep these choices as").fill("Messe")
    page.get_by_role("button", name="Check first").click()
    see_result(page, "What will happen", "Created2Updated0Skipped0Refused0")
    expect(page.get_by_text("1 company is new and will be made, too.")).to_be_visible()
    with use(tenant):
        assert not Contact.objects.exists()
    page.get_by_role("button", name="Import 2 rows").click()
    see_result(page, "Result", "Created2Updated0Skipped0Refused0")
    with use(tenant):
        assert ContactTag.objects.filter(label="Fair 2026").count() == 2
        assert set(Contact.objects.values_list("last_name", "score")) == {("Ärmel", None), ("Öz", None)}

    upload(page, tmp_path / "next.csv", GOOD)
    expect(page.get_by_text("Matched as “Messe”.")).to_be_visible()
    expect(page.get_by_label("Field for Bewertung")).to_have_value("")
    expect(page.get_by_label("Tags")).to_have_value("Fair 2026")


def test_the_refused_rows_of_a_bad_file_are_mended_and_imported_again(
    page: Page, tenant: Tenant, tmp_path: Path
) -> None:
    upload(page, tmp_path / "people.csv", BAD)
    page.get_by_label("Field for Note").select_option("new:text")
    page.get_by_role("button", name="Import 4 rows").click()
    see_result(page, "Result", "Created2Updated0Skipped0Refused2")
    expect(page.get_by_text("email: “ben at x.example” is no email address")).to_be_visible()
    expect(page.get_by_text("1 cell where the header has 3")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download 2 rows to mend").click()
    with open(download.value.path(), encoding="utf-8-sig", newline="") as file:
        header, ben, cas = csv.reader(file)
    assert (header[:2], ben[:2], cas[:2]) == (
        ["Refused line", "Refused because"],
        ["3", "email: “ben at x.example” is no email address"],
        ["4", "1 cell where the header has 3"],
    )
    assert ben[4] == "'=2+2"
    ben[2] = "ben@x.example"
    with open(tmp_path / "mended.csv", "w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([header, ben, [*cas, "Cas", ""]])
    upload(page, tmp_path / "again.csv", (tmp_path / "mended.csv").read_bytes())
    expect(page.get_by_label("Field for Refused because")).to_have_value("")
    page.get_by_label("Field for Note").select_option("note")
    page.get_by_role("button", name="Import 2 rows").click()
    see_result(page, "Result", "Created2Updated0Skipped0Refused0")
    page.get_by_role("link", name="See contacts").click()
    page.get_by_role("link", name="Ben").click()
    expect(page.get_by_text("=2+2", exact=True)).to_be_visible()


@pytest.mark.slow
def test_an_import_whose_worker_is_killed_goes_on_and_ends(
    page: Page, running: Running, tenant: Tenant, tmp_path: Path
) -> None:
    def job() -> ImportJob:
        with use(tenant):
            return ImportJob.objects.get()

    rows = "".join(f"p{n}@x.example,Person {n}\n" for n in range(ROWS))
    upload(page, tmp_path / "many.csv", f"email,first name\n{rows}")
    page.get_by_role("button", name="Import 40,000 rows").click()
    eventually(lambda: job().done, "the first batch")
    running.kill("worker")
    left = job()
    assert left.state == "running" and 0 < left.done < ROWS
    page.reload()
    expect(page.get_by_text(f"{left.done:,} of 40,000")).to_be_visible()
    running.start("worker")
    ImportDue.objects.update(due_at=now())  # as if the lease had run out
    see_result(page, "Result", "Created40,000Updated0Skipped0Refused0")
    with use(tenant):
        assert Contact.objects.count() == ROWS
