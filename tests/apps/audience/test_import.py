"""The import, sentence by sentence (interface: Import)."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from audience.catalogue import catalogue, choices_of, make_field
from audience.conditions.types import FieldType
from audience.fields import Field
from audience.imports import jobs
from audience.imports.checking import check_now
from audience.imports.jobs import CannotImport, Choices, NewField
from audience.imports.work import Work
from audience.models import (
    Account,
    Contact,
    ContactAddress,
    ContactTag,
    CustomField,
    ImportDue,
    ImportFile,
    ImportJob,
)
from tenants.models import AuditLine, Tenant
from tenants.wall import use
from tests.factories import NOW, ContactFactory, make_member, make_tenant

DATA = next(
    (p / "shared" / "data" for p in Path(__file__).resolve().parents if (p / "shared").exists()), None
)


def opened(text: str | bytes, kind: str = "contact", **options: Any) -> ImportJob:
    data = text if isinstance(text, bytes) else text.encode()
    return jobs.open_import(by=None, data=data, file_name="people.csv", kind=kind, at=NOW, **options)


def begin(job: ImportJob, columns: list[str] | None = None, **options: Any) -> None:
    jobs.choose(job, Choices(job.columns if columns is None else columns, **options), by=None)
    jobs.start(job, by=None, at=NOW)


def worked(job: ImportJob, size: int = 2000) -> ImportJob:
    work = Work(job.pk, size=size)
    while work.step(now=NOW):
        pass
    job.refresh_from_db()
    return job


def imported(text: str | bytes, kind: str = "contact", size: int = 2000, **options: Any) -> ImportJob:
    job = opened(text, kind)
    begin(job, **options)
    return worked(job, size)


def counts(job: ImportJob) -> dict[str, int]:
    found = {name: getattr(job, name) for name in ("created", "updated", "skipped", "refused")}
    assert sum(found.values()) == job.done == job.total, refusals(job)
    return {name: count for name, count in found.items() if count}


def refusals(job: ImportJob) -> list[tuple[int, str]]:
    return list(job.refusals.order_by("line").values_list("line", "reason"))


def field(key: str) -> Field:
    found = catalogue().get("contact", key)
    assert found
    return found


def test_people_come_in_with_their_values_in_the_order_of_the_file(tenant: Tenant) -> None:
    tenant.timezone = "Europe/Berlin"
    tenant.country = "DE"
    tenant.save()
    mia = make_member(email="mia@us.example")
    job = imported(
        "Vorname;Nachname;E-Mail;Mobil;Firma;Phase;Angelegt am;Bewertung;Besitzer;Schlagworte\r\n"
        "Ann;Ärmel; Ann@X.example ;0151 12345678;Acme;Lead;16.06.2024;71,5;MIA@us.example;Hot, new\r\n"
        "Ben;;ben@x.example;;ACME;lead;;;;\r\n"
    )
    assert counts(job) == {"created": 2}
    ann, ben = Contact.objects.order_by("pk")
    assert (ann.name, ann.email, ann.email_norm) == ("Ann Ärmel", "Ann@X.example", "ann@x.example")
    assert (ann.mobile, ann.sms_number, ann.owner) == ("0151 12345678", "+4915112345678", mia)
    assert (ann.created_at, ann.score) == (datetime(2024, 6, 15, 22, 0, tzinfo=UTC), 71.5)
    assert (ben.created_at, ben.score, ben.owner, ben.last_name) == (NOW, None, None, "")
    assert (ann.last_contacted_mode, ann.lifecycle_stage, ben.lifecycle_stage) == (
        "Not yet contacted",
        "Lead",
        "Lead",
    )
    assert ann.account == ben.account == Account.objects.get(name="Acme")
    assert sorted(ContactTag.objects.values_list("label", flat=True)) == ["Hot", "new"]
    assert choices_of(field("lifecycle_stage")) == ["Lead"]


def test_each_row_that_is_refused_is_named_with_its_line_and_reason(tenant: Tenant) -> None:
    job = imported(
        "email,first name,score,created at\n"
        "ann@x.example,Ann,1,\n"
        ",,5,\n"
        "\n"
        "ann at x.example,Ann,1,\n"
        "ben@x.example,Ben,lots,31/02/2025\n"
        "too,few\n"
        ',"Only\na name",2,\n'
        '"open,cas@x.example,1,\n'
        "\x00,Nul,1,\n"
        f",{'x' * 501},1,\n"
        "dan@x.example,Dan,2,2025-01-01\n"
    )
    assert counts(job) == {"created": 3, "refused": 7}
    assert refusals(job) == [
        (3, "neither email nor name"),
        (5, "email: “ann at x.example” is no email address"),
        (
            6,
            "score: “lots” is no number; created at: “31/02/2025” is no date (YYYY-MM-DD or DD.MM.YYYY)",
        ),
        (7, "2 cells where the header has 4"),
        (10, 'a quote (") is opened and never closed'),
        (11, "email: “\ufffd” is no email address"),
        (12, f"first name: “{'x' * 80}…” does not suit: a text may have 500 characters, this one has 501"),
    ]
    assert job.refusals.get(line=5).cells == ["ann at x.example", "Ann", "1", ""]
    assert sorted(Contact.objects.values_list("first_name", flat=True)) == ["Ann", "Dan", "Only\na name"]


@pytest.mark.parametrize(
    ("on_duplicate", "expected", "names"),
    [
        ("update", {"created": 1, "updated": 2}, ["Anne", "Bea"]),
        ("skip", {"created": 1, "skipped": 2}, ["Ann", "Ben"]),
        ("create", {"created": 3}, ["Ann", "Anne", "Bea", "Ben"]),
    ],
)
@pytest.mark.parametrize("size", [1, 2, 2000])
def test_duplicates_by_address_are_updated_skipped_or_created(
    tenant: Tenant, size: int, on_duplicate: str, expected: dict[str, int], names: list[str]
) -> None:
    ContactFactory(email="ann@bücher.example", first_name="Ann", score=5)
    job = imported(
        "email,first name,score\n ANN@xn--bcher-kva.example,Anne,\nben@x.example,Ben,1\nBEN@x.example,Bea,2\n",
        size=size,
        on_duplicate=on_duplicate,
    )
    assert counts(job) == expected
    assert sorted(Contact.objects.values_list("first_name", flat=True)) == names


@pytest.mark.parametrize("size", [1, 2000])
def test_an_update_fills_and_never_empties(tenant: Tenant, size: int) -> None:
    ann = ContactFactory(
        email="Ann@x.example", first_name="Ann", phone="+49 30 901820", lifecycle_stage="Lead"
    )
    ContactTag.objects.create(record=ann, label="old")
    job = imported(
        "email,first name,phone,mobile,stage,tags,created at,company\n"
        "ann@X.example,,,+4915112345678,Customer,new,2020-01-01,\n"
        'ann@x.example,,,,,"OLD, newer",2021-01-01,Acme\n',
        size=size,
    )
    assert counts(job) == {"updated": 2}
    ann.refresh_from_db()
    assert (ann.email, ann.first_name, ann.phone, ann.sms_number) == (
        "Ann@x.example",
        "Ann",
        "+49 30 901820",
        "+4915112345678",
    )
    assert (ann.lifecycle_stage, ann.created_at) == ("Customer", NOW)
    assert ann.account and ann.account.name == "Acme"
    assert sorted(ContactTag.objects.values_list("label", flat=True)) == ["new", "newer", "old"]


@pytest.mark.parametrize("size", [1, 2000])
def test_further_addresses_belong_to_the_contact_and_find_it(tenant: Tenant, size: int) -> None:
    job = imported(
        "Emails,First name,Other emails\n"
        "a@x.example;B@x.example,Ann,c@x.example\n"
        "b@X.example,Anna,\n"
        "d@x.example;a@x.example,Dan,\n",
        size=size,
    )
    assert counts(job) == {"created": 2, "updated": 1}
    ann, dan = Contact.objects.order_by("pk")
    assert (ann.email, ann.first_name) == ("a@x.example", "Anna")
    found = ContactAddress.objects.order_by("contact", "email_norm").values_list("contact", "email_norm")
    assert list(found) == [(ann.pk, "b@x.example"), (ann.pk, "c@x.example"), (dan.pk, "a@x.example")]


def test_people_without_an_address_are_always_new(tenant: Tenant) -> None:
    assert counts(imported("name,city\nAnn Arm,Wesel\nAnn Arm,Wesel\n")) == {"created": 2}
    assert {(c.first_name, c.last_name) for c in Contact.objects.all()} == {("Ann", "Arm")}


@pytest.mark.parametrize("size", [1, 2000])
def test_companies_are_found_by_name_without_case_or_made(tenant: Tenant, size: int) -> None:
    Account.objects.create(name="Acme", created_at=NOW, employees=1)
    job = imported(
        "Name,Number of employees,Website\n ACME ,40,\nBolt,12,https://bolt.example\nbolt,,https://b.example\n,1,\n",
        "account",
        size=size,
    )
    assert counts(job) == {"created": 1, "updated": 2, "refused": 1}
    assert refusals(job) == [(5, "no name")]
    found = Account.objects.order_by("pk").values_list("name", "employees", "website")
    assert list(found) == [("Acme", 40, ""), ("Bolt", 12, "https://b.example")]


def test_an_owner_who_is_no_member_stays_empty_and_is_counted(tenant: Tenant) -> None:
    make_member(email="ana@us.example", role="sales_rep")
    job = imported(
        "email,owner\na@x.example,ana@us.example\nb@x.example,cleo@us.example\nc@x.example,cleo@us.example\n"
    )
    assert counts(job) == {"created": 3}
    assert Contact.objects.exclude(owner=None).count() == 1
    assert job.warnings == [
        "2 rows have an owner who is no member here and stay without one: cleo@us.example."
    ]


def test_unknown_columns_are_left_out_and_of_two_with_one_name_the_first_is_taken(tenant: Tenant) -> None:
    job = imported("email,first name,first name,Recent note\na@x.example,Ann,Wende,=1+1\n")
    assert Contact.objects.get().first_name == "Ann"
    assert job.warnings == ["There are several columns “first name”; the first is taken."]
    assert job.columns == ["email", "first_name", "", ""]


def test_columns_become_fields_and_constants_are_for_every_row(tenant: Tenant) -> None:
    make_field("contact", "nps", FieldType.NUMBER)
    job = opened("email,Net,Topics,Note\na@x.example,5,Sales;Marketing,=1+1\nb@x.example,,,\n")
    begin(
        job,
        columns=["email", "nps", "topics", "note"],
        constants={
            "tags": "fair, 2026",
            "import_name": "Spring",
            "source": "Fair",
            "lifecycle_stage": "Lead",
        },
        new_fields=[
            NewField("topics", "Topics", FieldType.TAGS),
            NewField("note", "Note", FieldType.TEXT),
            NewField("import_name", "Import name", FieldType.TEXT),
        ],
    )
    assert counts(worked(job)) == {"created": 2}
    column = dict(CustomField.objects.values_list("key", "column"))
    a, b = Contact.objects.order_by("pk")
    assert (getattr(a, column["nps"]), getattr(a, column["note"])) == (5, "=1+1")
    assert (getattr(b, column["nps"]), getattr(b, column["import_name"])) == (None, "Spring")
    assert (b.source, b.lifecycle_stage) == ("Fair", "Lead")
    topics = CustomField.objects.get(key="topics")
    found = ContactTag.objects.order_by("record", "label").values_list("record", "field", "label")
    assert list(found) == [
        (a.pk, None, "2026"),
        (a.pk, topics.pk, "Marketing"),
        (a.pk, topics.pk, "Sales"),
        (a.pk, None, "fair"),
        (b.pk, None, "2026"),
        (b.pk, None, "fair"),
    ]


@pytest.mark.parametrize(
    ("columns", "options", "reason"),
    [
        (["email", "nonsense"], {}, "There is no field “nonsense” that a file can fill."),
        (["email", "email"], {}, "Two columns are “email”; choose one."),
        (["score", ""], {}, "Choose the column that has the email or a name."),
        (["email", "last_sent_at"], {}, "There is no field “last_sent_at” that a file can fill."),
        (["email", ""], {"constants": {"score": "many"}}, "score: “many” is no number."),
        (["email", ""], {"constants": {"owner": "x@us.example"}}, "owner: “x@us.example” is no member."),
        (
            ["first_name", ""],
            {"constants": {"email": "a@x.example"}},
            "“email” cannot be the same for every row.",
        ),
        (["email", ""], {"on_duplicate": "merge"}, "“merge” is not one of update, skip, create."),
    ],
)
def test_what_cannot_be_imported_is_said_before_anything_happens(
    tenant: Tenant, columns: list[str], options: dict[str, Any], reason: str
) -> None:
    job = opened("a,b\n1,2\n")
    with pytest.raises(CannotImport) as refused:
        begin(job, columns, **options)
    assert refused.value.reasons == (reason,)
    job.refresh_from_db()
    assert (job.state, ImportDue.objects.count(), AuditLine.objects.count()) == ("matching", 0, 0)


def test_an_import_goes_on_where_a_killed_worker_left_it(tenant: Tenant) -> None:
    rows = "".join(f"p{n}@x.example,P{n}\n" for n in range(10))
    job = opened(f"email,first name\n{rows}")
    begin(job)
    assert Work(job.pk, size=4).step(now=NOW)  # then it is killed
    job.refresh_from_db()
    assert (job.state, job.done, job.created, Contact.objects.count()) == ("running", 4, 4, 4)
    assert not Work(job.pk, size=4).step(now=NOW + timedelta(seconds=59)), "somebody may still be at it"
    other = Work(job.pk, size=4)
    later = NOW + timedelta(seconds=60)
    assert [other.step(now=later), other.step(now=later), other.step(now=later)] == [True, False, False]
    job.refresh_from_db()
    assert counts(job) == {"created": 10}
    assert sorted(Contact.objects.values_list("first_name", flat=True)) == [f"P{n}" for n in range(10)]
    assert job.finished_at == later
    assert not ImportFile.objects.exists() and not ImportDue.objects.exists()


def test_a_batch_that_fails_leaves_nothing_of_itself(tenant: Tenant) -> None:
    job = opened("email\na@x.example\nb@x.example\n")
    begin(job)
    with pytest.raises(RuntimeError), use(tenant):
        Work(job.pk, size=1).step(now=NOW)
        raise RuntimeError
    assert Contact.objects.count() == 0
    assert counts(worked(job, size=1)) == {"created": 2}


def test_who_comes_second_to_an_import_goes_away(tenant: Tenant) -> None:
    job = opened("email\na@x.example\nb@x.example\nc@x.example\n")
    begin(job)
    first, late = Work(job.pk, size=1), NOW + timedelta(minutes=5)
    assert first.step(now=NOW)
    second = Work(job.pk, size=1)
    assert second.step(now=late)
    assert not first.step(now=late), "the other one is at it now"
    assert counts(worked_by(second, job)) == {"created": 3}


def worked_by(work: Work, job: ImportJob) -> ImportJob:
    while work.step(now=NOW):
        pass
    job.refresh_from_db()
    return job


@pytest.fixture
def run(tmp_path: Path, transactional_db: None) -> Callable[..., Any]:
    """The command on a file of this text; what it prints as JSON."""
    tenant = make_tenant("northwind")

    def call(text: str | bytes, *arguments: str, kind: str = "contact") -> Any:
        file = tmp_path / "people.csv"
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
        out = StringIO()
        call_command(
            "import_records",
            str(file),
            "--tenant",
            tenant.slug,
            "--kind",
            kind,
            "--json",
            *arguments,
            stdout=out,
        )
        return json.loads(out.getvalue())

    return call


def contacts() -> list[Contact]:
    with use(Tenant.objects.get()):
        return list(Contact.objects.order_by("pk"))


def test_the_command_takes_a_header_without_rows_for_nothing_to_do(run: Callable[..., Any]) -> None:
    nothing = {"created": 0, "updated": 0, "skipped": 0, "refused": []}
    assert nothing.items() <= run("email,first_name\n").items()


def test_the_command_prints_the_counts_and_the_refused_rows(run: Callable[..., Any]) -> None:
    found = run(
        "email,Note\na@x.example,x\nA@x.example,y\nnobody,z\n", "--map", "Note=note", "--set", "tags=fair"
    )
    assert found == {
        "created": 1,
        "updated": 1,
        "skipped": 0,
        "refused": [{"line": 4, "reason": "email: “nobody” is no email address"}],
        "warnings": [],
    }
    assert contacts()[0].text_01 == "y"
    with use(Tenant.objects.get()):
        assert ContactTag.objects.get().label == "fair"
        assert ImportJob.objects.get().state == "done"


def test_a_dry_run_says_the_same_and_does_nothing(run: Callable[..., Any]) -> None:
    found = run("email,Note\na@x.example,x\nnobody,z\n", "--map", "Note=note:text", "--dry-run")
    assert (found["created"], len(found["refused"])) == (1, 1)
    assert contacts() == []
    with use(Tenant.objects.get()):
        assert not ImportJob.objects.exists() and not CustomField.objects.exists()


def test_the_command_takes_encoding_delimiter_and_duplicates(run: Callable[..., Any]) -> None:
    run(
        "email^vorname\na@x.example^José\na@x.example^Zoë\n".encode("cp850"),
        "--encoding",
        "cp850",
        "--delimiter",
        "^",
    )
    assert [c.first_name for c in contacts()] == ["Zoë"]
    assert run("email\na@x.example\n", "--on-duplicate", "skip")["skipped"] == 1
    assert run("email\na@x.example\n", "--on-duplicate", "create")["created"] == 1


@pytest.mark.parametrize(
    ("text", "arguments", "reason"),
    [
        (b"\x89PNG\r\n\x1a\n" + bytes(100), (), r"an image \(PNG\)"),
        (b"", (), "the file is empty"),
        (b"email\n", ("--map", "Nope=email"), "There is no column “Nope”; the file has: email"),
        (b"email\n", ("--map", "email"), "is not NAME=VALUE"),
        (b"email,x\n", ("--map", "x=thing:colour"), "There is no type “colour”"),
        (b"city\n", (), "Choose the column that has the email or a name"),
        (b"email\n", ("--encoding", "klingon"), "there is no encoding"),
        (b"email,x\n", ("--map", "x=two words"), "cannot be the name of a field"),
    ],
)
def test_what_cannot_be_read_ends_with_2_and_a_reason(
    run: Callable[..., Any], text: bytes, arguments: tuple[str, ...], reason: str
) -> None:
    with pytest.raises(CommandError, match=reason) as refused:
        run(text, *arguments)
    assert refused.value.returncode == 2
    with use(Tenant.objects.get()):
        assert not ImportJob.objects.exists() and not CustomField.objects.exists()


def test_a_workspace_or_a_file_that_is_not_there_ends_with_2(db: None) -> None:
    for arguments in (["/nowhere.csv", "--tenant", "none"], ["/nowhere.csv", "--tenant", make_tenant().slug]):
        with pytest.raises(CommandError) as refused:
            call_command("import_records", *arguments, "--kind", "contact")
        assert refused.value.returncode == 2


@pytest.mark.skipif(DATA is None, reason="the shared files are not here")
@pytest.mark.parametrize(
    ("file", "kind", "created", "updated", "refused"),
    [
        ("accounts.csv", "account", 1200, 0, 0),
        ("broken.csv", "contact", 378, 11, 12),
        ("excel-de.csv", "contact", 1450, 26, 24),
        ("freshsales-contacts.csv", "contact", 7726, 150, 124),
        ("hubspot-contacts.csv", "contact", 2891, 55, 54),
    ],
)
def test_the_shared_files_come_in_with_nothing_lost_as_the_check_foresees(
    tenant: Tenant, file: str, kind: str, created: int, updated: int, refused: int
) -> None:
    assert DATA
    job = opened((DATA / file).read_bytes(), kind)
    jobs.choose(job, Choices(job.columns), by=None)
    check_now(job, at=NOW)
    job.refresh_from_db()
    foreseen = counts(job), refusals(job)
    assert not Contact.objects.exists() and not Account.objects.exists()
    jobs.start(job, by=None, at=NOW)
    worked(job)
    assert (counts(job), refusals(job)) == foreseen
    assert (job.created, job.updated, job.refused) == (created, updated, refused)
    model = Account if kind == "account" else Contact
    assert model.objects.count() == created
    assert job.refusals.count() == refused
