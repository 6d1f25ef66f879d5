"""Pages of opportunities: the same machinery as contacts and companies, and what is theirs alone."""

from __future__ import annotations

import re
from datetime import date, timedelta

import pytest
from django.test import Client

from activities.models import Fact
from audience.catalogue import make_field
from audience.conditions.types import FieldType
from audience.models import Account, Choice, Opportunity, RecordJobPart, SavedView
from sequences.commands.editing import create_sequence
from sequences.models import Addition, Enrollment, Sequence
from tenants.models import AuditLine, Role
from tenants.wall import use
from tests.factories import NOW, AccountFactory, ContactFactory, OpportunityFactory, make_member, make_tenant
from tests.pages.somebody import Somebody, names, words

pytestmark = pytest.mark.django_db


@pytest.fixture
def me(client: Client) -> Somebody:
    return Somebody(client, make_tenant())


def deals(me: Somebody) -> dict[str, Opportunity]:
    with use(me.tenant):
        acme = AccountFactory(name="Acme")
        ann = ContactFactory(
            first_name="Ann", last_name="Zorn", email="ann@acme.example", account=acme, job_title="CFO"
        )
        return {
            "Big": OpportunityFactory(
                name="Big",
                stage="Qualification",
                amount=5000,
                close_on=date(2026, 6, 1),
                contact=ann,
                account=acme,
            ),
            "Small": OpportunityFactory(name="Small", stage="Won", amount=1250.5, owner=me.member),
            "Bare": OpportunityFactory(name="Bare"),
        }


PAGES = ["/opportunities/", "/opportunities/new/"]


@pytest.mark.parametrize("path", PAGES)
def test_a_stranger_is_led_to_signing_in(client: Client, path: str) -> None:
    assert client.get(path).status_code == 302


@pytest.mark.parametrize("path", PAGES)
def test_a_role_without_the_right_is_refused(client: Client, path: str) -> None:
    somebody = Somebody(client, make_tenant())
    with use(somebody.tenant):
        Role.objects.filter(key="admin").update(permissions={"sequence.view": "all"})
    assert client.get(path).status_code == 403


@pytest.mark.parametrize(
    ("address", "found"),
    [
        ("", ["Bare", "Small", "Big"]),
        ("?sort=-amount", ["Big", "Small", "Bare"]),
        ("?sort=close_on", ["Big", "Bare", "Small"]),
        ("?sort=name", ["Bare", "Big", "Small"]),
        ("?q=b", ["Bare", "Big"]),
        ("?q=acm", ["Big"]),
        ("?stage=won", ["Small"]),
        ("?owner=none", ["Bare", "Big"]),
        ("?cond-match=all&cond-0-field=amount&cond-0-op=%3E&cond-0-value=1000", ["Small", "Big"]),
        ("?cond-match=all&cond-0-field=contact.job_title&cond-0-op=is&cond-0-value=cfo", ["Big"]),
        ("?cond-match=all&cond-0-field=account.name&cond-0-op=is&cond-0-value=ACME", ["Big"]),
        ("?cond-match=all&cond-0-field=contact&cond-0-op=empty", ["Bare", "Small"]),
    ],
)
def test_the_list_shows_what_its_address_asks_for(me: Somebody, address: str, found: list[str]) -> None:
    deals(me)
    assert names(me.get(f"/opportunities/{address}")) == found


def test_the_list_shows_stage_amount_contact_and_company(me: Somebody) -> None:
    deals(me)
    said = words(me.get("/opportunities/"))
    for text in ("3 opportunities", "Qualification", "5,000", "1,250.5", "Ann Zorn", "Acme", "Close date"):
        assert text in said, text


def test_fields_of_the_contact_can_be_columns(me: Somebody) -> None:
    deals(me)
    with use(me.tenant):
        own = make_field("contact", "shoe", FieldType.TEXT)
        contact = Opportunity.objects.get(name="Big").contact
        assert contact
        setattr(contact, own.column, "44")
        contact.owner = me.member
        contact.save()
    said = words(me.get("/opportunities/?col=contact.shoe&col=contact.owner&col=contact.account"))
    for text in ("Contact: shoe", "44", "Contact: owner", me.member.name, "Contact: company", "Acme"):
        assert text in said, text


