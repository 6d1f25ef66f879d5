"""What keeps a message back: its address, a stop, its age, the cap of its mailbox."""

from __future__ import annotations

from datetime import timedelta

import pytest

from audience.models import Suppression
from messaging import halts, intake, signals
from messaging.delivery import visit
from messaging.models import MailboxUsage, Message
from messaging.reaper import reap
from tenants.models import Tenant
from tests.apps.messaging.factories import (
    Time,
    heard,
    late,
    make_mailbox,
    make_message,
    make_messages,
)
from tests.factories import NOW, ContactFactory
from tests.sink import Rule, Sink

pytestmark = pytest.mark.django_db


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
