"""The import by page: upload, match, progress that survives a reload, result."""

from __future__ import annotations

import csv
import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils.timezone import now

from audience import tasks
from audience.imports import jobs
from audience.imports.checking import Check
from audience.imports.jobs import Choices
from audience.imports.work import Work
from audience.models import (
    Account,
    Choice,
    Contact,
    ContactTag,
    CustomField,
    ImportDue,
    ImportFile,
    ImportJob,
    ImportMapping,
    ImportRefusal,
)
from tenants.models import Role
from tenants.wall import use
from tests.factories import ContactFactory, make_tenant
from tests.pages.somebody import Somebody, names, words
from tests.workbooks import DAY, number, row, sheet_of, text, workbook

pytestmark = pytest.mark.django_db

PEOPLE = "email,first name,Topics,Note\na@x.example,Ann,Sales;Hot,=1+1\nnobody,Ben,,\nc@x.example,Cas,,\n"


@pytest.fixture
def me(client: Client) -> Somebody:
    return Somebody(client, make_tenant())


def upload(me: Somebody, text: str | bytes = PEOPLE, kind: str = "contact") -> str:
    """The address of the import of a file."""
    data = text if isinstance(text, bytes) else text.encode()
    file = SimpleUploadedFile("people.csv", data)
    response = me.client.post("/imports/new/", {"file": file, "kind": kind})
    assert response.status_code == 302
    return response["Location"]


def work(me: Somebody, path: str, size: int = 2000, steps: int = 1000) -> None:
    doing = Work(int(path.split("/")[-2]), size=size)
    for _ in range(steps):
        with use(me.tenant):
            if not doing.step(now=now()):
                break


def started(me: Somebody, text: str = PEOPLE, **form: str) -> str:
    path = upload(me, text)
    columns = {"column-0": "email", "column-1": "first_name", "on_duplicate": "update"}
    response = me.client.post(f"{path}start/", columns | form)
    assert response.status_code == 302, words(response.content.decode())
    return path


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


def test_columns_match_themselves_and_can_be_matched_by_hand(me: Somebody) -> None:
    path = upload(me)
    html = me.get(path)
    assert '<option value="email" selected>' in html and '<option value="first_name" selected>' in html
    assert "a@x.example" in html and "=1+1" in html
    form = {
        "column-0": "email",
        "column-1": "first_name",
        "column-2": "new:tags",
        "column-3": "new:text",
        "on_duplicate": "update",
        "tags": "fair",
        "lifecycle_stage": "Lead",
        "owner": me.member.email,
    }
    assert me.client.post(f"{path}start/", form)["Location"] == path
    assert "Waiting for a worker." in words(me.get(path))
    work(me, path)
    with use(me.tenant):
        ann = Contact.objects.get(first_name="Ann")
        assert (ann.owner, ann.lifecycle_stage) == (me.member, "Lead")
        assert dict(CustomField.objects.values_list("key", "type")) == {"topics": "tags", "note": "text"}
        labels = ContactTag.objects.filter(record=ann).values_list("field__key", "label")
        assert sorted(labels, key=str) == [("topics", "Hot"), ("topics", "Sales"), (None, "fair")]


@pytest.mark.parametrize(
    ("form", "reason"),
    [
        ({"column-0": "score"}, "Choose the column that has the email or a name."),
        ({"column-0": "email", "column-1": "email"}, "Two columns are “email”; choose one."),
        (
            {"column-0": "nonsense", "column-1": "first_name"},
            "There is no field “nonsense” that a file can fill.",
        ),
        ({"column-0": "email", "on_duplicate": "eat"}, "Select a valid choice."),
        ({"column-0": "email", "owner": "x@us.example"}, "Select a valid choice."),
    ],
)
def test_what_is_wrong_with_the_columns_is_said_and_what_was_chosen_stays(
    me: Somebody, form: dict[str, str], reason: str
) -> None:
    path = upload(me)
    response = me.client.post(f"{path}start/", {"on_duplicate": "skip"} | form)
    html = response.content.decode()
    assert response.status_code == 422
    assert reason in words(html)
    with use(me.tenant):
        assert ImportJob.objects.get().state == "matching"
        assert not CustomField.objects.exists()