def test_a_list_is_saved_as_a_view_and_opened(me: Somebody) -> None:
    deals(me)
    query = "cond-match=all&cond-0-field=stage&cond-0-op=is&cond-0-value=Won&sort=-amount&col=amount"
    page = me.client.post(f"/views/new/?record=opportunity&{query}", {"name": "Won"}, follow=True)
    assert names(page.content.decode()) == ["Small"]
    with use(me.tenant):
        view = SavedView.objects.get()
        assert (view.record, view.columns, view.sort) == ("opportunity", ["amount"], "-amount")
    assert names(me.get(f"/opportunities/?view={view.pk}")) == ["Small"]
    me.client.post(f"/views/{view.pk}/delete/")
    assert "All opportunities" in me.get("/opportunities/")


def test_a_bulk_verb_works_on_those_ticked(me: Somebody) -> None:
    found = deals(me)
    given = {
        "do": "set_field",
        "confirm": "1",
        "field": "stage",
        "value": "lost",
        "ids": [found["Big"].pk, found["Bare"].pk],
    }
    page = me.client.post("/opportunities/bulk/", given, follow=True).content.decode()
    assert "done for 2 opportunities" in page
    with use(me.tenant):
        assert sorted(Opportunity.objects.filter(stage="lost").values_list("name", flat=True)) == [
            "Bare",
            "Big",
        ]
        assert Choice.objects.filter(record="opportunity", field="stage", value="lost").exists()


def test_verbs_of_people_are_not_offered(me: Somebody) -> None:
    deals(me)
    html = me.get("/opportunities/")
    offered = re.findall(
        r'<option value="(\w+)">', html.partition('id="bulk-do"')[2].partition("</select>")[0]
    )
    assert offered == ["set_owner", "set_field", "export", "add_to_sequence", "delete"]


def test_the_people_of_opportunities_are_added_to_a_sequence(me: Somebody) -> None:
    """Their primary contacts, each once; one without a contact is left out, and said."""
    found = deals(me)
    with use(me.tenant):
        sequence = create_sequence(by=me.member, name="Renewals", now=NOW)
        again = OpportunityFactory(name="Again", contact=found["Big"].contact)
    picked = [found["Big"].pk, found["Bare"].pk, again.pk]
    form = {"do": "add_to_sequence", "ids": picked, "confirm": "1", "sequence": sequence.pk}
    page = me.client.post("/opportunities/bulk/", form, follow=True).content.decode()
    with use(me.tenant):
        added = list(Addition.objects.values_list("contact__first_name", flat=True))
        assert "Ann" in added and len(added) == len(set(added)) == with_contacts(picked)
    assert "Add to “Renewals”: done for" in page


def with_contacts(picked: list[int]) -> int:
    """Of how many people these opportunities are."""
    rows = Opportunity.objects.filter(pk__in=picked, contact__isnull=False)
    return rows.values("contact").distinct().count()


def test_people_of_opportunities_whom_one_may_not_see_are_not_added(client: Client) -> None:
    rep = Somebody(client, make_tenant(), "sales_rep")
    found = deals(rep)
    with use(rep.tenant):
        Role.objects.filter(pk=rep.member.role_id).update(
            permissions=rep.member.role.permissions | {"record.view": "own"}
        )
        Opportunity.objects.filter(pk=found["Big"].pk).update(owner=rep.member)
        sequence = create_sequence(by=rep.member, name="Renewals", now=NOW)
    form = {"do": "add_to_sequence", "ids": [found["Big"].pk], "confirm": "1", "sequence": sequence.pk}
    page = rep.client.post("/opportunities/bulk/", form, follow=True).content.decode()
    assert "1 left out: inside or waiting already, or in it before, or without a contact." in page
    with use(rep.tenant):
        assert not Addition.objects.exists()


