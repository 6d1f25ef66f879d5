"""R-028: the clock of a worker's machine is stepped while it sends; that of the database is not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from messaging import tasks
from messaging.models import MailboxDue, MailboxUsage, Message
from tenants.clock import database_now, steady
from tenants.models import Tenant
from tenants.wall import use
from tests.apps.messaging.factories import make_mailbox, make_mailing, make_message
from tests.factories import make_tenant
from tests.sink import Sink

pytestmark = pytest.mark.django_db(transaction=True)

STEPS = [timedelta(hours=-2), timedelta(hours=2), timedelta(days=-1), timedelta(days=1)]


@pytest.fixture
def tenant(transactional_db: None) -> Iterator[Tenant]:
    """A tenant as the tasks find it, outside of its wall."""
    yield make_tenant()
    MailboxDue.objects.all().delete()


@pytest.mark.parametrize("step", STEPS, ids=str)
def test_r_028_after_a_step_sending_goes_on_at_once_nothing_twice_and_no_cap_is_passed(
    tenant: Tenant, sink: Sink, step: timedelta
) -> None:
    at = database_now() - timedelta(minutes=1)
    with use(tenant):
        mailbox, mailing = make_mailbox(sink.port, daily_cap=5), make_mailing()
        for n in range(8):
            due_at = at if n < 2 else at + timedelta(seconds=1)
            make_message(mailbox, mailing, at=at, due_at=due_at, not_after=at + timedelta(hours=12))
        Message.objects.exclude(due_at=at).update(held_since=at)
    MailboxDue.objects.create(tenant_id=tenant.pk, mailbox_id=mailbox.pk, due_at=at)
    tasks.deliver_next(tenant.pk, mailbox.pk, 0)
    with use(tenant):
        Message.objects.update(held_since=None)
    with time_machine.travel(datetime.now(UTC) + step):
        tasks.deliver_next(tenant.pk, mailbox.pk, 0)
        tasks.deliver_sweep(tenant.pk)
    with use(tenant):
        states = Counter(Message.objects.values_list("state", flat=True))
        used = sum(MailboxUsage.objects.values_list("used", flat=True))
    assert (states, used) == ({"sent": 5, "pending": 3}, 5)
    assert len({mail.recipient for mail in sink.messages}) == len(sink.messages) == 5


def test_r_028_a_visit_does_not_see_a_step_in_the_midst_of_it(db: None) -> None:
    clock = steady()
    before = clock()
    with time_machine.travel(datetime.now(UTC) - timedelta(days=1)):
        assert timedelta(0) <= clock() - before < timedelta(minutes=5)
