"""What a server says, or does not say, becomes the state of the message (reliability §3.2)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from activities.models import Fact
from audience.models import Suppression
from messaging import signals
from messaging.delivery import visit
from messaging.mailboxes import works
from messaging.models import Message
from messaging.reaper import reap
from tenants.models import Tenant
from tests.apps.messaging.factories import (
    DAYS,
    Time,
    heard,
    late,
    make_mailbox,
    make_message,
    make_messages,
)
from tests.factories import NOW
from tests.sink import Rule, Sink

pytestmark = pytest.mark.django_db


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
        assert mailbox.problem == "Its server asks to wait: 421 4.7.0 Come back later"
        assert visit(tenant.pk, mailbox.pk, clock=time) == {}
        time.at = mailbox.backoff_until
    assert visit(tenant.pk, mailbox.pk, clock=time) == {"sent": 3}
    mailbox.refresh_from_db()
    assert (mailbox.backoff_until, mailbox.backoff_count, mailbox.problem) == (None, 0, "")
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


def test_ten_refusals_in_a_row_break_the_mailbox_and_the_rest_wait(
    tenant: Tenant, sink: Sink, time: Time
) -> None:
    mailbox = make_mailbox(sink.port)
    make_messages(mailbox, 30, **DAYS)
    late(time)
    sink.add(Rule(at="rcpt", reply="550 5.7.1 Refused", times=9))
    sink.add(Rule(at="rcpt", reply="550 5.7.1 Refused", after=10))
    assert visit(tenant.pk, mailbox.pk, clock=time) == {"failed": 19, "sent": 1}, (
        "one taken begins the count anew"
    )
    mailbox.refresh_from_db()
    assert (mailbox.state, mailbox.refused_in_row) == ("broken", 10)
    assert mailbox.problem == "Its server refused 10 mails in a row: 550 5.7.1 Refused"
    assert Message.objects.filter(state="pending", held_since__isnull=False).count() == 10
    sink.rules.clear()
    works(mailbox, now=time.at)
    assert visit(tenant.pk, mailbox.pk, clock=time) == {"sent": 10}


def test_dead_addresses_are_no_refusals_of_the_mailbox(tenant: Tenant, sink: Sink, time: Time) -> None:
    mailbox = make_mailbox(sink.port)
    make_messages(mailbox, 12, **DAYS)
    late(time)
    sink.add(Rule(at="rcpt", reply="550 5.1.1 No such user"))
    assert visit(tenant.pk, mailbox.pk, clock=time) == {"failed": 12}
    mailbox.refresh_from_db()
    assert (mailbox.state, mailbox.refused_in_row) == ("working", 0)


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
