"""Pages of contacts and companies: allowed, forbidden, foreign, fragment and page (architecture §6)."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from audience.catalogue import make_field
from audience.conditions.types import FieldType
from audience.models import Account, Contact, ContactAddress, ContactTag, CustomField, Suppression
from tenants.models import AuditLine, Role
from tenants.wall import use
from tests.factories import NOW, AccountFactory, ContactFactory, make_tenant
from tests.pages.somebody import Somebody, names, words

pytestmark = pytest.mark.django_db


@pytest.fixture
def me(client: Client) -> Somebody:
    return Somebody(client, make_tenant())


PAGES = ["/contacts/", "/contacts/new/", "/companies/", "/companies/new/"]


@pytest.mark.parametrize("path", PAGES)
def test_a_stranger_is_led_to_signing_in(client: Client, path: str) -> None:
    assert client.get(path).status_code == 302


@pytest.mark.parametrize("path", PAGES)
def test_a_role_without_the_right_is_refused(client: Client, path: str) -> None:
    somebody = Somebody(client, make_tenant())
    with use(somebody.tenant):
        Role.objects.filter(key="admin").update(permissions={"sequence.view": "all"})
    assert client.get(path).status_code == 403


def test_a_record_of_another_workspace_is_not_there(me: Somebody) -> None:
    with use(make_tenant()):
        contact, company = ContactFactory(), AccountFactory()
    for path in (f"/contacts/{contact.pk}/", f"/companies/{company.pk}/"):
        assert me.client.get(path).status_code == 404
        assert me.client.get(f"{path}edit/").status_code == 404
        assert me.client.post(f"{path}edit/", {"first_name": "Eve"}).status_code == 404


def test_who_sees_only_their_own_gets_nothing_else(client: Client) -> None:
    me = Somebody(client, make_tenant())
    with use(me.tenant):
        Role.objects.filter(key="admin").update(permissions={"record.view": "own", "record.edit": "own"})
        mine, other = ContactFactory(owner=me.member), ContactFactory()
    assert names(me.get("/contacts/")) == [mine.name]
    assert me.client.get(f"/contacts/{other.pk}/").status_code == 404


def test_who_may_see_and_not_change_is_told_so(client: Client) -> None:
    me = Somebody(client, make_tenant(), "sales_rep")
    with use(me.tenant):
        other = ContactFactory()
    assert "Edit" not in words(me.get(f"/contacts/{other.pk}/"))
    assert me.client.get(f"/contacts/{other.pk}/edit/").status_code == 403
    assert me.client.post(f"/contacts/{other.pk}/edit/", {"first_name": "Eve"}).status_code == 403


def test_the_list_shows_people_the_newest_first_page_by_page(me: Somebody) -> None:
    with use(me.tenant):
        people = ContactFactory.create_batch(120)
    newest = [contact.name for contact in reversed(people)]
    first = me.get("/contacts/")
    assert names(first) == newest[:50]
    second = me.get(f"/contacts/?before={people[70].pk}")
    assert names(second) == newest[50:100]
    assert f"before={people[20].pk}" in second
    assert names(me.get(f"/contacts/?after={people[69].pk}")) == newest[:50]
    assert names(me.get(f"/contacts/?before={people[20].pk}")) == newest[100:]
    assert "120 people" in words(first)
    assert names(me.get("/contacts/?before=nonsense")) == newest[:50]


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("ann", ["Ann Arm", "Annika Bo"]),
        ("ANN arm", ["Ann Arm"]),
        ("arm ann", ["Ann Arm"]),
        ("acm", ["Cas Dum", "Ann Arm"]),
        ("cas@", ["Cas Dum"]),
        ("nn", []),
        ("%", []),
        ("ıpek", []),
        ("\x00", ["Annika Bo", "Cas Dum", "Ann Arm"]),
    ],
)
def test_the_search_is_for_beginnings(me: Somebody, asked: str, found: list[str]) -> None:
    with use(me.tenant):
        acme = AccountFactory(name="Acme")
        ContactFactory(first_name="Ann", last_name="Arm", email="x@y.example", account=acme)
        ContactFactory(first_name="Cas", last_name="Dum", email="cas@y.example", account=acme)
        ContactFactory(first_name="Annika", last_name="Bo", email="b@y.example")
    response = me.client.get("/contacts/", {"q": asked})
    assert sorted(names(response.content.decode())) == sorted(found)


def test_the_list_is_filtered_by_stage_and_owner(me: Somebody) -> None:
    with use(me.tenant):
        lead = ContactFactory(lifecycle_stage="Lead")
        mine = ContactFactory(owner=me.member)
    assert names(me.get("/contacts/?stage=LEAD")) == [lead.name]
    assert names(me.get(f"/contacts/?owner={me.member.pk}")) == [mine.name]
    assert names(me.get("/contacts/?owner=none")) == [lead.name]
    assert "1 person matches" in me.get("/contacts/?owner=none")
    assert "2 people" in me.get("/contacts/")
    assert "Nobody matches" in me.get("/contacts/?stage=nothing")


def test_the_fragment_of_a_search_is_cut_from_the_page(me: Somebody) -> None:
    with use(me.tenant):
        ContactFactory(first_name="Ann")
    whole = me.get("/contacts/?q=ann")
    part = me.get("/contacts/?q=ann", **{"HX-Request": "true", "HX-Target": "results"})
    strip = re.compile(r'name="csrfmiddlewaretoken" value="[^"]*"')
    assert strip.sub("", part.strip()) in strip.sub("", whole)
    assert "<h1" not in part


def test_an_empty_list_says_what_to_do(me: Somebody) -> None:
    html = me.get("/contacts/")
    assert "Nobody here yet" in html and 'href="/imports/new/"' in html
    assert "No companies yet" in me.get("/companies/")


def test_the_page_of_a_contact_tells_what_is_known(me: Somebody) -> None:
    with use(me.tenant):
        column = make_field("contact", "plan", FieldType.TEXT, "Plan").column
        make_field("contact", "vip", FieldType.YES_NO, "VIP")
        topics = make_field("contact", "topics", FieldType.TAGS, "Topics")
        contact = ContactFactory(
            first_name="Ann",
            last_name="<b>Arm</b>",
            email="Ann@X.example",
            mobile="+4915112345678",
            account=AccountFactory(name="Acme"),
            owner=me.member,
            score=79.5,
            last_contacted_mode="No reply",
            **{column: "Enterprise"},
        )
        ContactTag.objects.create(record=contact, label="Hot")
        ContactTag.objects.create(record=contact, label="Sales", field=topics)
        ContactAddress.objects.create(contact=contact, email="a2@x.example", email_norm="a2@x.example")
        Suppression.objects.create(
            channel="email", address_norm="ann@x.example", reason="unsubscribed", at=NOW
        )
        Suppression.objects.create(
            channel="sms", address_norm="+4915112345678", reason="unsubscribed", at=NOW
        )
    html = me.get(f"/contacts/{contact.pk}/")
    said = words(html)
    for text in ("Acme", "No reply", "79.5", "Enterprise", "Hot", "Sales", "a2@x.example", "VIP No"):
        assert text in said
    assert "Email unsubscribed" in said and "SMS unsubscribed" in said
    assert "<b>Arm</b>" not in html and "&lt;b&gt;Arm" in html


def filled(me: Somebody, path: str) -> dict[str, str]:
    """The values that the form of a page would send back."""
    html = me.get(path)
    found = dict(re.findall(r'<input[^>]* name="([a-z_]+)"[^>]*? value="([^"]*)"', html))
    found |= {
        name: value for value, name in re.findall(r'<input[^>]*? value="([^"]*)"[^>]* name="([a-z_]+)"', html)
    }
    return {name: value for name, value in found.items() if name not in ("csrfmiddlewaretoken", "q")}


def test_a_contact_is_added_by_its_form(me: Somebody) -> None:
    with use(me.tenant):
        make_field("contact", "seats", FieldType.NUMBER, "Seats")
        make_field("contact", "renews", FieldType.DATE, "Renews")
        make_field("contact", "vip", FieldType.YES_NO, "VIP")
        acme = AccountFactory(name="Acme")
    form = {
        "first_name": "Ann",
        "email": "Ann@X.example",
        "further": "a2@x.example, a3@x.example",
        "account": " ACME ",
        "lifecycle_stage": "Lead",
        "owner": str(me.member.pk),
        "timezone": "Europe/Berlin",
        "score": "7.5",
        "tags": "Hot, new, hot",
        "seats": "12",
        "renews": "2026-09-14",
        "vip": "on",
    }
    response = me.client.post("/contacts/new/", form)
    assert response.status_code == 302
    with use(me.tenant):
        ann = Contact.objects.get()
        assert response["Location"] == f"/contacts/{ann.pk}/"
        assert (ann.email_norm, ann.account, ann.owner, ann.score) == ("ann@x.example", acme, me.member, 7.5)
        column = dict(CustomField.objects.values_list("key", "column"))
        assert getattr(ann, column["seats"]) == 12
        assert getattr(ann, column["vip"]) is True
        assert str(getattr(ann, column["renews"])) == "2026-09-14"
        assert sorted(ContactTag.objects.values_list("label", flat=True)) == ["Hot", "new"]
        assert ContactAddress.objects.count() == 2
        assert AuditLine.objects.get().verb == "record.create"


@pytest.mark.parametrize(
    ("form", "fault"),
    [
        ({}, "Fill in an email address or a name."),
        ({"email": "nonsense"}, "This is no email address."),
        ({"first_name": "Ann", "further": "a@x.example, b"}, "which is no email address"),
        ({"first_name": "Ann", "timezone": "europe/berlin"}, "did you mean Europe/Berlin?"),
        ({"first_name": "Ann", "score": "many"}, "Enter a number."),
        ({"first_name": "x" * 501}, "at most 500 characters"),
        ({"first_name": "Ann\x00"}, "Null characters are not allowed."),
        ({"first_name": "Ann", "owner": "999999"}, "Select a valid choice."),
    ],
)
def test_what_is_wrong_is_said_at_its_place_and_nothing_is_kept(
    me: Somebody, form: dict[str, str], fault: str
) -> None:
    response = me.client.post("/contacts/new/", form | {"account": "New one"})
    assert response.status_code == 422
    assert fault in words(response.content.decode())
    with use(me.tenant):
        assert not Contact.objects.exists() and not Account.objects.exists()


def test_a_form_that_is_sent_back_unchanged_changes_nothing(me: Somebody) -> None:
    with use(me.tenant):
        make_field("contact", "renews", FieldType.DATE, "Renews")
        contact = ContactFactory(owner=me.member, account=AccountFactory(), score=7.5, date_01="2026-09-14")
        ContactTag.objects.create(record=contact, label="Hot")
    path = f"/contacts/{contact.pk}/edit/"
    values = filled(me, path) | {"owner": str(me.member.pk)}
    assert values["tags"] == "Hot" and values["renews"] == "2026-09-14"
    assert me.client.post(path, values).status_code == 302
    with use(me.tenant):
        assert not AuditLine.objects.exists()


def test_a_contact_is_changed_by_its_form(me: Somebody) -> None:
    with use(me.tenant):
        other = ContactFactory(email="same@x.example")
        contact = ContactFactory(first_name="Ann", email="ann@x.example", account=AccountFactory())
        ContactAddress.objects.create(contact=contact, email="old@x.example", email_norm="old@x.example")
    path = f"/contacts/{contact.pk}/edit/"
    values = filled(me, path) | {
        "first_name": "",
        "email": other.email,
        "account": "Bolt",
        "further": "",
        "tags": "x",
    }
    response = me.client.post(path, values, follow=True)
    assert "There is another contact with the address same@x.example." in response.content.decode()
    with use(me.tenant):
        contact.refresh_from_db()
        assert (contact.first_name, contact.email_norm) == ("", "same@x.example")
        assert contact.account and contact.account.name == "Bolt"
        assert not ContactAddress.objects.exists()
        line = AuditLine.objects.get(verb="record.change")
        assert set(line.data["set"]) == {"first_name", "email", "account", "tags"}


def test_companies_have_a_list_a_page_and_a_form(me: Somebody) -> None:
    response = me.client.post(
        "/companies/new/", {"name": "Acme", "employees": "40", "website": "https://a.example"}
    )
    with use(me.tenant):
        acme = Account.objects.get()
        ann = ContactFactory(account=acme)
    assert response["Location"] == f"/companies/{acme.pk}/"
    said = words(me.get(f"/companies/{acme.pk}/"))
    assert "Acme" in said and "40" in said and ann.name in said
    assert names(me.get("/companies/?q=ac")) == ["Acme"]
    assert names(me.get("/companies/?q=cme")) == []
    assert me.client.post(f"/companies/{acme.pk}/edit/", {"name": ""}).status_code == 422
    values = filled(me, f"/companies/{acme.pk}/edit/")
    assert me.client.post(f"/companies/{acme.pk}/edit/", values | {"industry": "Paper"}).status_code == 302
    with use(me.tenant):
        acme.refresh_from_db()
        assert (acme.name, acme.industry, acme.employees) == ("Acme", "Paper", 40)


def test_two_who_change_a_contact_at_once_lose_nothing(me: Somebody) -> None:
    with use(me.tenant):
        contact = ContactFactory(first_name="Ann", last_name="Lee", city="Bonn")
    path = f"/contacts/{contact.pk}/edit/"
    page = me.client.get(path).text
    shown = dict(re.findall(r'<input[^>]*name="([a-z_]+)"[^>]*value="([^"]*)"', page))
    with use(me.tenant):
        Contact.objects.update(city="Kiel", job_title="Head of Sales")

    # Another field: what was only shown gives way.
    assert me.client.post(path, shown | {"last_name": "Lea"}).status_code == 302
    with use(me.tenant):
        contact.refresh_from_db()
    assert (contact.last_name, contact.city, contact.job_title) == ("Lea", "Kiel", "Head of Sales")

    # The same field: said at its place, and kept only when it is sent again.
    answer = me.client.post(path, shown | {"last_name": "Lea", "city": "Ulm"})
    assert answer.status_code == 422 and "saved “Kiel” here after you had opened this" in answer.text
    again = dict(re.findall(r'<input[^>]*name="([a-z_]+)"[^>]*value="([^"]*)"', answer.text))
    assert me.client.post(path, again).status_code == 302
    with use(me.tenant):
        contact.refresh_from_db()
    assert (contact.city, contact.job_title) == ("Ulm", "Head of Sales")
