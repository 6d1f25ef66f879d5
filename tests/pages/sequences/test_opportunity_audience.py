"""A sequence that follows opportunities, from its first page to the timeline of the deal."""

from __future__ import annotations

import html
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from audience.models import SavedView
from sequences.commands.planning import add_step
from sequences.commands.status import activate
from sequences.models import Enrollment, Sequence
from sequences.ticking import work_tenant
from tenants.models import Member, Tenant
from tests.factories import NOW, ContactFactory, OpportunityFactory
from tests.pages.somebody import words

pytestmark = pytest.mark.django_db

QUALIFIED = {
    "entry-match": "all",
    "entry-0-field": "stage",
    "entry-0-op": "is",
    "entry-0-value": "Qualification",
}


def text(response: Any) -> str:
    return " ".join(html.unescape(response.content.decode()).split())


@pytest.fixture
def sequence(client: Client, rep: Member) -> Sequence:
    """A new draft, made in the browser."""
    page = text(client.get("/sequences/new/"))
    assert "The primary contact of each matching opportunity enters." in page
    made = {"name": "Follow deals", "record": "opportunity", "kind": "classic"}
    assert client.post("/sequences/new/", made).status_code == 302
    return Sequence.objects.get(name="Follow deals")


def save(client: Client, sequence: Sequence, **more: Any) -> Any:
    path = f"/sequences/{sequence.pk}/edit/audience/"
    return client.post(path, {"record": "opportunity"} | more, follow=True)


def test_the_contact_of_a_matching_deal_enters_and_the_deal_tells_of_it(
    client: Client, tenant: Tenant, rep: Member, sequence: Sequence
) -> None:
    ann, ben = ContactFactory(first_name="Ann", last_name="Zorn"), ContactFactory()
    deal = OpportunityFactory(name="Big", stage="Qualification", contact=ann)
    OpportunityFactory(stage="Lost", contact=ben)
    assert save(client, sequence, **QUALIFIED).status_code == 200
    sequence.refresh_from_db()
    assert (sequence.record, sequence.entry_conditions[0]["field"]) == ("opportunity", "stage")
    form = {"record": "opportunity"} | QUALIFIED
    assert "Ann Zorn" in text(client.post(f"/sequences/{sequence.pk}/edit/preview/", form))
    page = text(client.get(f"/sequences/{sequence.pk}/edit/"))
    assert 'name="record" value="opportunity" checked' in page
    add_step(sequence=sequence, kind="call", by=rep, now=NOW, day=1, settings={"title": "Ring"})
    activate(sequence=sequence, by=rep, now=NOW)
    work_tenant(tenant.pk, now=NOW + timedelta(days=1), is_on_time=True)
    stay = Enrollment.objects.get()
    assert (stay.contact, stay.opportunity) == (ann, deal)
    assert "Entered Follow deals" in words(text(client.get(f"/opportunities/{deal.pk}/timeline/")))
    assert "Follow deals" in text(client.get(f"/sequences/panel/contact/{ann.pk}/"))


def test_a_view_of_opportunities_is_a_way_in_and_one_of_contacts_is_not(
    client: Client, rep: Member, sequence: Sequence
) -> None:
    deals = SavedView.objects.create(name="Open deals", owner=rep, record="opportunity")
    people = SavedView.objects.create(name="Leads", owner=rep)
    page = text(client.get(f"/sequences/{sequence.pk}/edit/"))
    assert "Open deals" in page
    assert "Leads" not in page
    save(client, sequence, views=[deals.pk])
    assert list(sequence.sequence_views.values_list("view", flat=True)) == [deals.pk]
    save(client, sequence, views=[people.pk])
    assert list(sequence.sequence_views.values_list("view", flat=True)) == [deals.pk]
