"""What is due leaves through a real server, once, and what the server says becomes its state."""

from __future__ import annotations

from datetime import time as clock_time
from datetime import timedelta
from typing import Any

import pytest

from activities.models import Fact
from audience.models import Suppression
from messaging import halts, intake, signals
from messaging.delivery import visit
from messaging.models import Mailbox, MailboxDue, MailboxUsage, Message, Payload, Untold
from messaging.reaper import reap
from tenants.models import Tenant
from tests.apps.messaging.factories import Time, heard, make_mailbox, make_mailing, make_message, make_version
from tests.apps.messaging.test_outbox import make_stays
from tests.factories import NOW, ContactFactory
from tests.sink import Rule, Sink

pytestmark = pytest.mark.django_db

DAYS = {"not_after": NOW + timedelta(days=30)}


def make_messages(mailbox: Mailbox, count: int, **fields: object) -> list[Message]:
    mailing = make_mailing()
    return [make_message(mailbox, mailing, due_at=NOW + timedelta(seconds=n), **fields) for n in range(count)]


def late(time: Time) -> None:
    time.pass_by(minutes=1)


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


def test_r_008_one_refused_in_the_middle_fails_alone(tenant: Tenant, sink: Sink, time: Time) -> None:
    mailbox = make_mailbox(sink.port)
    messages = make_messages(mailbox, 12)
    late(time)
    sink.add(Rule(at="rcpt", reply="554 5.7.1 Refused", recipient=messages[4].address_norm))
    sink.add(Rule(at="dot", reply="554 5.6.0 No", recipient=messages[8].address_norm))
    assert visit(tenant.pk, mailbox.pk, clock=time) == {"sent": 10, "failed": 2}
    assert len(sink.messages) == 10
    for refused in (messages[4], messages[8]):
        refused.refresh_from_db()
        assert (refused.state, refused.reason, refused.smtp_code) == ("failed", "refused", 554)
    assert not Suppression.objects.exists()
    time.pass_by(days=2)
    assert visit(tenant.pk, mailbox.pk, clock=time) == {}


@pytest.mark.parametrize("position", [0, 6, 11])
def test_r_017_a_dead_address_blocks_nothing(tenant: Tenant, sink: Sink, time: Time, position: int) -> None:
    mailbox = make_mailbox(sink.port)
    messages = make_messages(mailbox, 12)
    late(time)
    dead = messages[position]
    sink.add(Rule(at="rcpt", reply="550 5.1.1 No such user", recipient=dead.address_norm))
    said = heard(signals.bounced)
    assert visit(tenant.pk, mailbox.pk, clock=time) == {"sent": 11, "failed": 1}
    dead.refresh_from_db()
    assert (dead.state, dead.reason) == ("failed", "hard_bounce")
    assert Suppression.objects.get().address_norm == dead.address_norm
    assert said[0]["hard"] is True
    assert Fact.objects.get(kind="bounced").message_id == dead.pk


def test_r_018_greylisted_is_tried_again_on_the_ladder_and_not_suppressed(
    tenant: Tenant, sink: Sink, time: Time
) -> None:
    mailbox = make_mailbox(sink.port)
    message = make_message(mailbox, **DAYS)
    sink.add(Rule(at="rcpt", reply="450 4.2.0 Greylisted", times=1))
    assert visit(tenant.pk, mailbox.pk, clock=time) == {"pending": 1}
    message.refresh_from_db()
    assert (message.due_at, message.refusals) == (NOW + timedelta(minutes=15), 1)
    time.pass_by(minutes=14)
    assert visit(tenant.pk, mailbox.pk, clock=time) == {}
    time.pass_by(minutes=1)
    assert visit(tenant.pk, mailbox.pk, clock=time) == {"sent": 1}
    assert not Suppression.objects.exists()
    assert len(sink.messages) == 1


def test_a_message_refused_for_now_too_often_fails(tenant: Tenant, sink: Sink, time: Time) -> None:
    mailbox = make_mailbox(sink.port)
    message = make_message(mailbox, **DAYS)
    sink.add(Rule(at="rcpt", reply="452 4.2.2 Mailbox full"))
    waits = []
    for _ in range(5):
        visit(tenant.pk, mailbox.pk, clock=time)
        message.refresh_from_db()
        waits.append((message.due_at - time.at).total_seconds() / 3600)
        time.at = max(time.at, message.due_at)
    assert waits[:4] == [0.25, 1, 4, 24]
    assert (message.state, message.reason) == ("failed", "soft_bounce")


def test_r_019_a_server_that_wants_a_new_connection_gets_one(tenant: Tenant, time: Time) -> None:
    with Sink(messages_per_connection=5, connections=2) as sink:
        mailbox = make_mailbox(sink.port)
        messages = make_messages(mailbox, 17)
        late(time)
        assert visit(tenant.pk, mailbox.pk, clock=time) == {"sent": 17}
        assert len({m.recipient for m in sink.messages}) == len(messages)
        assert sink.most_open <= 2
        assert set(Message.objects.values_list("refusals", "attempts")) == {(0, 0)}


