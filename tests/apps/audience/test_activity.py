"""Activity fields as the table of semantics 6.5 has them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db.models.expressions import RawSQL

from audience import activity
from audience.activity import Event
from audience.models import Account, Contact
from tenants.models import Tenant
from tests.factories import NOW, AccountFactory, ContactFactory

HOUR = timedelta(hours=1)
FIELDS = (
    "last_sent_at",
    "last_opened_at",
    "last_clicked_at",
    "last_replied_at",
    "last_activity_at",
    "last_contacted_mode",
    "last_activity_type",
)


def told(record: Contact | Account) -> dict[str, Any]:
    """What is set, beyond what a new record has."""
    record.refresh_from_db()
    return {name: getattr(record, name) for name in FIELDS if getattr(record, name)}


def at(hours: int) -> datetime:
    return NOW + hours * HOUR


@pytest.fixture
def ann(tenant: Tenant) -> Contact:
    return ContactFactory(account=AccountFactory())


def marked(contact: Contact, *events: tuple[str, int] | tuple[str, int, str]) -> dict[str, Any]:
    for event, hours, *type_ in events:
        activity.mark([contact.pk], event, at(hours), *type_)
    assert contact.account
    assert told(contact.account) == told(contact), "the company's fields follow"
    return told(contact)


def test_a_record_that_arrives_is_not_yet_contacted(ann: Contact) -> None:
    assert told(ann) == {"last_contacted_mode": "Not yet contacted"}


def test_an_automatic_mail_leaves_the_type(ann: Contact) -> None:
    assert marked(ann, (Event.SENT, 1)) == {"last_sent_at": at(1), "last_contacted_mode": "No reply"}


@pytest.mark.parametrize("type_", ["SMS", "Email"])
def test_an_sms_and_a_completed_email_reminder_set_the_type(ann: Contact, type_: str) -> None:
    assert marked(ann, (Event.SENT, 1, type_)) == {
        "last_sent_at": at(1),
        "last_activity_at": at(1),
        "last_contacted_mode": "No reply",
        "last_activity_type": type_,
    }


def test_an_open_counts_for_the_mode_only_while_there_is_no_reply(ann: Contact) -> None:
    assert marked(ann, (Event.OPENED, 1)) == {
        "last_opened_at": at(1),
        "last_contacted_mode": "Not yet contacted",
    }
    assert marked(ann, (Event.SENT, 2), (Event.OPENED, 3))["last_contacted_mode"] == "Opened but no reply"
    assert marked(ann, (Event.REPLIED, 4), (Event.OPENED, 5))["last_contacted_mode"] == "Replied"


def test_a_click_is_an_open_too(ann: Contact) -> None:
    assert marked(ann, (Event.SENT, 1), (Event.CLICKED, 2)) == {
        "last_sent_at": at(1),
        "last_opened_at": at(2),
        "last_clicked_at": at(2),
        "last_contacted_mode": "Opened but no reply",
    }


def test_a_reply_to_a_message_is_an_open_too_and_one_to_none_is_not(ann: Contact) -> None:
    assert marked(ann, (Event.WROTE, 1)) == {"last_replied_at": at(1), "last_contacted_mode": "Replied"}
    assert marked(ann, (Event.REPLIED, 2)) == {
        "last_replied_at": at(2),
        "last_opened_at": at(2),
        "last_contacted_mode": "Replied",
    }


@pytest.mark.parametrize(
    ("event", "type_", "expected_mode", "expected_type"),
    [
        ("called", (), "Outgoing call", "Call"),
        ("worked", (), "Sales Activity", "Task"),
        ("worked", ("Lunch",), "Sales Activity", "Lunch"),
        ("worked", ("LinkedIn",), "Sales Activity", "LinkedIn"),
    ],
)
def test_work_done_by_a_person_sets_mode_and_type(
    ann: Contact, event: str, type_: tuple[str, ...], expected_mode: str, expected_type: str
) -> None:
    assert marked(ann, (event, 1, *type_)) == {
        "last_activity_at": at(1),
        "last_contacted_mode": expected_mode,
        "last_activity_type": expected_type,
    }


def test_what_comes_late_overwrites_nothing_newer(ann: Contact) -> None:
    newest = marked(ann, (Event.SENT, 1), (Event.REPLIED, 5), (Event.CALLED, 6))
    assert marked(ann, (Event.SENT, 2), (Event.REPLIED, 3), (Event.WORKED, 4)) == newest | {
        "last_sent_at": at(2)
    }


def test_at_one_instant_what_is_told_last_wins(ann: Contact) -> None:
    assert marked(ann, (Event.SENT, 1), (Event.OPENED, 1))["last_contacted_mode"] == "Opened but no reply"
    assert marked(ann, (Event.CALLED, 1), (Event.WORKED, 1))["last_activity_type"] == "Task"


def test_many_are_marked_by_a_set_and_nobody_else(tenant: Tenant) -> None:
    account = AccountFactory()
    inside = ContactFactory.create_batch(3, account=account, lifecycle_stage="Lead")
    loner = ContactFactory(lifecycle_stage="Lead")
    other = ContactFactory(account=AccountFactory())
    activity.mark(Contact.objects.filter(lifecycle_stage="Lead"), Event.SENT, at(1))
    activity.mark(
        RawSQL("SELECT id FROM audience_contact WHERE lifecycle_stage = %s", ["Lead"]), Event.OPENED, at(2)
    )
    for record in (*inside, loner, account):
        assert told(record)["last_contacted_mode"] == "Opened but no reply"
    assert other.account
    assert told(other) == told(other.account) == {"last_contacted_mode": "Not yet contacted"}
