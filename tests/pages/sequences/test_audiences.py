"""Audiences in the browser for contacts, companies and opportunities: every sort of condition is offered, previewed and
admits whom the preview named (F-17, F-62, F-63; semantics 2.9, 2.15 to 2.17).

Ann works at Acme and has a big deal, Ben works at Beta and has a small one, Cat has neither company nor deal.
"""

from __future__ import annotations

import html
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from audience import activity
from audience.models import Account, Contact, Opportunity, SavedView
from sequences import enrollment
from sequences.commands import people as commands
from sequences.commands.editing import create_sequence
from sequences.commands.planning import add_step
from sequences.commands.status import activate
from sequences.models import Enrollment, Sequence
from sequences.ticking import work_tenant
from tenants.models import Member, Tenant
from tests.factories import NOW, AccountFactory, ContactFactory, OpportunityFactory
from tests.pages.somebody import words

DAY = timedelta(days=1)


def text(response: Any) -> str:
    return html.unescape(response.content.decode())


@dataclass
class World:
    ann: Contact
    ben: Contact
    cat: Contact
    acme: Account
    deal: Opportunity


@pytest.fixture
def world(tenant: Tenant, rep: Member) -> World:
    """What sets Ann apart from Ben and Cat in every way that a condition can ask for."""
    acme = AccountFactory(name="Acme", industry="Software", employees=900, owner=rep)
    beta = AccountFactory(name="Beta", industry="Steel", employees=9)
    ann = ContactFactory(
        first_name="Ann", last_name="Able", job_title="CEO", lifecycle_stage="Lead", account=acme, owner=rep
    )
    ben = ContactFactory(first_name="Ben", last_name="Best", job_title="CTO", account=beta)
    cat = ContactFactory(first_name="Cat", last_name="Cole", job_title="CFO")
    deal = OpportunityFactory(name="Big", amount=5000, stage="Qualification", contact=ann, account=acme)
    OpportunityFactory(name="Small", amount=50, stage="Lost", contact=ben, account=beta)
    activity.mark([ann.pk], activity.Event.SENT, NOW - 3 * DAY)
    activity.mark([ann.pk], activity.Event.OPENED, NOW - 2 * DAY)
    activity.mark([ann.pk], activity.Event.CALLED, NOW - DAY, type="Call")
    activity.mark([ben.pk], activity.Event.SENT, NOW - 90 * DAY)
    other = create_sequence(name="Other", by=rep, now=NOW)
    for day in (1, 90):
        add_step(sequence=other, kind="task", by=rep, now=NOW, day=day, settings={"title": "Look"})
    activate(sequence=other, by=rep, now=NOW - 2 * DAY)
    commands.add(sequence=other, contacts=[ann.pk], by=rep, now=NOW - 2 * DAY)
    work_tenant(tenant.pk, now=NOW - DAY, is_on_time=True)
    assert Enrollment.objects.get().contact == ann
    return World(ann, ben, cat, acme, deal)


@pytest.fixture
def draft(client: Client, world: World) -> Sequence:
    """Made in the browser; the record is chosen with the audience."""
    client.post("/sequences/new/", {"name": "Follow", "record": "contact", "kind": "classic"})
    return Sequence.objects.get(name="Follow")


def form(record: str, *conditions: tuple[str, str, str]) -> dict[str, Any]:
    """What the page of the audience sends."""
    rows = [
        (f"entry-{n}-{part}", value)
        for n, condition in enumerate(conditions)
        for part, value in zip(("field", "op", "value"), condition, strict=True)
    ]
    return {"record": record, "entry-match": "all", "entry-record": record, **dict(rows)}


def offered(client: Client, sequence: Sequence, typed: dict[str, Any]) -> str:
    """The builder, drawn anew for a record."""
    return text(client.post(f"/sequences/{sequence.pk}/edit/conditions/entry/", typed))


