"""What is due leaves through a real server, as it was written, once."""

from __future__ import annotations

from datetime import time as clock_time
from datetime import timedelta

import pytest

from activities.models import Fact
from messaging import signals
from messaging.delivery import visit
from messaging.models import MailboxDue, Payload, Untold
from tenants.models import Tenant
from tests.apps.messaging.factories import (
    DAYS,
    Time,
    heard,
    late,
    make_mailbox,
    make_mailing,
    make_message,
    make_messages,
    make_version,
)
from tests.apps.messaging.test_outbox import make_stays
from tests.factories import NOW, ContactFactory
from tests.sink import Rule, Sink

pytestmark = pytest.mark.django_db


def test_a_message_is_rendered_and_arrives(tenant: Tenant, sink: Sink, time: Time) -> None:
    mailbox = make_mailbox(sink.port)
    contact = ContactFactory(first_name="Ann", last_name="Example", email="ann@acme.example")
    version = make_version("Hello {{ contact.first_name }}", "<p>Hi {{ first_name }}.</p>")
    message = make_message(mailbox, make_mailing(version), contact)
    assert visit(tenant.pk, mailbox.pk, clock=time) == {"sent": 1}
    (received,) = sink.messages
    assert (received.sender, received.recipient) == (mailbox.email, "ann@acme.example")
    assert received.email["Subject"] == "Hello Ann"
    message.refresh_from_db()
    assert (message.state, message.sent_at, message.subject) == ("sent", NOW, "Hello Ann")
    assert message.message_id == received.email["Message-ID"]
    assert message.gate_seq


def test_what_was_sent_is_a_fact_and_is_told(tenant: Tenant, sink: Sink, time: Time) -> None:
    mailbox = make_mailbox(sink.port)
    messages = make_messages(mailbox, 3)
    late(time)
    said = heard(signals.messages_sent)
    visit(tenant.pk, mailbox.pk, clock=time)
    assert sorted(id for s in said for id in s["ids"]) == [m.pk for m in messages]
    assert Fact.objects.filter(kind="sent").count() == 3
    assert not Untold.objects.exists()
    messages[0].contact.refresh_from_db()
    assert messages[0].contact.last_sent_at == time.at
    assert messages[0].contact.last_contacted_mode == "No reply"


def test_what_is_not_due_stays(tenant: Tenant, sink: Sink, time: Time) -> None:
    mailbox = make_mailbox(sink.port)
    make_message(mailbox, due_at=NOW + timedelta(hours=1))
    assert visit(tenant.pk, mailbox.pk, clock=time) == {}
    time.pass_by(hours=1)
    assert visit(tenant.pk, mailbox.pk, clock=time) == {"sent": 1}


def test_2_32_every_attempt_sends_the_same_bytes(tenant: Tenant, sink: Sink, time: Time) -> None:
    mailbox = make_mailbox(sink.port)
    contact = ContactFactory(first_name="Ann")
    message = make_message(
        mailbox, make_mailing(make_version("{{ first_name }}", "<p>x</p>")), contact, **DAYS
    )
    sink.add(Rule(at="dot", reply="451 4.3.0 Try again", times=1))
    assert visit(tenant.pk, mailbox.pk, clock=time) == {"pending": 1}
    contact.first_name = "Bob"
    contact.save()
    time.pass_by(minutes=16)
    assert visit(tenant.pk, mailbox.pk, clock=time) == {"sent": 1}
    refused, accepted = sink.received
    assert refused.raw == accepted.raw
    assert accepted.email["Subject"] == "Ann"
    message.refresh_from_db()
    assert bytes(Payload.objects.get().raw) == accepted.raw


def test_2_32_a_needed_placeholder_that_became_empty_fails_the_message_alone(
    tenant: Tenant, sink: Sink, time: Time
) -> None:
    mailbox = make_mailbox(sink.port)
    mailing = make_mailing(make_version("Hi {{ contact.job_title }}", "<p>x</p>"))
    empty = make_message(mailbox, mailing, ContactFactory(job_title=""))
    make_message(mailbox, mailing, ContactFactory(job_title="Boss"))
    said = heard(signals.message_ended)
    assert visit(tenant.pk, mailbox.pk, clock=time)["sent"] == 1
    empty.refresh_from_db()
    assert (empty.state, empty.reason) == ("failed", "placeholder")
    assert "contact.job_title" in empty.smtp_text
    assert said[0] == {"ids": [empty.pk], "state": "failed", "reason": "placeholder", "at": NOW}


