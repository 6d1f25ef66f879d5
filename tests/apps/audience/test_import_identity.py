"""One person is one contact however files write them, and who is stopped stays so (R-014, R-016, R-042)."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from audience.catalogue import choices_of
from audience.imports import jobs
from audience.imports.work import Work
from audience.models import Account, Choice, Contact, ContactAddress, ImportJob, Suppression
from audience.suppression import EMAIL, of_contact, suppress_all
from tenants.models import Tenant
from tenants.wall import use
from tests.apps.audience.importing import counts, field, imported, refusals
from tests.factories import NOW, ContactFactory, make_tenant

NFC, NFD = "Zo\u00eb@x.example", "Zoe\u0308@x.example"


@pytest.mark.django_db(transaction=True)
def test_r014_files_that_come_at_once_make_each_person_and_company_once() -> None:
    tenant = make_tenant()
    rows = "".join(f"p{n}@x.example,Company {n % 3}\n" for n in range(40))

    def come_in(number: int) -> None:
        with use(tenant):
            job = jobs.open_import(
                by=None, data=f"email,company\n{rows}".encode(), file_name="p.csv", kind="contact", at=NOW
            )
            jobs.start(job, by=None, at=NOW, is_worked_here=True)
        work, more = Work(job.pk, size=7), True
        while more:
            with use(tenant):
                more = work.step(now=NOW)
        connection.close()

    with ThreadPoolExecutor(5) as several:
        list(several.map(come_in, range(5)))
    with use(tenant):
        assert (Contact.objects.count(), Account.objects.count()) == (40, 3)
        assert sum(ImportJob.objects.values_list("created", flat=True)) == 40
        assert sum(ImportJob.objects.values_list("updated", flat=True)) == 160


@pytest.mark.parametrize("size", [1, 2000])
@pytest.mark.parametrize(
    "forms",
    [
        ("A@X.com", "a@x.com ", "a@X.COM", "\u200ba@x.com"),
        (NFC, NFD, NFD.upper()),
        ("ann@bücher.example", "ann@xn--bcher-kva.example", "ANN@BU\u0308CHER.example"),
    ],
)
def test_r016_all_forms_of_an_address_are_one_contact_and_stopped_as_one(
    tenant: Tenant, forms: tuple[str, ...], size: int
) -> None:
    rows = "".join(f"{form},Name {n}\n" for n, form in enumerate(forms))
    job = imported(f"email,first name\n{rows}", size=size)
    assert counts(job) == {"created": 1, "updated": len(forms) - 1}
    contact = Contact.objects.get()
    assert contact.email_norm
    suppress_all(EMAIL, [contact.email_norm], reason="unsubscribed", source="link", at=NOW)
    for form in forms:
        contact.delete()
        imported(f"email\n{form}\n")
        contact = Contact.objects.get()
        assert of_contact(contact).exists(), form


def test_r042_who_was_deleted_and_comes_again_by_the_same_file_stays_stopped(tenant: Tenant) -> None:
    file = "email,first name,tags\nann@x.example,Ann,fair\nben@x.example,Ben,\n"
    imported(file)
    suppress_all(EMAIL, ["ann@x.example"], reason="unsubscribed", source="erasure", at=NOW)
    Contact.objects.get(email="ann@x.example").delete()
    assert counts(imported(file)) == {"created": 1, "updated": 1}
    stopped = {c.first_name: of_contact(c).exists() for c in Contact.objects.all()}
    assert stopped == {"Ann": True, "Ben": False}
    assert Suppression.objects.count() == 1


def test_choices_meet_those_of_the_list_however_other_systems_write_them(tenant: Tenant) -> None:
    for value in ("Sales Qualified Lead", "Customer", "C 2"):
        Choice.objects.create(record="contact", field="lifecycle_stage", value=value)
    imported(
        "email,stage\na@x.example,salesqualifiedlead\nb@x.example,SALES-qualified_lead\nc@x.example,customer\n"
        "d@x.example,C2\ne@x.example,marketingqualifiedlead\nf@x.example,Marketing Qualified Lead\n"
    )
    found = dict(Contact.objects.values_list("email", "lifecycle_stage"))
    assert [found[f"{letter}@x.example"] for letter in "abcdef"] == [
        *("Sales Qualified Lead", "Sales Qualified Lead", "Customer", "C2"),
        *("marketingqualifiedlead", "marketingqualifiedlead"),
    ]
    assert choices_of(field("lifecycle_stage"))[3:] == ["C2", "marketingqualifiedlead"]


def test_dates_with_slashes_are_read_in_the_order_that_is_told(tenant: Tenant) -> None:
    file = "email,created at\na@x.example,02/03/2026\nb@x.example,9/14/2026 2:05 PM\n"
    assert counts(imported(file)) == {"refused": 2}
    assert counts(imported(file, date_order="month")) == {"created": 2}
    found = Contact.objects.order_by("pk").values_list("created_at", flat=True)
    assert [f"{at:%m-%d %H:%M}" for at in found] == ["02-03 00:00", "09-14 14:05"]


@pytest.mark.parametrize(("sign", "score"), [("", 1.234), (".", 1.234), (",", 1234.0)])
def test_the_decimal_sign_can_be_told(tenant: Tenant, sign: str, score: float) -> None:
    imported("email,score\na@x.example,1.234\n", decimal_sign=sign)
    assert Contact.objects.get().score == score


def test_a_contact_who_is_known_is_met_by_a_file_that_writes_them_otherwise(tenant: Tenant) -> None:
    ContactFactory(email=NFC, first_name="Zoë")
    assert counts(imported(f"email,city\n {NFD.upper()} ,Bonn\n")) == {"updated": 1}
    assert Contact.objects.get().city == "Bonn"


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
