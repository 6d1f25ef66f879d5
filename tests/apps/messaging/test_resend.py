"""A person may send again what nobody knows about, once, by the mailbox's permission (reliability §2)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied

from activities.models import Fact
from messaging.commands.messages import CannotResend, may_resend, resend, why_not
from messaging.delivery import visit
from messaging.intake import take_in
from messaging.models import Mailbox, Message
from messaging.reaper import reap
from sequences.models import Enrollment
from tenants.models import AuditLine, Tenant
from tests.apps.messaging.factories import Time, make_mailbox, make_message
from tests.apps.messaging.test_outbox import make_stays
from tests.factories import NOW, ContactFactory, make_member
from tests.sink import Rule, Sink

pytestmark = pytest.mark.django_db


def in_doubt(mailbox: Mailbox, sink: Sink, time: Time, **fields: object) -> Message:
    """A message whose server went away after the dot."""
    message = make_message(mailbox, **fields)  # type: ignore[arg-type]
    sink.add(Rule(at="dot", do="drop", times=1))
    assert visit(mailbox.tenant_id, mailbox.pk, clock=time) == {"unknown": 1}
    message.refresh_from_db()
    return message


def of_stay(mailbox: Mailbox, sink: Sink, time: Time, **stay: object) -> Message:
    """The same of a stay that has become so since."""
    (row,) = make_stays(1)
    message = in_doubt(mailbox, sink, time, contact=row.contact, enrollment_id=row.pk)
    Enrollment.objects.filter(pk=row.pk).update(**stay)
    return message


def test_what_is_in_doubt_is_sent_again_once_with_bytes_of_its_own(
    tenant: Tenant, sink: Sink, time: Time
) -> None:
    mailbox = make_mailbox(sink.port)
    message = in_doubt(mailbox, sink, time)
    assert not why_not(message)
    again = resend(message=message, by=mailbox.member, now=time.at)
    assert visit(tenant.pk, mailbox.pk, clock=time) == {"sent": 1}
    again.refresh_from_db()
    message.refresh_from_db()
    assert (message.state, again.state, again.resend_no) == ("unknown", "sent", 1)
    assert again.message_id != message.message_id
    assert why_not(message) == "It was sent again already."
    for known in (message, again):
        with pytest.raises(CannotResend):
            resend(message=known, by=mailbox.member, now=time.at)
    assert Message.objects.count() == 2


def test_audit_log_and_timeline_say_who_decided(tenant: Tenant, sink: Sink, time: Time) -> None:
    mailbox = make_mailbox(sink.port)
    message = in_doubt(mailbox, sink, time)
    again = resend(message=message, by=mailbox.member, now=time.at)
    line = AuditLine.objects.get(verb="message.resent")
    assert (line.member, line.object_id, line.data) == (mailbox.member, again.pk, {"instead_of": message.pk})
    fact = Fact.objects.get(kind="resent")
    assert (fact.contact_id, fact.message_id, fact.member) == (message.contact_id, again.pk, mailbox.member)


def test_one_of_no_step_is_sent_again_once_too_and_the_second_one_in_doubt_once_more(
    tenant: Tenant, sink: Sink, time: Time
) -> None:
    mailbox = make_mailbox(sink.port)
    first = in_doubt(mailbox, sink, time)
    second = resend(message=first, by=mailbox.member, now=time.at)
    with pytest.raises(CannotResend, match="again already"):
        resend(message=first, by=mailbox.member, now=time.at)
    sink.add(Rule(at="dot", do="drop", times=1))
    assert visit(tenant.pk, mailbox.pk, clock=time) == {"unknown": 1}
    assert resend(message=second, by=mailbox.member, now=time.at).resend_no == 2


def test_only_the_mailboxs_member_and_who_manages_mailboxes_decide(
    tenant: Tenant, sink: Sink, time: Time
) -> None:
    mailbox = make_mailbox(sink.port)
    message = in_doubt(mailbox, sink, time)
    other, admin = make_member("sales_manager"), make_member("admin")
    assert [may_resend(m, message) for m in (mailbox.member, other, admin, None)] == [
        True,
        False,
        True,
        False,
    ]
    with pytest.raises(PermissionDenied):
        resend(message=message, by=other, now=time.at)
    assert Message.objects.count() == 1
    assert resend(message=message, by=admin, now=time.at).resend_no == 1


@pytest.mark.parametrize("reply", ["550 5.7.1 Our policy", "554 5.6.0 Not like this"])
def test_what_a_server_refused_is_sent_again_when_a_person_says_so(
    tenant: Tenant, sink: Sink, time: Time, reply: str
) -> None:
    mailbox = make_mailbox(sink.port)
    message = make_message(mailbox)
    sink.add(Rule(at="rcpt", reply=reply, times=1))
    assert visit(tenant.pk, mailbox.pk, clock=time) == {"failed": 1}
    message.refresh_from_db()
    again = resend(message=message, by=mailbox.member, now=time.at)
    assert visit(tenant.pk, mailbox.pk, clock=time) == {"sent": 1}
    message.refresh_from_db()
    again.refresh_from_db()
    assert (message.state, again.state, len(sink.messages)) == ("failed", "sent", 1)
    with pytest.raises(CannotResend, match="again already"):
        resend(message=message, by=mailbox.member, now=time.at)


def test_what_came_too_late_is_fresh_again_for_a_day(tenant: Tenant, sink: Sink, time: Time) -> None:
    mailbox = make_mailbox(sink.port)
    message = make_message(mailbox, not_after=time.at - timedelta(hours=1))
    assert reap(tenant.pk, now=time.at) == {"expired": 1}
    message.refresh_from_db()
    again = resend(message=message, by=mailbox.member, now=time.at)
    assert again.not_after == time.at + timedelta(days=1)
    assert visit(tenant.pk, mailbox.pk, clock=time) == {"sent": 1}


def test_nobody_is_written_to_again_where_nobody_is(tenant: Tenant, sink: Sink, time: Time) -> None:
    mailbox = make_mailbox(sink.port)
    message = make_message(mailbox)
    sink.add(Rule(at="rcpt", reply="550 5.1.1 Nobody", times=1))
    assert visit(tenant.pk, mailbox.pk, clock=time) == {"failed": 1}
    message.refresh_from_db()
    with pytest.raises(CannotResend, match="nobody at its address"):
        resend(message=message, by=mailbox.member, now=time.at)


def test_nothing_sends_it_again_by_itself(tenant: Tenant, sink: Sink, time: Time) -> None:
    mailbox = make_mailbox(sink.port)
    in_doubt(mailbox, sink, time)
    for _ in range(5):
        time.pass_by(days=1)
        reap(tenant.pk, now=time.at)
        assert not visit(tenant.pk, mailbox.pk, clock=time)
    assert len(sink.messages) == 0
    assert Message.objects.count() == 1


@pytest.mark.parametrize("reason", ["replied", "unsubscribed", "removed", "colleague_replied"])
def test_who_left_otherwise_than_completed_gets_nothing_more(
    tenant: Tenant, sink: Sink, time: Time, reason: str
) -> None:
    mailbox = make_mailbox(sink.port)
    message = of_stay(mailbox, sink, time, state="exited", exit_reason=reason, exited_at=NOW)
    with pytest.raises(CannotResend, match=reason.replace("_", " ")):
        resend(message=message, by=mailbox.member, now=time.at)


def test_who_completed_gets_it(tenant: Tenant, sink: Sink, time: Time) -> None:
    mailbox = make_mailbox(sink.port)
    message = of_stay(mailbox, sink, time, state="exited", exit_reason="completed", exited_at=NOW)
    resend(message=message, by=mailbox.member, now=time.at)
    assert visit(tenant.pk, mailbox.pk, clock=time) == {"sent": 1}


def test_who_is_paused_gets_it_after_the_pause(tenant: Tenant, sink: Sink, time: Time) -> None:
    mailbox = make_mailbox(sink.port)
    message = of_stay(mailbox, sink, time, state="paused", pause_reason="manual")
    again = resend(message=message, by=mailbox.member, now=time.at)
    assert visit(tenant.pk, mailbox.pk, clock=time) == {"pending": 1}
    again.refresh_from_db()
    assert again.held_since == time.at


def test_a_suppressed_address_is_refused_and_one_that_is_suppressed_after_is_cancelled(
    tenant: Tenant, sink: Sink, time: Time
) -> None:
    mailbox, ann = make_mailbox(sink.port), ContactFactory(email="ann@x.example")
    first, second = (in_doubt(mailbox, sink, time, contact=ann) for _ in range(2))
    again = resend(message=first, by=mailbox.member, now=time.at)
    take_in("unsubscribed", address="ann@x.example", at=time.at, source="page")
    with pytest.raises(CannotResend, match="any more: unsubscribed"):
        resend(message=second, by=mailbox.member, now=time.at)
    visit(tenant.pk, mailbox.pk, clock=time)
    again.refresh_from_db()
    assert (again.state, again.reason) == ("cancelled", "unsubscribed")


def test_without_its_mailbox_nothing_can_be_sent_again(tenant: Tenant, sink: Sink, time: Time) -> None:
    mailbox = make_mailbox(sink.port)
    message = in_doubt(mailbox, sink, time)
    Message.objects.filter(pk=message.pk).update(mailbox=None)
    with pytest.raises(CannotResend, match="not connected any more"):
        resend(message=message, by=make_member("admin"), now=time.at)