def test_r_019_a_busy_server_rests_the_mailbox_and_burns_no_attempt(
    tenant: Tenant, sink: Sink, time: Time
) -> None:
    mailbox = make_mailbox(sink.port)
    make_messages(mailbox, 3, **DAYS)
    late(time)
    sink.add(Rule(at="connect", reply="421 4.7.0 Come back later", times=2))
    for minutes in (2, 4):
        assert visit(tenant.pk, mailbox.pk, clock=time) == {"pending": 1}
        mailbox.refresh_from_db()
        assert time.at < mailbox.backoff_until <= time.at + timedelta(minutes=minutes)
        assert visit(tenant.pk, mailbox.pk, clock=time) == {}
        time.at = mailbox.backoff_until
    assert visit(tenant.pk, mailbox.pk, clock=time) == {"sent": 3}
    mailbox.refresh_from_db()
    assert (mailbox.backoff_until, mailbox.backoff_count) == (None, 0)
    assert set(Message.objects.values_list("refusals", "attempts")) == {(0, 0)}


def test_r_020_a_used_up_quota_is_the_mailboxs_not_the_recipients(
    tenant: Tenant, sink: Sink, time: Time
) -> None:
    mailbox = make_mailbox(sink.port)
    make_messages(mailbox, 4, **DAYS)
    late(time)
    sink.add(Rule(at="rcpt", reply="550 5.4.5 Daily user sending quota exceeded", after=2))
    assert visit(tenant.pk, mailbox.pk, clock=time) == {"sent": 2, "pending": 1}
    mailbox.refresh_from_db()
    assert mailbox.state == "working"
    assert mailbox.backoff_until.date() == NOW.date() + timedelta(days=1)
    sink.rules.clear()
    time.at = mailbox.backoff_until
    assert visit(tenant.pk, mailbox.pk, clock=time) == {"sent": 2}


def test_a_refused_sign_in_breaks_the_mailbox_and_its_messages_wait(tenant: Tenant, time: Time) -> None:
    with Sink(users={"mia": "right"}) as sink:
        mailbox = make_mailbox(sink.port, smtp_username="mia", smtp_password="")
        make_messages(mailbox, 2, not_after=NOW + timedelta(hours=1))
        late(time)
        assert visit(tenant.pk, mailbox.pk, clock=time) == {"pending": 1}
    mailbox.refresh_from_db()
    assert mailbox.state == "broken"
    assert "535" in mailbox.problem
    assert set(Message.objects.values_list("state", "held_since")) == {("pending", time.at)}
    time.pass_by(days=3)
    assert reap(tenant.pk, now=time.at) == {}, "nothing fails or expires meanwhile (complaint 4)"


@pytest.mark.parametrize("do", ["drop", "reset"])
@pytest.mark.parametrize("accept", [True, False])
def test_r_006_a_lost_answer_to_the_dot_is_unknown_and_never_sent_again(
    tenant: Tenant, sink: Sink, time: Time, do: str, accept: bool
) -> None:
    mailbox = make_mailbox(sink.port)
    messages = make_messages(mailbox, 5)
    late(time)
    sink.add(Rule(at="dot", do=do, accept=accept, recipient=messages[2].address_norm))  # type: ignore[arg-type]
    said = heard(signals.message_ended)
    assert visit(tenant.pk, mailbox.pk, clock=time) == {"sent": 4, "unknown": 1}
    assert said[0]["state"] == "unknown"
    for _ in range(24):
        time.pass_by(hours=1)
        assert visit(tenant.pk, mailbox.pk, clock=time) == {}
        assert reap(tenant.pk, now=time.at) == {}
    assert len(sink.messages) == 4 + accept


def test_r_007_a_slow_answer_to_the_dot_is_waited_for(tenant: Tenant, sink: Sink, time: Time) -> None:
    mailbox = make_mailbox(sink.port)
    make_message(mailbox)
    sink.add(Rule(at="dot", delay=1.5))
    assert visit(tenant.pk, mailbox.pk, clock=time) == {"sent": 1}


@pytest.mark.parametrize("do", ["drop", "reset", "silence"])
@pytest.mark.parametrize("at", ["connect", "helo", "mail", "rcpt", "data"])
def test_a_connection_lost_before_the_dot_is_tried_again(
    tenant: Tenant, sink: Sink, time: Time, settings: Any, at: Any, do: Any
) -> None:
    settings.LEASE_SECONDS = 1
    mailbox = make_mailbox(sink.port)
    message = make_message(mailbox, **DAYS)
    sink.add(Rule(at=at, do=do, times=1))
    assert visit(tenant.pk, mailbox.pk, clock=time) == {"pending": 1}
    message.refresh_from_db()
    assert (message.state, message.attempts) == ("pending", 0)
    time.pass_by(minutes=20)
    assert visit(tenant.pk, mailbox.pk, clock=time) == {"sent": 1}
    assert len(sink.messages) == 1


