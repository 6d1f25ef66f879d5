"""An import changes no record that the member who imports could not change by hand."""

from __future__ import annotations

import pytest
from django.test import Client

from audience.imports.reach import BEYOND
from audience.models import Account, Contact, ImportJob
from tenants.models import Member
from tenants.wall import use
from tests.factories import NOW, ContactFactory, make_member, make_tenant
from tests.pages.imports.importing import FORM, counts_of, upload, work
from tests.pages.somebody import Somebody, words

pytestmark = pytest.mark.django_db


@pytest.fixture
def rep(client: Client) -> Somebody:
    return Somebody(client, make_tenant(), "sales_rep")


@pytest.fixture
def colleague(rep: Somebody) -> Member:
    with use(rep.tenant):
        colleague = make_member(email="ben@us.example", role="sales_rep")
        ContactFactory(email="theirs@x.example", first_name="Their", owner=colleague)
        ContactFactory(email="nobodys@x.example", first_name="No", owner=None)
        ContactFactory(email="mine@x.example", first_name="Mine", owner=rep.member)
    return colleague


PEOPLE = (
    "email,first name,owner,tags\ntheirs@x.example,Stolen,{me},hot\nnobodys@x.example,Stolen,{me},hot\n"
    "mine@x.example,Changed,,hot\nnew@x.example,New,,\nnew@x.example,Newer,,\nset@x.example,Set,ben@us.example,\n"
)


@pytest.mark.parametrize("size", [1, 3, 2000])
def test_a_rep_changes_only_their_own_and_what_is_new_becomes_theirs(
    rep: Somebody, colleague: Member, size: int
) -> None:
    path = upload(rep, PEOPLE.format(me=rep.member.email))
    form = FORM | {"column-2": "owner", "column-3": "tags"}
    assert "New ones without an owner are yours." in rep.get(path)
    rep.client.post(f"{path}check/", form)
    with use(rep.tenant):
        job = ImportJob.objects.get()
        foreseen = counts_of(job)
        assert foreseen == [2, 2, 0, 2]
        assert [(r.line, r.reason) for r in job.refusals.order_by("line")] == [(2, BEYOND), (3, BEYOND)]
    rep.client.post(f"{path}start/", form)
    work(rep, path, size)
    with use(rep.tenant):
        assert counts_of(job) == foreseen
        owners = Contact.objects.order_by("email").values_list("email", "first_name", "owner")
        assert list(owners) == [
            ("mine@x.example", "Changed", rep.member.pk),
            ("new@x.example", "Newer", rep.member.pk),
            ("nobodys@x.example", "No", None),
            ("set@x.example", "Set", colleague.pk),
            ("theirs@x.example", "Their", colleague.pk),
        ]
        assert not Contact.objects.get(email="theirs@x.example").tags.exists()
    assert "your role does not let you change it" in words(rep.get(path))


@pytest.mark.parametrize(("on_duplicate", "expected"), [("skip", [2, 0, 4, 0]), ("create", [6, 0, 0, 0])])
def test_who_changes_nobody_needs_no_reach(
    rep: Somebody, colleague: Member, on_duplicate: str, expected: list[int]
) -> None:
    path = upload(rep, PEOPLE.format(me=rep.member.email))
    rep.client.post(f"{path}start/", FORM | {"column-2": "owner", "on_duplicate": on_duplicate})
    work(rep, path)
    with use(rep.tenant):
        assert counts_of(ImportJob.objects.get()) == expected


def test_companies_are_reached_like_people(rep: Somebody, colleague: Member) -> None:
    with use(rep.tenant):
        Account.objects.create(name="Acme", city="Wesel", owner=colleague, created_at=NOW)
    path = upload(rep, "name,city\nACME,Bonn\nBolt,Bonn\n", "account")
    rep.client.post(f"{path}start/", {"column-0": "name", "column-1": "city", "on_duplicate": "update"})
    work(rep, path)
    with use(rep.tenant):
        assert list(Account.objects.order_by("pk").values_list("name", "city", "owner")) == [
            ("Acme", "Wesel", colleague.pk),
            ("Bolt", "Bonn", rep.member.pk),
        ]


def test_whose_role_reaches_everybody_changes_everybody(client: Client) -> None:
    manager = Somebody(client, make_tenant(), "sales_manager")
    with use(manager.tenant):
        ContactFactory(email="a@x.example", owner=make_member(email="ben@us.example", role="sales_rep"))
    path = upload(manager, "email,first name\na@x.example,Ann\nb@x.example,Ben\n")
    manager.client.post(f"{path}start/", FORM)
    work(manager, path)
    with use(manager.tenant):
        assert counts_of(ImportJob.objects.get()) == [1, 1, 0, 0]
        assert Contact.objects.get(email="b@x.example").owner is None
