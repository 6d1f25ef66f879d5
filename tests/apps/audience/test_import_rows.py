"""What rows become, sentence by sentence (interface: Import)."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from audience.catalogue import choices_of, make_field
from audience.conditions.types import FieldType
from audience.imports import jobs
from audience.imports.checking import check_now
from audience.imports.jobs import CannotImport, Choices, NewField
from audience.models import Account, Contact, ContactTag, CustomField, ImportDue
from tenants.models import AuditLine, Tenant
from tests.apps.audience.importing import begin, counts, field, imported, opened, refusals, worked
from tests.factories import NOW, ContactFactory, make_member


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


DATA = next(
    (p / "shared" / "data" for p in Path(__file__).resolve().parents if (p / "shared").exists()), None
)


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


def test_a_time_zone_is_read_as_systems_write_it_and_one_that_there_is_not_is_refused(tenant: Tenant) -> None:
    zones = {
        "Europe/Berlin": "Europe/Berlin",
        "europe/BERLIN": "Europe/Berlin",
        "America/New York": "America/New_York",
        "us_slash_eastern": "US/Eastern",
        "(GMT+01:00) Central European Time (Europe/Paris)": "Europe/Paris",
        "utc": "UTC",
        "": "",
    }
    rows = "".join(f"p{n}@x.example,{zone}\n" for n, zone in enumerate(zones))
    job = imported(f"email,time zone\n{rows}x@x.example,Mars/Phobos\ny@x.example,CET+1\n")
    assert counts(job) == {"created": len(zones), "refused": 2}
    found = list(Contact.objects.order_by("pk").values_list("timezone", flat=True))
    assert found == list(zones.values())
    reasons = [reason for _, reason in refusals(job)]
    assert reasons[0] == "time zone: “Mars/Phobos” is no time zone, such as Europe/Berlin"