@pytest.mark.parametrize("do", ["drop", "reset", "silence"])
@pytest.mark.parametrize("at", ["body", "dot"])
def test_a_connection_lost_from_the_body_on_is_unknown(
    tenant: Tenant, sink: Sink, time: Time, settings: Any, at: Any, do: Any
) -> None:
    settings.SMTP_TIMEOUT_SECONDS = 0.5
    mailbox = make_mailbox(sink.port)
    make_message(mailbox)
    sink.add(Rule(at=at, do=do, times=1))
    assert visit(tenant.pk, mailbox.pk, clock=time) == {"unknown": 1}
    time.pass_by(hours=1)
    assert visit(tenant.pk, mailbox.pk, clock=time) == {}


def test_what_is_suppressed_does_not_leave(tenant: Tenant, sink: Sink, time: Time) -> None:
    mailbox = make_mailbox(sink.port)
    one, two, _ = make_messages(mailbox, 3)
    late(time)
    Suppression.objects.create(address_norm=one.address_norm, reason="bounced", at=NOW)
    Suppression.objects.create(address_norm=one.address_norm, reason="unsubscribed", at=NOW)
    Suppression.objects.create(address_norm=two.address_norm, reason="bounced", at=NOW)
    assert visit(tenant.pk, mailbox.pk, clock=time) == {"sent": 1, "cancelled": 2}
    assert set(Message.objects.values_list("state", "reason")) == {
        ("sent", ""), ("cancelled", "unsubscribed"), ("cancelled", "bounced"),
    }  # fmt: skip


def test_r_037_a_suppression_holds_in_its_tenant_whoever_sends(
    tenant: Tenant, sink: Sink, time: Time
) -> None:
    contact = ContactFactory()
    first = make_message(make_mailbox(sink.port), contact=contact)
    intake.take_in("unsubscribed", contact=contact, at=NOW, source="one_click")
    other = make_message(make_mailbox(sink.port), contact=ContactFactory(email=contact.email))
    for message in (first, other):
        visit(tenant.pk, message.mailbox_id or 0, clock=time)
    assert sink.messages == []


def test_r_044_nothing_leaves_while_sending_is_paused_and_nothing_expires(
    tenant: Tenant, sink: Sink, time: Time
) -> None:
    mailbox = make_mailbox(sink.port)
    make_messages(mailbox, 2, not_after=NOW + timedelta(hours=2))
    late(time)
    halts.begin(None, by=None, reason="wrong text", at=time.at)
    assert visit(tenant.pk, mailbox.pk, clock=time) == {}
    time.pass_by(days=2)
    assert reap(tenant.pk, now=time.at) == {}
    assert visit(tenant.pk, mailbox.pk, clock=time) == {}
    halts.end(None, by=None, at=time.at)
    assert visit(tenant.pk, mailbox.pk, clock=time) == {"sent": 2}


def test_r_045_when_a_sender_is_deactivated_their_messages_wait(
    tenant: Tenant, sink: Sink, time: Time
) -> None:
    mailbox = make_mailbox(sink.port)
    message = make_message(mailbox, not_after=NOW + timedelta(hours=2))
    mailbox.member.is_active = False
    mailbox.member.save()
    assert visit(tenant.pk, mailbox.pk, clock=time) == {}
    message.refresh_from_db()
    assert (message.state, message.held_since) == ("pending", NOW)
    assert sink.messages == []


def test_r_024_what_is_stale_expires(tenant: Tenant, sink: Sink, time: Time) -> None:
    mailbox = make_mailbox(sink.port)
    make_messages(mailbox, 2, not_after=NOW + timedelta(hours=15))
    time.pass_by(hours=30)
    said = heard(signals.message_ended)
    assert visit(tenant.pk, mailbox.pk, clock=time) == {}
    assert reap(tenant.pk, now=time.at) == {"expired": 2}
    assert said[0]["reason"] == "late"
    assert sink.messages == []


def test_r_032_a_mailboxs_own_cap_is_never_passed_and_the_rest_waits(
    tenant: Tenant, sink: Sink, time: Time
) -> None:
    mailbox = make_mailbox(sink.port, daily_cap=3)
    make_messages(mailbox, 5, not_after=NOW + timedelta(days=5))
    late(time)
    assert visit(tenant.pk, mailbox.pk, clock=time)["sent"] == 3
    time.pass_by(hours=23)
    assert visit(tenant.pk, mailbox.pk, clock=time) == {}
    time.pass_by(hours=2)
    assert visit(tenant.pk, mailbox.pk, clock=time)["sent"] == 2


def test_a_cap_comes_back_on_a_refusal_and_not_on_unknown(tenant: Tenant, sink: Sink, time: Time) -> None:
    mailbox = make_mailbox(sink.port, daily_cap=10)
    refused, doubtful, _ = make_messages(mailbox, 3)
    late(time)
    sink.add(Rule(at="dot", reply="554 5.6.0 No", recipient=refused.address_norm))
    sink.add(Rule(at="dot", do="drop", recipient=doubtful.address_norm))
    visit(tenant.pk, mailbox.pk, clock=time)
    assert MailboxUsage.objects.get().used == 2


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
