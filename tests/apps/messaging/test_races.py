"""Workers, stops and a database that goes away, at the same time, on connections of their own."""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from messaging import intake, stops
from messaging.delivery import visit
from messaging.models import Mailbox, Message
from messaging.reaper import reap
from sequences.models import Enrollment, Sequence, StepRun
from steps.models import Plan
from tenants.models import Tenant
from tenants.wall import use
from tests.apps.messaging.factories import Time, make_mailbox, make_mailing, make_message
from tests.factories import NOW, ContactFactory, make_member, make_tenant
from tests.processes import eventually
from tests.sink import Rule, Sink

pytestmark = pytest.mark.django_db(transaction=True)

DATA = "DATA"


@pytest.fixture
def tenant(transactional_db: None) -> Tenant:
    """A tenant whose rows other connections see; the test stands outside of its wall."""
    return make_tenant()


@pytest.fixture
def workers() -> Iterator[Callable[..., Future[Any]]]:
    with ThreadPoolExecutor(8) as pool:
        yield lambda do, *args, **kwargs: pool.submit(closing, do, *args, **kwargs)


def closing(do: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    try:
        return do(*args, **kwargs)
    finally:
        connection.close()


def make_stay_messages(sink: Sink, count: int) -> tuple[Mailbox, list[Message]]:
    """Messages of stays of one sequence."""
    mailbox, mailing, owner = make_mailbox(sink.port), make_mailing(), make_member()
    plan = Plan.objects.create(made_at=NOW)
    sequence = Sequence.objects.create(
        name="S", owner=owner, plan=plan, created_at=NOW, edited_at=NOW, status="active"
    )
    messages = []
    for n in range(count):
        contact = ContactFactory()
        stay = Enrollment.objects.create(sequence=sequence, contact=contact, entered_at=NOW)
        run = StepRun.objects.create(enrollment=stay, key="intro", kind="email", state="executed", at=NOW)
        messages.append(
            make_message(
                mailbox, mailing, contact, enrollment_id=stay.pk, step_run_id=run.pk,
                due_at=NOW + timedelta(milliseconds=n),
            )
        )  # fmt: skip
    return mailbox, messages


def state(tenant: Tenant, message: Message) -> tuple[str, str]:
    with use(tenant):
        message.refresh_from_db()
    return message.state, message.reason


def stalled_at_data(sink: Sink, count: int = 1) -> bool:
    return sum(command == DATA for _, command in sink.commands) >= count


@pytest.mark.parametrize("kind", ["replied", "unsubscribed", "bounced", "auto_reply"])
def test_r_034_what_is_stopped_between_the_354_and_the_gate_does_not_leave(
    tenant: Tenant, sink: Sink, time: Time, workers: Callable[..., Future[Any]], kind: Any
) -> None:
    with use(tenant):
        mailbox, (message,) = make_stay_messages(sink, 1)
    time.pass_by(minutes=1)
    sink.add(Rule(at="data", delay=1.0))
    working = workers(visit, tenant.pk, mailbox.pk, clock=time)
    eventually(lambda: stalled_at_data(sink))
    intake.take_in(kind, contact=message.contact_id, at=time.at, source="imap", tenant=tenant.pk)
    working.result(60)
    assert sink.messages == []
    if kind == "auto_reply":
        with use(tenant):
            message.refresh_from_db()
        assert (message.state, message.held_since) == ("pending", time.at)
    else:
        assert state(tenant, message)[0] == "cancelled"
        with use(tenant):
            assert Enrollment.objects.get().exit_reason in ("replied", "unsubscribed", "bounced")


def test_a_stop_that_nothing_has_followed_yet_holds_everything_of_the_contact(
    tenant: Tenant, sink: Sink, time: Time
) -> None:
    with use(tenant):
        mailbox, (message, other) = make_stay_messages(sink, 2)
    time.pass_by(minutes=1)
    with use(tenant):
        stops.stop(stops.CONTACT, [message.contact_id], kind="replied", at=time.at)
    assert visit(tenant.pk, mailbox.pk, clock=time) == {"sent": 1, "pending": 1}
    assert [m.recipient for m in sink.messages] == [other.address_norm]
    time.pass_by(seconds=6)
    with use(tenant):
        stops.lift(stops.CONTACT, [message.contact_id], kind="replied", at=time.at)
    assert visit(tenant.pk, mailbox.pk, clock=time) == {"sent": 1}


@pytest.mark.parametrize("scope", [stops.SEQUENCE, stops.MAILBOX, stops.MEMBER, stops.TENANT])
def test_what_is_paused_is_held_at_the_gate(tenant: Tenant, sink: Sink, time: Time, scope: str) -> None:
    with use(tenant):
        mailbox, (message,) = make_stay_messages(sink, 1)
        key = {
            stops.SEQUENCE: Sequence.objects.get().pk,
            stops.MAILBOX: mailbox.pk,
            stops.MEMBER: mailbox.member_id,
            stops.TENANT: tenant.pk,
        }[scope]
    time.pass_by(minutes=1)
    with use(tenant):
        stops.stop(scope, [key], kind="paused", at=time.at)
    assert visit(tenant.pk, mailbox.pk, clock=time) == {"pending": 1}
    with use(tenant):
        message.refresh_from_db()
    assert message.held_since == time.at
    assert sink.messages == []


def test_a_run_that_holds_the_stay_delays_its_message_and_burns_no_attempt(
    tenant: Tenant, sink: Sink, time: Time, workers: Callable[..., Future[Any]]
) -> None:
    with use(tenant):
        mailbox, (message,) = make_stay_messages(sink, 1)
    time.pass_by(minutes=1)
    with use(tenant):
        Enrollment.objects.select_for_update().get()
        assert workers(visit, tenant.pk, mailbox.pk, clock=time).result(60) == {"pending": 1}
    with use(tenant):
        message.refresh_from_db()
    assert (message.state, message.attempts, message.refusals) == ("pending", 0, 0)
    time.pass_by(seconds=3)
    assert visit(tenant.pk, mailbox.pk, clock=time) == {"sent": 1}


def test_r_005_a_worker_that_was_frozen_past_its_lease_sends_nothing(
    tenant: Tenant, sink: Sink, time: Time, workers: Callable[..., Future[Any]]
) -> None:
    with use(tenant):
        mailbox, (message,) = make_stay_messages(sink, 1)
    time.pass_by(minutes=1)
    sink.add(Rule(at="data", delay=2.0, times=1))
    frozen = workers(visit, tenant.pk, mailbox.pk, clock=time)
    eventually(lambda: stalled_at_data(sink))
    later = Time(time.at + timedelta(minutes=5))
    assert reap(tenant.pk, now=later.at) == {"pending": 1}
    assert visit(tenant.pk, mailbox.pk, clock=later) == {"sent": 1}
    assert frozen.result(60) == {"lost": 1}
    assert len(sink.messages) == 1
    assert state(tenant, message) == ("sent", "")


def test_a_result_that_comes_after_the_reaper_resolves_the_doubt(
    tenant: Tenant, sink: Sink, time: Time, workers: Callable[..., Future[Any]]
) -> None:
    with use(tenant):
        mailbox, (message,) = make_stay_messages(sink, 1)
    time.pass_by(minutes=1)
    sink.add(Rule(at="dot", delay=2.0))
    slow = workers(visit, tenant.pk, mailbox.pk, clock=time)
    eventually(lambda: state(tenant, message)[0] == "sending")
    assert reap(tenant.pk, now=time.at + timedelta(minutes=5)) == {"unknown": 1}
    assert slow.result(60) == {"sent": 1}
    assert state(tenant, message)[0] == "sent"


def test_r_001_many_workers_send_everything_once(
    tenant: Tenant, sink: Sink, time: Time, workers: Callable[..., Future[Any]]
) -> None:
    with use(tenant):
        mailbox, messages = make_stay_messages(sink, 60)
    time.pass_by(minutes=1)
    working = [workers(visit, tenant.pk, mailbox.pk, clock=time) for _ in range(8)]
    counts = sum((w.result(120) for w in working), Counter())
    counts += visit(tenant.pk, mailbox.pk, clock=time)
    assert counts == {"sent": 60}
    assert Counter(m.recipient for m in sink.messages) == {m.address_norm: 1 for m in messages}
    assert sink.most_open <= 2


def test_r_035_unsubscribing_while_everything_leaves(
    tenant: Tenant, sink: Sink, time: Time, workers: Callable[..., Future[Any]]
) -> None:
    with use(tenant):
        mailbox, messages = make_stay_messages(sink, 60)
    time.pass_by(minutes=1)
    dice = random.Random(1)
    stopped: dict[int, int] = {}

    def unsubscribe() -> None:
        for message in dice.sample(messages, 20):
            intake.take_in(
                "unsubscribed", contact=message.contact_id, at=time.at, source="one_click", tenant=tenant.pk
            )
            with connection.cursor() as cursor:
                cursor.execute("SELECT nextval('messaging_gate_seq')")
                stopped[message.pk] = cursor.fetchone()[0]

    jobs = [workers(visit, tenant.pk, mailbox.pk, clock=time) for _ in range(2)] + [workers(unsubscribe)]
    for job in jobs:
        job.result(120)
    with use(tenant):
        found = {m.pk: m for m in Message.objects.all()}
    late = [pk for pk, seq in stopped.items() if (found[pk].gate_seq or 0) > seq]
    assert late == [], "a gate was passed after the stop was acknowledged"
    sent = {m.address_norm for m in found.values() if m.state == "sent"}
    assert {m.recipient for m in sink.messages} == sent
    assert {m.state for m in found.values()} <= {"sent", "cancelled"}


@pytest.mark.parametrize(("at", "expected"), [("data", "pending"), ("dot", "sent")])
def test_r_009_a_database_that_breaks_off_loses_nothing_and_doubles_nothing(
    tenant: Tenant, sink: Sink, time: Time, workers: Callable[..., Future[Any]], at: Any, expected: str
) -> None:
    """Before the gate: no dot is written, the message goes later. After the dot: its result is written late."""
    with use(tenant):
        mailbox, (message,) = make_stay_messages(sink, 1)
    time.pass_by(minutes=1)
    sink.add(Rule(at=at, delay=1.5, times=1))
    pids: list[int] = []
    knows = threading.Event()

    def work() -> Any:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            pids.append(cursor.fetchone()[0])
        knows.set()
        return visit(tenant.pk, mailbox.pk, clock=time)

    working = workers(work)
    assert knows.wait(30)
    eventually(lambda: stalled_at_data(sink))
    if at == "dot":
        eventually(lambda: state(tenant, message)[0] == "sending")
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s)", [pids[0]])
    working.result(120)
    assert state(tenant, message)[0] == expected
    visit(tenant.pk, mailbox.pk, clock=time)
    assert state(tenant, message)[0] == "sent"
    assert len(sink.messages) == 1


def test_r_032_eight_workers_do_not_send_one_more_than_the_mailboxs_cap(
    tenant: Tenant, sink: Sink, time: Time, workers: Callable[..., Future[Any]], settings: Any
) -> None:
    settings.MAILBOX_CONNECTIONS = 8
    with use(tenant):
        mailbox, _ = make_stay_messages(sink, 400)
        Mailbox.objects.filter(pk=mailbox.pk).update(daily_cap=50)
    time.pass_by(minutes=1)
    working = [workers(visit, tenant.pk, mailbox.pk, clock=time) for _ in range(8)]
    counts = sum((w.result(120) for w in working), Counter())
    assert counts["sent"] == len(sink.messages) == 50
    with use(tenant):
        states = Counter(Message.objects.values_list("state", flat=True))
    assert states == {"sent": 50, "pending": 350}
    time.pass_by(hours=23)
    assert visit(tenant.pk, mailbox.pk, clock=time) == {}, "the provider's day has not passed"
    time.pass_by(hours=2)
    assert visit(tenant.pk, mailbox.pk, clock=time)["sent"] == 50