def previewed(client: Client, sequence: Sequence, typed: dict[str, Any]) -> str:
    return words(text(client.post(f"/sequences/{sequence.pk}/edit/preview/", typed)))


def entered(client: Client, sequence: Sequence, tenant: Tenant, typed: dict[str, Any]) -> set[str]:
    """Save it in the browser, activate, run: who came in."""
    answer = client.post(f"/sequences/{sequence.pk}/edit/audience/", typed)
    assert answer.status_code == 302, text(answer)
    sequence.refresh_from_db()
    given: dict[str, Any] = {"sequence": sequence, "by": sequence.owner, "now": NOW}
    add_step(kind="task", day=1, settings={"title": "Look"}, **given)
    activate(**given)
    work_tenant(tenant.pk, now=NOW + DAY, is_on_time=True)
    stays = Enrollment.objects.filter(sequence=sequence).select_related("contact")
    return {stay.contact.first_name for stay in stays}


CASES = [
    # the record itself, each type of field
    ("contact", "lifecycle_stage", "is", "Lead"),
    ("contact", "job_title", "starts_with", "ce"),
    ("contact", "owner", "is", "me"),
    ("account", "industry", "is", "Software"),
    ("account", "employees", ">", "100"),
    ("account", "owner", "is", "me"),
    ("opportunity", "stage", "is", "Qualification"),
    ("opportunity", "amount", ">=", "5000"),
    ("opportunity", "name", "contains", "bi"),
    # its account, its contact, its opportunity
    ("contact", "account.industry", "is", "software"),
    ("account", "contact.job_title", "is", "CEO"),
    ("opportunity", "contact.job_title", "is", "CEO"),
    ("opportunity", "account.employees", ">", "100"),
    # what happened by e-mail
    ("contact", "last_opened_at", "after", "2026-04-20"),
    ("contact", "last_sent_at", "after", "2026-04-20"),
    ("account", "last_opened_at", "not_empty", ""),
    ("account", "contact.last_sent_at", "after", "2026-04-20"),
    ("opportunity", "contact.last_opened_at", "not_empty", ""),
    ("opportunity", "account.last_sent_at", "after", "2026-04-20"),
    # how and with what somebody was in touch last
    ("contact", "last_contacted_mode", "is", "Outgoing call"),
    ("contact", "last_activity_type", "is", "Call"),
    ("contact", "account.last_contacted_mode", "is", "Outgoing call"),
    ("account", "last_contacted_mode", "is", "Outgoing call"),
    ("account", "last_activity_type", "is", "Call"),
    ("opportunity", "contact.last_contacted_mode", "is", "Outgoing call"),
    ("opportunity", "account.last_activity_type", "is", "Call"),
    # which sequences they are in
    ("contact", "sequence", "in", "other"),
    ("account", "sequence", "in", "Other"),
    ("opportunity", "sequence", "in", "Other"),
]


@pytest.mark.parametrize("record, field, op, value", CASES)
def test_whom_a_condition_previews_it_admits(
    client: Client, tenant: Tenant, draft: Sequence, record: str, field: str, op: str, value: str
) -> None:
    typed = form(record, (field, op, value))
    builder = offered(client, draft, typed)
    assert f'value="{field}" selected' in builder, "the field can be picked"
    assert f'value="{op}" selected' in builder, "and its operator"
    page = previewed(client, draft, typed)
    assert "1 would enter at a run now" in page and "Ann Able" in page
    assert "Ben Best" not in page and "Cat Cole" not in page
    assert entered(client, draft, tenant, typed) == {"Ann"}