def test_the_export_has_the_columns_of_the_list(me: Somebody) -> None:
    found = deals(me)
    given = {
        "do": "export",
        "confirm": "1",
        "columns": ["name", "stage", "amount", "contact", "account", "close_on"],
        "ids": [deal.pk for deal in found.values()],
    }
    page = me.client.post("/opportunities/bulk/", given, follow=True)
    address = re.search(r"/jobs/\d+/file.csv", page.content.decode())
    assert address
    text = me.client.get(address[0]).getvalue().decode("utf-8-sig").splitlines()
    assert text == [
        "Name,Stage,Amount,Contact,Company,Close date",
        "Big,Qualification,5000,Ann Zorn,Acme,2026-06-01",
        "Small,Won,1250.5,,,",
        "Bare,,,,,",
    ]
    with use(me.tenant):
        assert RecordJobPart.objects.count() == 1


def test_one_is_made_with_its_contact_and_company(me: Somebody) -> None:
    with use(me.tenant):
        make_field("opportunity", "campaign", FieldType.TEXT)
        ann = ContactFactory(first_name="Ann", last_name="Zorn", email="Ann@acme.example")
    given = {
        "name": "New deal",
        "amount": "99.5",
        "stage": "Qualification",
        "close_on": "2026-07-01",
        "contact": "ann@ACME.example",
        "account": "Acme",
        "campaign": "Spring",
        "owner": "",
    }
    page = me.client.post("/opportunities/new/", given, follow=True)
    assert page.redirect_chain[0][0].startswith("/opportunities/")
    said = words(page.content.decode())
    for text in ("New deal", "99.5", "Qualification", "Ann Zorn", "Acme", "Spring"):
        assert text in said, text
    with use(me.tenant):
        deal = Opportunity.objects.get()
        assert (deal.contact, deal.account, deal.owner) == (ann, Account.objects.get(name="Acme"), None)
        assert AuditLine.objects.filter(verb="record.create").exists()


def test_a_company_that_is_not_said_is_that_of_the_contact(me: Somebody) -> None:
    deals(me)
    me.client.post("/opportunities/new/", {"name": "Second", "contact": "ann zorn"})
    with use(me.tenant):
        deal = Opportunity.objects.get(name="Second")
        assert (str(deal.contact.name), str(deal.account)) == ("Ann Zorn", "Acme")  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("nobody@x.example", "No contact has the name or address “nobody@x.example”."),
        ("Ann", "Say whom by the email address: Ann Zorn (ann@acme.example)."),
        ("Bo Li", "Say whom by the email address: Bo Li (bo1@x.example), Bo Li (bo2@x.example)."),
    ],
)
def test_a_contact_who_is_not_clear_is_asked_for_at_the_field(me: Somebody, text: str, said: str) -> None:
    deals(me)
    with use(me.tenant):
        for n in (1, 2):
            ContactFactory(first_name="Bo", last_name="Li", email=f"bo{n}@x.example")
    response = me.client.post("/opportunities/new/", {"name": "Second", "contact": text, "amount": "7"})
    assert response.status_code == 422
    html = response.content.decode()
    assert said in html
    assert 'value="Second"' in html
    assert f'value="{text}"' in html
    with use(me.tenant):
        assert not Opportunity.objects.filter(name="Second").exists()


def test_a_contact_whom_one_may_not_see_is_nobody(client: Client) -> None:
    me = Somebody(client, make_tenant())
    found = deals(me)
    with use(me.tenant):
        Role.objects.filter(key="admin").update(permissions={"record.view": "own", "record.edit": "own"})
        Opportunity.objects.filter(pk=found["Big"].pk).update(owner=me.member)
    assert "Ann Zorn" not in me.get(f"/opportunities/{found['Big'].pk}/")
    response = me.client.post("/opportunities/new/", {"name": "Second", "contact": "ann@acme.example"})
    assert "No contact has the name or address" in response.content.decode()


def test_an_opportunity_needs_a_name(me: Somebody) -> None:
    response = me.client.post("/opportunities/new/", {"amount": "12"})
    assert response.status_code == 422
    assert "Fill in a name." in response.content.decode()


def test_one_is_changed_and_what_is_not_touched_stays(me: Somebody) -> None:
    deal = deals(me)["Big"]
    path = f"/opportunities/{deal.pk}/edit/"
    html = me.get(path)
    assert 'value="ann@acme.example"' in html
    given = {
        "name": "Bigger",
        "amount": "5000.0",
        "stage": "Qualification",
        "close_on": "2026-06-01",
        "contact": "",
        "account": "Acme",
    }
    me.client.post(path, given, follow=True)
    with use(me.tenant):
        deal.refresh_from_db()
        assert (deal.name, deal.contact, str(deal.account), deal.amount) == ("Bigger", None, "Acme", 5000)