def test_the_file_can_be_read_anew_in_another_encoding(me: Somebody) -> None:
    path = upload(me, "email;name\na@x.example;Łukasz\n".encode("cp1250"))
    assert "Łukasz" not in me.get(path)
    me.client.post(f"{path}reread/", {"encoding": "cp1250", "delimiter": ";"})
    assert "Łukasz" in me.get(path)
    response = me.client.post(f"{path}reread/", {"encoding": "utf-8"}, follow=True)
    assert "The file is not in the encoding utf-8" in response.content.decode()
    assert "Łukasz" in me.get(path)


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


def test_of_many_refused_rows_the_first_are_shown_and_all_downloaded(me: Somebody) -> None:
    path = started(me, "email,first name\n" + "".join(f"nobody {n},x\n" for n in range(60)))
    work(me, path)
    html = me.get(path)
    assert html.count("is no email address") == 25
    assert "The first 25 of 60; the download has all." in words(html)
    assert len(me.client.get(f"{path}refused.csv").getvalue().splitlines()) == 61


def test_an_import_is_started_once(me: Somebody) -> None:
    path = started(me)
    response = me.client.post(f"{path}start/", {"column-0": "email", "on_duplicate": "create"}, follow=True)
    assert "This import was started already." in response.content.decode()
    me.client.post(f"{path}reread/", {"encoding": "cp1250"})
    with use(me.tenant):
        assert ImportJob.objects.get().encoding == "utf-8"


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


FORM = {"column-0": "email", "column-1": "first_name", "on_duplicate": "update"}


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


def counts_of(job: ImportJob) -> list[int]:
    job.refresh_from_db()
    return [job.created, job.updated, job.skipped, job.refused]


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


def test_a_mapping_that_is_kept_is_taken_by_the_next_file_with_these_columns(me: Somebody) -> None:
    path = upload(me)
    form = FORM | {"column-2": "new:tags", "column-3": "city", "tags": "fair", "save_as": "Fair list"}
    me.client.post(f"{path}check/", form)
    me.client.post(f"{path}start/")
    again = upload(me, "Note,Topics,EMAIL,first  name\nBonn,x,a@x.example,Ann\n")
    html = me.get(again)
    assert "Matched as “Fair list”." in html
    for chosen in ('value="topics" selected', 'value="city" selected', 'value="fair"'):
        assert chosen in html
    me.client.post(f"{again}mapping/", {"mapping": ""})
    with use(me.tenant):
        job = ImportJob.objects.latest("pk")
        assert (job.columns, job.constants) == (["", "topics", "email", "first_name"], {})
        kept = ImportMapping.objects.get().pk
    me.client.post(f"{again}mapping/", {"mapping": kept})
    assert 'value="city" selected' in me.get(again)
    assert "Fair list" in words(me.get("/imports/"))
    me.client.post(f"/imports/mappings/{kept}/delete/")
    assert "Fair list" not in words(me.get("/imports/")).replace("“Fair list” is deleted", "")


def test_a_mapping_of_somebody_else_is_used_but_not_changed(me: Somebody) -> None:
    path = upload(me)
    me.client.post(f"{path}check/", FORM | {"column-3": "new:text", "save_as": "Fair list"})
    rep = Somebody(Client(), me.tenant, "sales_rep")
    theirs = upload(rep)
    said = rep.get(theirs)
    assert "Matched as “Fair list”." in said
    assert "“Note” went into a field that there is no more; it is left out." in said
    response = rep.client.post(f"{theirs}check/", FORM | {"save_as": "fair LIST"})
    assert response.status_code == 422
    assert "There is a mapping “Fair list” of somebody else" in response.content.decode()
    with use(me.tenant):
        kept = ImportMapping.objects.get().pk
    assert rep.client.post(f"/imports/mappings/{kept}/delete/").status_code == 403


def test_only_who_may_make_fields_makes_them_on_the_way(me: Somebody) -> None:
    rep = Somebody(Client(), me.tenant, "sales_rep")
    path = upload(rep)
    html = rep.get(path)
    assert "New field" not in html and "new field" not in html
    assert rep.client.post(f"{path}start/", FORM | {"column-2": "new:tags"}).status_code == 403
    with use(me.tenant):
        assert not CustomField.objects.exists()
        assert ImportJob.objects.get().state == "matching"


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


def test_half_of_a_constant_is_asked_for(me: Somebody) -> None:
    path = upload(me)
    form = FORM | {"same_1_field": "country", "new_value": "Spring"}
    response = me.client.post(f"{path}check/", form)
    assert response.status_code == 422
    assert response.content.decode().count("Fill in both, or neither.") == 2


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
