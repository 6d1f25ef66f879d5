"""The trial list: to whom mails go while a workspace tries things (semantics 2.33)."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied

from messaging.commands.sending import change_trial
from messaging.delivery import visit
from messaging.models import Message
from tenants.models import Member, Tenant
from tenants.wall import use
from tests.apps.messaging.factories import Time, make_mailbox, make_mailing, make_message
from tests.apps.messaging.test_races import make_stay_messages, stalled_at_data, workers
from tests.factories import NOW, ContactFactory, make_member, make_tenant
from tests.processes import eventually
from tests.sink import Rule, Sink

__all__ = ["workers"]

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def tenant(transactional_db: None) -> Tenant:
    """A tenant whose rows other connections see; the test stands outside of its wall."""
    return make_tenant()


def messages_of(tenant: Tenant) -> list[Message]:
    with use(tenant):
        return list(Message.objects.order_by("due_at", "pk"))


def trial(tenant: Tenant, *addresses: str, is_on: bool = True) -> None:
    with use(tenant):
        by = Member.objects.filter(role__key="admin").first() or make_member("admin")
        change_trial(is_on=is_on, addresses=addresses, by=by, now=NOW)


def test_while_trying_mails_go_only_to_the_list(tenant: Tenant, sink: Sink, time: Time) -> None:
    with use(tenant):
        mailbox, mailing = make_mailbox(sink.port), make_mailing()
        for address in ("me@us.example", "ann@acme.example", "bob@sub.acme.example", "cat@x.example"):
            make_message(mailbox, mailing, ContactFactory(email=address))
    trial(tenant, "me@us.example", "@acme.example")
    assert visit(tenant.pk, mailbox.pk, clock=time) == {"sent": 2, "cancelled": 2}
    assert [m.recipient for m in sink.messages] == ["me@us.example", "ann@acme.example"]
    others = [m for m in messages_of(tenant) if m.state != "sent"]
    assert {(m.state, m.reason) for m in others} == {("cancelled", "trial")}
    assert sum(command == "DATA" for _, command in sink.commands) == 2, "nobody connects for the others"
    trial(tenant, is_on=False)
    with use(tenant):
        make_message(mailbox, mailing, ContactFactory(email="cat@x.example"))
    assert visit(tenant.pk, mailbox.pk, clock=time) == {"sent": 1}


def test_the_gate_knows_the_list_too(
    tenant: Tenant, sink: Sink, time: Time, workers: Callable[..., Future[Any]]
) -> None:
    with use(tenant):
        mailbox, (message,) = make_stay_messages(sink, 1)
    time.pass_by(minutes=1)
    sink.add(Rule(at="data", delay=1.0))
    working = workers(visit, tenant.pk, mailbox.pk, clock=time)
    eventually(lambda: stalled_at_data(sink))
    trial(tenant, "me@us.example")
    assert working.result(60) == {"cancelled": 1}
    with use(tenant):
        message.refresh_from_db()
    assert (message.state, message.reason) == ("cancelled", "trial")
    assert sink.messages == []


def test_copies_go_nowhere_that_the_message_could_not(tenant: Tenant, sink: Sink, time: Time) -> None:
    with use(tenant):
        mailbox = make_mailbox(sink.port)
        mailing = make_mailing(cc="boss@us.example, Ann@Acme.example", bcc="crm@other.example")
        make_message(mailbox, mailing, ContactFactory(email="ann@acme.example"))
    trial(tenant, "@acme.example")
    assert visit(tenant.pk, mailbox.pk, clock=time) == {"sent": 1}
    assert [m.recipient.lower() for m in sink.messages] == ["ann@acme.example", "ann@acme.example"]


def test_only_who_sets_the_policy_changes_the_list(tenant: Tenant) -> None:
    with use(tenant), pytest.raises(PermissionDenied):
        change_trial(is_on=True, addresses=[], by=make_member("sales_rep"), now=NOW)
