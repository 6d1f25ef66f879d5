"""Messages are made, taken back, held and handed over as sets."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from activities.models import Fact
from messaging import outbox
from messaging.models import Mailbox, MailboxDue, Message
from messaging.signals import message_ended, messages_sent
from sequences.models import Enrollment, Sequence, StepRun
from steps.models import Plan
from tests.apps.messaging.factories import heard, make_mailbox, make_mailing
from tests.factories import NOW, ContactFactory, make_member

pytestmark = pytest.mark.django_db

LATER = NOW + timedelta(days=1)


def make_stays(count: int = 3) -> list[Enrollment]:
    owner = make_member()
    plan = Plan.objects.create(made_at=NOW)
    sequence = Sequence.objects.create(
        name=f"S{plan.pk}", owner=owner, plan=plan, created_at=NOW, edited_at=NOW
    )
    return [
        Enrollment.objects.create(sequence=sequence, contact=ContactFactory(), entered_at=NOW)
        for _ in range(count)
    ]


def add_for(stays: list[Enrollment], now: datetime = NOW, mailbox: Mailbox | None = None) -> int:
    mailbox, mailing = mailbox or make_mailbox(), make_mailing()
    for stay in stays:
        StepRun.objects.get_or_create(
            enrollment=stay, key="intro", defaults={"kind": "email", "state": "executed", "at": NOW}
        )
    sql = """SELECT r.id AS step_run_id, e.id AS enrollment_id, e.contact_id, e.opportunity_id,
                    %s::bigint AS sender_id, %s::bigint AS mailbox_id, %s::bigint AS mailing_id,
                    'email' AS channel, c.email_norm AS address_norm, %s AS due_at, %s AS not_after
             FROM sequences_enrollment e JOIN sequences_steprun r ON r.enrollment_id = e.id
             JOIN audience_contact c ON c.id = e.contact_id WHERE e.id = ANY(%s)"""
    params = [mailbox.member_id, mailbox.pk, mailing.pk, now, LATER, [s.pk for s in stays]]
    return outbox.add(sql, params, now=now)


def test_one_statement_makes_the_messages_of_a_run(tenant: object) -> None:
    stays = make_stays(3)
    assert add_for(stays) == 3
    message = Message.objects.get(enrollment_id=stays[0].pk)
    assert (message.state, message.made_at, message.not_after) == ("pending", NOW, LATER)
    assert message.address_norm == stays[0].contact.email_norm


def test_a_step_run_that_has_its_message_makes_none_again(tenant: object) -> None:
    stays = make_stays(2)
    assert add_for(stays) == 2
    assert add_for(stays) == 0
    assert Message.objects.count() == 2


def test_adding_brings_the_mailbox_forward_and_never_puts_it_back(tenant: object) -> None:
    stays = make_stays(2)
    mailbox = make_mailbox()
    add_for(stays[:1], LATER, mailbox)
    assert MailboxDue.objects.get().due_at == LATER
    add_for(stays[1:], NOW, mailbox)
    assert MailboxDue.objects.get().due_at == NOW
    add_for(make_stays(1), LATER, mailbox)
    assert MailboxDue.objects.get().due_at == NOW


def test_cancelling_takes_back_what_has_not_passed_the_gate(tenant: object) -> None:
    stays = make_stays(4)
    add_for(stays)
    for stay, state in zip(stays, ["pending", "leased", "sending", "sent"], strict=True):
        Message.objects.filter(enrollment_id=stay.pk).update(state=state)
    said = heard(message_ended)
    queryset = Enrollment.objects.filter(pk__in=[s.pk for s in stays]).values("pk")
    assert outbox.cancel(enrollments=queryset, reason="replied", now=NOW) == 2
    states = list(Message.objects.order_by("enrollment_id").values_list("state", "reason"))
    assert states == [("cancelled", "replied"), ("cancelled", "replied"), ("sending", ""), ("sent", "")]
    assert [(len(s["ids"]), s["state"], s["reason"]) for s in said] == [(2, "cancelled", "replied")]


def test_cancelling_takes_ids_and_sql_as_well(tenant: object) -> None:
    one, two = make_stays(2)
    add_for([one, two])
    assert outbox.cancel(enrollments=[one.pk], reason="removed", now=NOW) == 1
    sql = ("SELECT id FROM sequences_enrollment WHERE id = %s", [two.pk])
    assert outbox.cancel(enrollments=sql, reason="removed", now=NOW) == 1


def test_2_33_a_held_message_is_stale_later_by_the_length_of_the_pause(tenant: object) -> None:
    (stay,) = make_stays(1)
    add_for([stay])
    assert outbox.hold([stay.pk], now=NOW) == 1
    assert outbox.hold([stay.pk], now=NOW + timedelta(hours=1)) == 0, "overlapping pauses count once"
    assert outbox.release([stay.pk], now=NOW + timedelta(days=3)) == 1
    message = Message.objects.get()
    assert (message.held_since, message.not_after) == (None, LATER + timedelta(days=3))


def test_6_1_in_a_simulation_everything_is_accepted_at_once(tenant: object) -> None:
    add_for(make_stays(3))
    said = heard(messages_sent)
    assert outbox.accept_all(NOW) == 3
    assert outbox.accept_all(NOW) == 0
    assert set(Message.objects.values_list("state", "sent_at")) == {("sent", NOW)}
    assert Fact.objects.filter(kind="sent", at=NOW).count() == 3
    assert [len(s["ids"]) for s in said] == [3]


def test_2_30_what_a_person_sent_is_a_sent_message_like_any_other(tenant: object) -> None:
    contact = ContactFactory()
    sql = (
        "SELECT id AS contact_id, email_norm AS address_norm, NULL::bigint AS sender_id, "
        "NULL::bigint AS enrollment_id, NULL::bigint AS step_run_id, NULL::bigint AS opportunity_id "
        "FROM audience_contact WHERE id = %s"
    )
    assert outbox.record_by_hand(sql, [contact.pk], mailing=make_mailing(), at=NOW) == 1
    message = Message.objects.get()
    assert (message.state, message.sent_at) == ("sent", NOW)
    assert Fact.objects.get(message_id=message.pk).kind == "sent"
