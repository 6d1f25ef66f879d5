"""Mail to many addresses is stopped as a set, and still nothing passes a gate behind the stop (reliability §3.2)."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from datetime import datetime
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from audience.bulk import work
from audience.bulk.registry import VERBS
from audience.models import Contact, RecordJob, Suppression
from messaging.delivery import visit
from messaging.models import Message
from sequences.models import Enrollment, Sequence
from tenants.models import Member, Tenant
from tenants.wall import use
from tests.apps.messaging.factories import Time, make_message
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


def stop_mail(ids: list[int], at: datetime) -> RecordJob:
    """The bulk verb on these contacts."""
    by = Member.objects.filter(role__key="admin").first() or make_member("admin")
    return work.start(by=by, record="contact", verb=VERBS["suppress"], arguments={}, ids=ids, at=at)


def test_what_is_stopped_in_bulk_between_the_354_and_the_gate_does_not_leave(
    tenant: Tenant, sink: Sink, time: Time, workers: Callable[..., Future[Any]]
) -> None:
    with use(tenant):
        mailbox, messages = make_stay_messages(sink, 3)
    time.pass_by(minutes=1)
    sink.add(Rule(at="data", delay=1.0))
    working = workers(visit, tenant.pk, mailbox.pk, clock=time)
    eventually(lambda: stalled_at_data(sink))
    with use(tenant):
        job = stop_mail([m.contact_id for m in messages], time.at)
        assert job.changed == 3
    working.result(60)
    assert sink.messages == []
    with use(tenant):
        assert set(Message.objects.values_list("state", "reason")) == {("cancelled", "unsubscribed")}
        assert set(Enrollment.objects.values_list("state", "exit_reason")) == {("exited", "unsubscribed")}


def test_a_gate_waits_for_a_bulk_stop_that_has_not_committed(
    tenant: Tenant, sink: Sink, time: Time, workers: Callable[..., Future[Any]]
) -> None:
    with use(tenant):
        mailbox, messages = make_stay_messages(sink, 2)
    time.pass_by(minutes=1)
    sink.add(Rule(at="data", delay=1.0))
    working = workers(visit, tenant.pk, mailbox.pk, clock=time)
    eventually(lambda: stalled_at_data(sink))
    with use(tenant):
        stop_mail([messages[0].contact_id], time.at)
        eventually(a_gate_waits)
        assert sink.messages == []
    working.result(60)
    assert [m.recipients for m in sink.messages] == [(messages[1].address_norm,)]


def a_gate_waits() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted)")
        return bool(cursor.fetchone()[0])


def test_nobody_elses_mail_is_touched_and_a_switch_that_is_off_keeps_the_stay(
    tenant: Tenant, sink: Sink, time: Time
) -> None:
    with use(tenant):
        mailbox, messages = make_stay_messages(sink, 4)
        Sequence.objects.update(exit_unsubscribed=False)
        same = ContactFactory(email=messages[0].address_norm.upper())
        twin = make_message(mailbox, contact=same, enrollment_id=_stay(same).pk)
        stop_mail([m.contact_id for m in messages[:2]], time.at)
        for message in (*messages, twin):
            message.refresh_from_db()
        assert [m.state for m in messages] == ["cancelled", "cancelled", "pending", "pending"]
        assert twin.state == "cancelled", "whoever has the address"
        assert set(Enrollment.objects.values_list("state", flat=True)) == {"active"}
        assert Suppression.objects.count() == 2


def _stay(contact: Contact) -> Enrollment:
    return Enrollment.objects.create(sequence=Sequence.objects.get(), contact=contact, entered_at=NOW)


def test_many_take_as_many_statements_as_few(tenant: Tenant, sink: Sink, time: Time) -> None:
    counted = []
    for count in (3, 60):
        with use(tenant):
            _, messages = make_stay_messages_again(sink, count)
            ids = [m.contact_id for m in messages]
            stop_mail([ContactFactory().pk], time.at)
            with CaptureQueriesContext(
                connection,
            ) as queries:
                assert stop_mail(ids, time.at).changed == count
            counted.append(len(queries))
            assert not Message.objects.filter(state="pending").exists()
    assert counted[0] == counted[1]


def make_stay_messages_again(sink: Sink, count: int) -> Any:
    Sequence.objects.update(name="Earlier")
    return make_stay_messages(sink, count)