def test_copies_go_in_envelopes_of_their_own_without_tracking(tenant: Tenant, sink: Sink, time: Time) -> None:
    mailbox = make_mailbox(sink.port)
    version = make_version("Hi", '<p><a href="https://x.example/">x</a></p>')
    mailing = make_mailing(version, cc="boss@us.example", bcc="crm@us.example")
    make_message(mailbox, mailing, ContactFactory(email="ann@acme.example"))
    assert visit(tenant.pk, mailbox.pk, clock=time) == {"sent": 1}
    main, *copies = sink.messages
    assert main.recipient == "ann@acme.example"
    assert "/t/" in main.raw.decode()
    assert [c.recipient for c in copies] == ["boss@us.example", "crm@us.example"]
    for copy in copies:
        assert "/t/" not in copy.raw.decode()
        assert "/u/" not in copy.raw.decode()
        assert "crm@us.example" not in copy.raw.decode()


def test_a_worker_looks_again_when_the_next_is_due(tenant: Tenant, sink: Sink, time: Time) -> None:
    mailbox = make_mailbox(sink.port)
    MailboxDue.objects.create(tenant_id=tenant.pk, mailbox_id=mailbox.pk, due_at=NOW)
    make_message(mailbox)
    make_message(mailbox, due_at=NOW + timedelta(hours=3))
    visit(tenant.pk, mailbox.pk, clock=time)
    assert MailboxDue.objects.get().due_at == NOW + timedelta(hours=3)
    time.pass_by(hours=3)
    visit(tenant.pk, mailbox.pk, clock=time)
    assert MailboxDue.objects.get().due_at is None


def test_2_36_a_message_waits_for_the_window_of_its_recipient(tenant: Tenant, sink: Sink, time: Time) -> None:
    mailbox = make_mailbox(sink.port)
    mailing = make_mailing(
        window_start=clock_time(9), window_end=clock_time(17), window_zone="Europe/Berlin"
    )  # now it is 8:00 in UTC
    near = make_message(mailbox, mailing, ContactFactory(), not_after=NOW + timedelta(hours=3))
    far = make_message(mailbox, mailing, ContactFactory(country="Japan"), not_after=NOW + timedelta(hours=3))
    assert visit(tenant.pk, mailbox.pk, clock=time) == {"sent": 1, "pending": 1}
    near.refresh_from_db()
    far.refresh_from_db()
    assert (near.state, far.state) == ("sent", "pending")
    assert far.due_at == NOW + timedelta(hours=16), "nine o'clock of the next day in Tokyo"
    assert far.not_after == NOW + timedelta(hours=24)
    time.at = far.due_at
    assert visit(tenant.pk, mailbox.pk, clock=time) == {"sent": 1}


def test_f_50_an_answer_stays_in_the_thread_and_has_one_re(tenant: Tenant, sink: Sink, time: Time) -> None:
    mailbox, (stay,) = make_mailbox(sink.port), make_stays(1)
    subjects = [("new", "Hello"), ("reply", "ignored"), ("reply", "also"), ("new", "Another"), ("reply", "x")]
    for n, (thread, subject) in enumerate(subjects):
        mailing = make_mailing(make_version(subject, "<p>x</p>"), thread=thread)
        make_message(mailbox, mailing, stay.contact, enrollment_id=stay.pk, due_at=time.at)
        visit(tenant.pk, mailbox.pk, clock=time)
        time.pass_by(days=1)
        assert len(sink.messages) == n + 1
    mails = [m.email for m in sink.messages]
    ids = [mail["Message-ID"] for mail in mails]
    assert [mail["Subject"] for mail in mails] == [
        "Hello",
        "Re: Hello",
        "Re: Hello",
        "Another",
        "Re: Another",
    ]
    assert [mail["In-Reply-To"] for mail in mails] == [None, ids[0], ids[1], None, ids[3]]
    assert [(mail["References"] or "").split() for mail in mails] == [[], ids[:1], ids[:2], [], [ids[3]]]


def test_f_50_without_anything_sent_before_an_answer_begins_a_thread(
    tenant: Tenant, sink: Sink, time: Time
) -> None:
    mailbox, (stay,) = make_mailbox(sink.port), make_stays(1)
    mailing = make_mailing(make_version("My own", "<p>x</p>"), thread="reply")
    make_message(mailbox, mailing, stay.contact, enrollment_id=stay.pk)
    visit(tenant.pk, mailbox.pk, clock=time)
    assert sink.messages[0].email["Subject"] == "My own"