def test_one_is_deleted_after_a_question(me: Somebody) -> None:
    deal = deals(me)["Big"]
    assert "Delete …" in me.get(f"/opportunities/{deal.pk}/")
    asked = {"do": "delete", "ids": deal.pk, "filter": ""}
    question = me.client.post("/opportunities/bulk/", asked).content.decode()
    assert "1 opportunity" in words(question)
    me.client.post("/opportunities/bulk/", asked | {"confirm": "1"})
    assert me.client.get(f"/opportunities/{deal.pk}/").status_code == 404


def test_who_may_only_see_can_neither_change_nor_delete(client: Client) -> None:
    me = Somebody(client, make_tenant(), "sales_rep")
    with use(me.tenant):
        other = OpportunityFactory()
    said = words(me.get(f"/opportunities/{other.pk}/"))
    assert "Edit" not in said
    assert "Delete" not in said
    assert me.client.get(f"/opportunities/{other.pk}/edit/").status_code == 403


def test_its_contact_and_company_show_it(me: Somebody) -> None:
    deal = deals(me)["Big"]
    for path in (f"/contacts/{deal.contact_id}/", f"/companies/{deal.account_id}/"):
        html = me.get(path)
        assert f'href="/opportunities/{deal.pk}/"' in html
        assert "Qualification" in html
        new = re.search(r'href="(/opportunities/new/\?[^"]+)"', html)
        assert new
        assert 'value="Acme"' in me.get(new[1])
    assert 'value="ann@acme.example"' in me.get(f"/opportunities/new/?contact={deal.contact_id}")


def test_its_timeline_tells_what_its_stays_did_and_nothing_else(me: Somebody) -> None:
    deal = deals(me)["Big"]
    with use(me.tenant):
        mine, other = (
            create_sequence(name=name, by=me.member, now=NOW) for name in ("Follow deals", "Newsletter")
        )
        Sequence.objects.filter(pk=mine.pk).update(record="opportunity")
        stay = _stay(mine, deal, opportunity=deal)
        elsewhere = _stay(other, deal)
        for of, kind in ((stay, "replied"), (elsewhere, "unsubscribed")):
            Fact.objects.create(
                contact_id=of.contact_id, enrollment_id=of.pk, kind=kind, at=NOW + timedelta(hours=1)
            )
    said = words(me.get(f"/opportunities/{deal.pk}/timeline/"))
    for text in ("Entered Follow deals", "Replied", "Made"):
        assert text in said, text
    for text in ("Newsletter", "Unsubscribed"):
        assert text not in said, text
    assert f"/opportunities/{deal.pk}/timeline/" in me.get(f"/opportunities/{deal.pk}/")


def _stay(sequence: Sequence, deal: Opportunity, **through: Opportunity) -> Enrollment:
    return Enrollment.objects.create(
        sequence=sequence, contact_id=deal.contact_id, entered_at=NOW, state="active", day1_run=1, **through
    )


def test_the_panel_of_sequences_leads_back_to_the_opportunity(me: Somebody) -> None:
    deal = deals(me)["Big"]
    with use(me.tenant):
        create_sequence(name="Newsletter", by=me.member, now=NOW)
    panel = re.search(r'hx-get="(/sequences/panel/contact/[^"]+)"', me.get(f"/opportunities/{deal.pk}/"))
    assert panel
    html = me.get(panel[1])
    assert f'name="next" value="/opportunities/{deal.pk}/"' in html
    for elsewhere in ("//evil.example/", "https://evil.example/"):
        path = panel[1].partition("?")[0]
        assert "evil" not in me.get(f"{path}?next={elsewhere}")


def test_others_views_are_offered_to_nobody_else(me: Somebody) -> None:
    with use(me.tenant):
        other = make_member()
        SavedView.objects.create(name="Theirs", owner=other, record="opportunity")
        SavedView.objects.create(name="Given", owner=other, record="opportunity", is_shared=True)
    html = me.get("/opportunities/")
    assert "Theirs" not in html
    assert "Given" in html
