"""Lists of records: who matches, who is found by name, page by page, by their indexes behind the wall."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from audience.conditions.parse import Group, Scope, parse_group
from audience.lists import context_for, count_of, examples_of, matching, named, slice_of
from audience.models import Account, Contact
from sequences.models import Enrollment
from tenants.models import Tenant
from tests.apps.audience.people import BERLIN, TODAY
from tests.factories import NOW, AccountFactory, ContactFactory, OpportunityFactory, make_member


def group(*conditions: dict[str, Any], record: str = "contact", match: str = "all") -> Group:
    found = parse_group({"match": match, "conditions": list(conditions)}, Scope(record))
    assert isinstance(found, Group)
    return found


def matched(record: str, asked: Group, **context: Any) -> list[str]:
    found = matching(record, asked, context_for(record, today=TODAY, zone=BERLIN, **context))
    assert count_of(found) == len(found)
    return [str(one) for one in examples_of(found)]


def test_records_match_by_their_own_fields_and_those_they_lead_to(tenant: Tenant) -> None:
    member = make_member()
    acme = AccountFactory(name="Acme", industry="Paper")
    ann = ContactFactory(first_name="Ann", last_name="A", account=acme, owner=member)
    ContactFactory(first_name="Ben", last_name="B")
    OpportunityFactory(name="Deal", contact=ann)
    paper = {"field": "account.industry", "op": "is", "value": "paper"}
    assert matched("contact", group(paper)) == ["Ann A"]
    assert matched("contact", group({"field": "owner", "op": "is", "value": "me"}), me=member.pk) == ["Ann A"]
    assert matched(
        "account", group({"field": "industry", "op": "is", "value": "paper"}, record="account")
    ) == ["Acme"]
    assert matched("opportunity", group(paper, record="opportunity")) == ["Deal"]
    assert matched("contact", group({"field": "opportunity.name", "op": "not_empty"})) == []


def test_a_view_without_conditions_is_everyone_and_ten_are_shown(tenant: Tenant) -> None:
    ContactFactory.create_batch(12)
    found = matching("contact", Group(), context_for("contact", today=TODAY, zone=BERLIN))
    assert (count_of(found), count_of(found, 5), len(examples_of(found))) == (12, 6, 10)


def test_membership_is_asked_of_sequences(tenant: Tenant) -> None:
    ContactFactory(first_name="Ann", last_name="A")
    for op, names in {"in": [], "not_in": ["Ann A"], "was_in": [], "never_in": ["Ann A"]}.items():
        assert matched("contact", group({"field": "sequence", "op": op, "value": "Nowhere"})) == names
    assert not Enrollment.objects.exists()
    AccountFactory(name="Acme")
    assert matched("account", group({"field": "sequence", "op": "in", "value": "x"}, record="account")) == []


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(count=st.integers(0, 25), size=st.integers(1, 9))
def test_pages_follow_each_other_without_a_gap_in_both_directions(
    tenant: Tenant, count: int, size: int
) -> None:
    Account.objects.all().delete()
    Account.objects.bulk_create(Account(name=str(n), created_at=NOW) for n in range(count))
    newest = list(Account.objects.order_by("-pk").values_list("pk", flat=True))
    seen, page = [], slice_of(Account.objects.all(), before=None, after=None, size=size)
    assert page.newer is None
    pages = [page]
    while page.older is not None:
        page = slice_of(Account.objects.all(), before=page.older, after=None, size=size)
        pages.append(page)
    for page in pages:
        seen += [row.pk for row in page.rows]
        assert len(page.rows) <= size
    assert seen == newest
    for later, earlier in pairwise(pages):
        assert earlier.newer is not None
        back = slice_of(Account.objects.all(), before=None, after=earlier.newer, size=size)
        assert [row.pk for row in back.rows] == [row.pk for row in later.rows]


def test_the_search_and_the_list_use_indexes(tenant: Tenant) -> None:
    """performance §3, trap 1."""
    accounts = AccountFactory.create_batch(30)
    contacts = [
        Contact(
            first_name=f"F{n}",
            last_name=f"L{n}",
            email=f"p{n}@x.example",
            account=accounts[n % 30],
            created_at=NOW,
        )
        for n in range(3000)
    ]
    Contact.objects.bulk_create(contacts)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE audience_contact, audience_account")
    plan = named(Contact.objects.all(), "f17").order_by("-pk")[:50].explain()
    conditions = [line for line in plan.splitlines() if "Index Cond" in line]
    for column in ("first_name_norm", "last_name_norm", "email_lowered"):
        assert any(column in line for line in conditions), plan
    assert "Seq Scan on audience_contact" not in plan


@pytest.mark.parametrize(
    "text", ["'; DROP TABLE audience_contact; --", "\\", "%_%", "a" * 5000, "\u0130", " "]
)
def test_any_text_can_be_searched_for(tenant: Tenant, text: str) -> None:
    ContactFactory()
    assert count_of(named(Contact.objects.all(), text)) in (0, 1)
