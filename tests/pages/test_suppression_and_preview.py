"""The suppression list, and the count beside a condition builder."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from audience.models import Suppression
from audience.signals import suppressed
from tenants.models import AuditLine
from tenants.wall import use
from tests.factories import NOW, AccountFactory, ContactFactory, OpportunityFactory, make_tenant
from tests.pages.somebody import Somebody, words

pytestmark = pytest.mark.django_db


@pytest.fixture
def me(client: Client) -> Somebody:
    return Somebody(client, make_tenant())


def test_rights_on_the_list(client: Client) -> None:
    assert client.get("/settings/suppression/").status_code == 302
    assert (
        Somebody(client, make_tenant(), "read_only").client.get("/settings/suppression/").status_code == 403
    )


def test_an_address_is_added_by_hand_and_told_to_the_floors_above(me: Somebody) -> None:
    told: list[dict[str, Any]] = []

    def hear(**facts: Any) -> None:
        told.append(facts)

    suppressed.connect(hear)
    try:
        for address in (" Ann@BÜCHER.example ", "ann@xn--bcher-kva.example"):
            form = {"channel": "email", "address": address}
            assert me.client.post("/settings/suppression/", form).status_code == 302
    finally:
        suppressed.disconnect(hear)
    assert [(fact["channel"], fact["addresses"]) for fact in told] == [
        ("email", ["ann@xn--bcher-kva.example"])
    ]
    assert "ann@xn--bcher-kva.example" in words(me.get("/settings/suppression/?q=Ann"))
    assert "Nothing begins like that" in me.get("/settings/suppression/?q=nn@")
    with use(me.tenant):
        assert (Suppression.objects.get().source, AuditLine.objects.get().verb) == (
            "person",
            "suppression.add",
        )


@pytest.mark.parametrize(
    ("channel", "address"), [("email", "nonsense"), ("sms", "12"), ("sms", "030 901820")]
)
def test_what_is_no_address_is_refused_at_its_place(me: Somebody, channel: str, address: str) -> None:
    response = me.client.post("/settings/suppression/", {"channel": channel, "address": address})
    assert response.status_code == 422
    assert f"“{address}” is no" in words(response.content.decode())
    with use(me.tenant):
        assert not Suppression.objects.exists()


def test_a_number_is_read_with_the_country_of_the_workspace(me: Somebody) -> None:
    me.tenant.country = "DE"
    me.tenant.save()
    me.client.post("/settings/suppression/", {"channel": "sms", "address": "030 901820"})
    with use(me.tenant):
        assert Suppression.objects.get().address_norm == "+4930901820"


def test_another_workspaces_list_is_its_own(me: Somebody) -> None:
    with use(make_tenant()):
        Suppression.objects.create(channel="email", address_norm="eve@x.example", reason="bounced", at=NOW)
    assert "eve@x.example" not in me.get("/settings/suppression/")


def preview(me: Somebody, **data: str | list[str]) -> str:
    response = me.client.post("/conditions/preview/", data)
    assert response.status_code == 200
    html = response.content.decode()
    assert "<html" not in html
    return html


def test_a_group_is_counted_with_ten_examples_and_said_in_english(me: Somebody) -> None:
    with use(me.tenant):
        ContactFactory.create_batch(12, lifecycle_stage="Lead", score=80, account=AccountFactory(name="Acme"))
        ContactFactory(lifecycle_stage="Customer", score=90)
    html = preview(
        me,
        match="all",
        record="contact",
        **{
            "cond-0-field": "lifecycle_stage",
            "cond-0-op": "is",
            "cond-0-value": "lead",
            "cond-1-field": "score",
            "cond-1-op": ">=",
            "cond-1-value": "80",
        },
    )
    assert "<b>12</b>" in html
    assert html.count('href="/contacts/') == 10
    assert "Lifecycle stage is lead and score is at least 80." in words(html)


def test_any_of_the_conditions_and_me(me: Somebody) -> None:
    with use(me.tenant):
        ContactFactory(owner=me.member)
        ContactFactory(first_name="Ann")
        ContactFactory()
    html = preview(
        me,
        match="any",
        **{
            "cond-0-field": "owner",
            "cond-0-op": "is",
            "cond-0-value": "me",
            "cond-1-field": "first_name",
            "cond-1-op": "starts_with",
            "cond-1-value": "an",
        },
    )
    assert "<b>2</b>" in html


@pytest.mark.parametrize(("record", "count"), [("account", 2), ("opportunity", 1)])
def test_companies_and_deals_are_counted_too(me: Somebody, record: str, count: int) -> None:
    with use(me.tenant):
        AccountFactory.create_batch(2)
        OpportunityFactory()
    field = {"cond-0-field": "name", "cond-0-op": "not_empty"}
    assert f"<b>{count}</b>" in preview(me, record=record, **field)


def test_faults_stand_at_their_rows_and_nothing_is_counted(me: Somebody) -> None:
    html = preview(
        me,
        **{
            "cond-0-field": "score",
            "cond-0-op": ">",
            "cond-0-value": "1",
            "cond-1-field": "score",
            "cond-1-op": ">",
            "cond-1-value": "many",
            "cond-2-field": "salary",
            "cond-2-op": "is",
            "cond-2-value": "1",
        },
    )
    assert 'data-row="1"' in html and 'data-row="2"' in html and 'data-row="0"' not in html
    assert "A number is wanted." in html and "There is no field “salary” of contact" in html
    assert "matches" not in html


def test_the_preview_needs_the_right_to_see_records(client: Client) -> None:
    assert client.get("/conditions/preview/").status_code == 302
    me = Somebody(client, make_tenant())
    with use(me.tenant):
        me.member.role.permissions = {"sequence.view": "all"}
        me.member.role.save()
    assert me.client.get("/conditions/preview/").status_code == 403