@pytest.mark.parametrize(
    "record, op, who",
    [
        ("contact", "not_in", {"Ben", "Cat"}),
        ("contact", "never_in", {"Ben", "Cat"}),
        ("account", "never_in", {"Ben"}),
        ("opportunity", "never_in", {"Ben"}),
        ("contact", "was_in", set()),
    ],
)
def test_membership_is_the_contacts_whatever_the_record(
    client: Client, tenant: Tenant, draft: Sequence, record: str, op: str, who: set[str]
) -> None:
    typed = form(record, ("sequence", op, "Other"))
    assert f"{len(who)} would enter at a run now" in previewed(client, draft, typed)
    assert entered(client, draft, tenant, typed) == who


def test_was_in_is_who_has_left(client: Client, tenant: Tenant, draft: Sequence, world: World) -> None:
    other = Sequence.objects.get(name="Other")
    stays = enrollment.stays_of(other, [world.ann.pk])
    enrollment.leave(other, stays, reason="replied", now=NOW - DAY)
    assert entered(client, draft, tenant, form("contact", ("sequence", "was_in", "Other"))) == {"Ann"}


@pytest.mark.parametrize("record, who", [("account", {"Ann", "Ben"}), ("opportunity", {"Ann", "Ben"})])
def test_who_has_no_company_or_deal_never_comes_by_one(
    client: Client, tenant: Tenant, draft: Sequence, record: str, who: set[str]
) -> None:
    typed = form(record, ("contact.email", "not_empty", ""))
    page = previewed(client, draft, typed)
    assert "2 would enter at a run now" in page and "Cat Cole" not in page
    assert entered(client, draft, tenant, typed) == who


def test_the_primary_company_of_the_moment_counts(
    client: Client, tenant: Tenant, draft: Sequence, world: World
) -> None:
    Contact.objects.filter(pk=world.cat.pk).update(account=world.acme)
    Contact.objects.filter(pk=world.ann.pk).update(account=None)
    typed = form("account", ("name", "is", "Acme"))
    assert "Cat Cole" in previewed(client, draft, typed)
    assert entered(client, draft, tenant, typed) == {"Cat"}
    assert Enrollment.objects.get(sequence=draft).account == world.acme


@pytest.mark.parametrize(
    "record, condition",
    [
        ("contact", {"field": "job_title", "op": "is", "value": "CEO"}),
        ("account", {"field": "industry", "op": "is", "value": "Software"}),
        ("opportunity", {"field": "stage", "op": "is", "value": "Qualification"}),
    ],
)
def test_a_saved_view_of_the_record_is_a_way_in(
    client: Client, tenant: Tenant, rep: Member, draft: Sequence, record: str, condition: dict[str, Any]
) -> None:
    view = SavedView.objects.create(name="Mine", owner=rep, record=record, conditions=[condition])
    assert "Mine" in offered(client, draft, form(record))
    typed = form(record) | {"views": [view.pk]}
    page = previewed(client, draft, typed)
    assert "1 would enter at a run now" in page and "Ann Able" in page
    assert entered(client, draft, tenant, typed) == {"Ann"}


@pytest.mark.parametrize(
    "record, condition, said",
    [
        ("contact", ("stage", "is", "Lost"), "stage"),
        ("account", ("employees", ">", "many"), "number"),
        ("opportunity", ("amount", "contains", "5"), "contains"),
        ("contact", ("last_contacted_mode", "is", "By pigeon"), "By pigeon"),
        ("contact", ("sequence", "in", "Nowhere"), "Nowhere"),
        ("account", ("last_opened_at", "in_last_days", "-1"), "-1"),
    ],
)
def test_what_cannot_be_asked_is_said_at_its_row_and_kept_as_it_was_typed(
    client: Client, draft: Sequence, record: str, condition: tuple[str, str, str], said: str
) -> None:
    answer = client.post(f"/sequences/{draft.pk}/edit/audience/", form(record, condition))
    page = text(answer)
    assert answer.status_code == 422
    assert said in page.partition('id="entry-builder"')[2] and 'class="error"' in page
    assert "Complete the conditions first." in previewed(client, draft, form(record, condition))
    draft.refresh_from_db()
    assert draft.entry_conditions == []
