"""One function takes in what happens outside."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.db import transaction

from activities.models import Fact
from audience.models import Suppression
from messaging import intake, signals
from messaging.models import Message, StopEvent
from tenants.models import Tenant
from tenants.wall import use
from tests.apps.messaging.factories import heard, sent_message
from tests.factories import NOW, ContactFactory, make_tenant

pytestmark = pytest.mark.django_db

SOON = NOW + timedelta(minutes=5)


def test_an_open_is_a_fact_of_its_message_and_is_told(tenant: object) -> None:
    message = sent_message()
    said = heard(signals.opened)
    assert intake.take_in("opened", message=message, at=SOON, source="pixel")
    fact = Fact.objects.get()
    assert (fact.kind, fact.message_id, fact.contact_id, fact.at) == (
        "opened",
        message.pk,
        message.contact_id,
        SOON,
    )
    assert said == [{"contact_id": message.contact_id, "message_id": message.pk, "at": SOON}]


def test_what_a_machine_opened_is_recorded_and_moves_nothing(tenant: object) -> None:
    said = heard(signals.opened)
    intake.take_in("opened", message=sent_message(), at=SOON, source="pixel", by_machine=True)
    assert Fact.objects.get().by_machine
    assert said == []


def test_2_25_an_event_without_a_message_concerns_the_one_last_sent(tenant: object) -> None:
    contact = ContactFactory()
    sent_message(contact=contact, at=NOW - timedelta(days=2))
    latest = sent_message(contact=contact, at=NOW)
    sent_message(contact=contact, at=NOW + timedelta(days=2))
    said = heard(signals.clicked)
    intake.take_in("clicked", contact=contact, at=SOON, source="simulation")
    assert said[0]["message_id"] == latest.pk


def test_2_25_an_open_by_someone_who_was_sent_nothing_is_ignored(tenant: object) -> None:
    assert not intake.take_in("opened", contact=ContactFactory(), at=SOON, source="simulation")
    assert Fact.objects.count() == 0


def test_2_25_a_reply_without_any_message_still_counts_for_the_contact(tenant: object) -> None:
    contact = ContactFactory()
    said = heard(signals.replied)
    assert intake.take_in("replied", contact=contact.pk, at=SOON, source="imap")
    assert said == [{"contact_id": contact.pk, "message_id": None, "at": SOON}]


def test_a_reply_stops_the_contact_until_everything_has_followed(tenant: object) -> None:
    intake.take_in("replied", message=sent_message(), at=SOON, source="imap")
    stop = StopEvent.objects.get()
    assert (stop.scope, stop.kind, stop.lifted_at) == ("contact", "replied", SOON)


def test_2_22_an_unsubscribe_suppresses_the_address_that_was_written_to(tenant: object) -> None:
    contact = ContactFactory(email="new@x.example")
    message = sent_message(contact=contact, address_norm="old@x.example")
    said = heard(signals.unsubscribed)
    intake.take_in("unsubscribed", message=message, at=SOON, source="one_click")
    suppressed = Suppression.objects.get()
    assert (suppressed.address_norm, suppressed.reason, suppressed.channel) == (
        "old@x.example",
        "unsubscribed",
        "email",
    )
    assert said[0]["address_norm"] == "old@x.example"


def test_2_22_without_any_message_it_is_the_contacts_current_address(tenant: object) -> None:
    contact = ContactFactory()
    intake.take_in("unsubscribed", contact=contact, at=SOON, source="person")
    assert Suppression.objects.get().address_norm == contact.email_norm


def test_unsubscribing_twice_is_one_suppression(tenant: object) -> None:
    message = sent_message()
    for _ in range(2):
        intake.take_in("unsubscribed", message=message, at=SOON, source="one_click")
    assert Suppression.objects.count() == 1


def test_2_22_a_soft_bounce_suppresses_and_stops_nothing(tenant: object) -> None:
    said = heard(signals.bounced)
    intake.take_in("bounced", message=sent_message(), at=SOON, source="imap", hard=False)
    assert (Suppression.objects.count(), StopEvent.objects.count()) == (0, 0)
    assert said[0]["hard"] is False
    assert Fact.objects.get().data["hard"] is False


def test_2_22_a_hard_bounce_suppresses(tenant: object) -> None:
    intake.take_in("bounced", message=sent_message(), at=SOON, source="imap")
    assert Suppression.objects.get().reason == "bounced"


def test_2_23_an_sms_stop_blocks_the_number(tenant: object) -> None:
    contact = ContactFactory(mobile="+4915112345678", sms_number="+4915112345678")
    said = heard(signals.sms_stopped)
    intake.take_in("sms_stop", contact=contact, at=SOON, source="simulation")
    suppressed = Suppression.objects.get()
    assert (suppressed.channel, suppressed.address_norm) == ("sms", "+4915112345678")
    assert said == [{"number": "+4915112345678", "at": SOON}]


def test_2_24_an_automatic_reply_names_its_date(tenant: object) -> None:
    said = heard(signals.auto_replied)
    intake.take_in("auto_reply", message=sent_message(), at=SOON, source="imap", until=date(2026, 6, 1))
    assert said[0]["until"] == date(2026, 6, 1)
    assert heard(signals.replied) == []


def test_what_comes_back_from_an_unknown_message_shows_that_it_was_sent(tenant: object) -> None:
    message = sent_message(state="unknown", sent_at=None)
    said = heard(signals.messages_sent)
    intake.take_in("opened", message=message, at=SOON, source="pixel", by_machine=True)
    message = Message.objects.get()
    assert (message.state, message.sent_at, message.resolved_by) == ("sent", NOW, "opened")
    assert said[0]["ids"] == [message.pk]


@pytest.mark.django_db(transaction=True)
def test_a_stop_commits_before_the_rest_begins_and_the_rest_is_picked_up_after_a_crash() -> None:
    tenant = make_tenant()
    with use(tenant):
        message = sent_message()

    def die(**_: object) -> None:
        raise ZeroDivisionError

    signals.unsubscribed.connect(die)
    try:
        with pytest.raises(ZeroDivisionError):
            intake.take_in("unsubscribed", message=message.pk, at=SOON, source="one_click", tenant=tenant)
    finally:
        signals.unsubscribed.disconnect(die)
    with use(tenant):
        assert Suppression.objects.exists(), "nobody writes to it any more"
        assert StopEvent.objects.get().lifted_at is None
        assert not Fact.objects.exists()
        said = heard(signals.unsubscribed)
        assert intake.follow_left(now=SOON) == 0, "it may still be at work"
        assert intake.follow_left(now=SOON + timedelta(minutes=2)) == 1
        assert intake.follow_left(now=SOON + timedelta(minutes=2)) == 0
        assert said[0]["message_id"] == message.pk
        assert Fact.objects.get().kind == "unsubscribed"


def test_a_message_of_another_tenant_is_not_found(tenant: Tenant) -> None:
    other = make_tenant()
    with use(other):
        theirs = sent_message().pk
    with pytest.raises(Message.DoesNotExist), transaction.atomic():
        intake.take_in("opened", message=theirs, at=SOON, source="pixel")
