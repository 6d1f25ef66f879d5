"""All sending is stopped at once, waits, and goes on without loss; while trying, mails go only to a list."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future
from datetime import time as clock_time
from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection

from messaging import halts
from messaging.commands.sending import may_resume, resume_sending, stop_sending
from messaging.delivery import visit
from messaging.models import Mailbox, Message, SendingStop
from messaging.reaper import reap
from sequences.commands import status
from sequences.models import Enrollment, Sequence
from tenants.models import AuditLine, Member, Team, Tenant
from tenants.wall import use
from tests.apps.messaging.factories import Time, make_mailbox, make_message
from tests.apps.messaging.test_races import make_stay_messages, stalled_at_data, workers
from tests.factories import NOW, make_member, make_tenant
from tests.processes import eventually
from tests.sink import Rule, Sink

__all__ = ["workers"]

pytestmark = pytest.mark.django_db(transaction=True)

SHORT = timedelta(hours=2)


@pytest.fixture
def tenant(transactional_db: None) -> Tenant:
    """A tenant whose rows other connections see; the test stands outside of its wall."""
    return make_tenant()


def stop(tenant: Tenant, at: Time, member: Member | None = None) -> None:
    with use(tenant):
        by = Member.objects.filter(role__key="admin").first() or make_member("admin")
        assert stop_sending(member=member, reason="Wrong template", by=by, now=at.at)


def resume(tenant: Tenant, at: Time, member: Member | None = None) -> None:
    with use(tenant):
        by = Member.objects.get(role__key="admin")
        assert resume_sending(member=member, by=by, now=at.at)


def messages_of(tenant: Tenant) -> list[Message]:
    with use(tenant):
        return list(Message.objects.order_by("due_at", "pk"))


@pytest.mark.parametrize("whose", ["workspace", "member"])
def test_a_stop_between_the_354_and_the_gate_lets_nothing_leave(
    tenant: Tenant, sink: Sink, time: Time, workers: Callable[..., Future[Any]], whose: str
) -> None:
    with use(tenant):
        mailbox, _ = make_stay_messages(sink, 3)
        Message.objects.update(not_after=NOW + SHORT)
    member = mailbox.member if whose == "member" else None
    time.pass_by(minutes=1)
    sink.add(Rule(at="data", delay=1.0))
    working = workers(visit, tenant.pk, mailbox.pk, clock=time)
    eventually(lambda: stalled_at_data(sink))
    stop(tenant, time, member)
    assert working.result(60) == {"pending": 1}, "the first gate that sees the stop ends the visit"
    assert sink.messages == []
    assert visit(tenant.pk, mailbox.pk, clock=time) == {}
    assert sum(command == "DATA" for _, command in sink.commands) == 1, "nobody tries as long as it stands"
    time.pass_by(days=3)
    assert reap(tenant.pk, now=time.at) == {}
    resume(tenant, time, member)
    assert {m.not_after for m in messages_of(tenant)} == {NOW + SHORT + timedelta(days=3)}
    assert visit(tenant.pk, mailbox.pk, clock=time) == {"sent": 3}
    assert len(sink.messages) == 3


def pause_sequence(tenant: Tenant, at: Time) -> None:
    with use(tenant):
        row = Sequence.objects.get()
        status.pause(sequence=row, by=Member.objects.get(role__key="admin"), now=at.at)


def resume_sequence(tenant: Tenant, at: Time) -> None:
    with use(tenant):
        row = Sequence.objects.get()
        status.resume(sequence=row, by=Member.objects.get(role__key="admin"), now=at.at)


@pytest.mark.parametrize(
    ("stop_it", "resume_it"), [(stop, resume), (pause_sequence, resume_sequence)], ids=["all", "sequence"]
)
def test_r_044_stopped_and_resumed_ten_times_nothing_leaves_meanwhile_and_all_leave_once(
    tenant: Tenant,
    sink: Sink,
    time: Time,
    workers: Callable[..., Future[Any]],
    stop_it: Callable[..., None],
    resume_it: Callable[..., None],
) -> None:
    with use(tenant):
        mailbox, messages = make_stay_messages(sink, 60)
        make_member("admin")
        Sequence.objects.update(run_time=clock_time(9))
    time.pass_by(minutes=1)
    spans: list[tuple[int, int]] = []

    def gate_number() -> int:
        with connection.cursor() as cursor:
            cursor.execute("SELECT nextval('messaging_gate_seq')")
            return int(cursor.fetchone()[0])

    def switch() -> None:
        sink.wait_for(len(messages) * 2 // 5, timeout=120)
        for _ in range(10):
            stop_it(tenant, time)
            began = gate_number()
            spans.append((began, gate_number()))
            resume_it(tenant, time)

    def deliver() -> Counter[str]:
        counts: Counter[str] = Counter()
        for _ in range(40):
            counts += visit(tenant.pk, mailbox.pk, clock=time)
        return counts

    for job in [workers(deliver), workers(deliver), workers(switch)]:
        job.result(120)
    visit(tenant.pk, mailbox.pk, clock=time)
    found = messages_of(tenant)
    assert {m.state for m in found} == {"sent"}
    assert Counter(m.recipient for m in sink.messages) == {m.address_norm: 1 for m in messages}
    within = [m.pk for m in found for began, ended in spans if began < (m.gate_seq or 0) < ended]
    assert within == [], "a gate was passed while all was stopped"


def test_a_members_stop_is_nobody_elses(tenant: Tenant, sink: Sink, time: Time) -> None:
    with use(tenant):
        mine, theirs = make_mailbox(sink.port), make_mailbox(sink.port)
        make_message(mine)
        other = make_message(theirs)
    stop(tenant, time, mine.member)
    assert visit(tenant.pk, mine.pk, clock=time) == {}
    assert visit(tenant.pk, theirs.pk, clock=time) == {"sent": 1}
    assert [m.recipient for m in sink.messages] == [other.address_norm]


def test_what_waits_for_another_reason_waits_on_and_stays_fresh(
    tenant: Tenant, sink: Sink, time: Time
) -> None:
    with use(tenant):
        mailbox, messages = make_stay_messages(sink, 4)
        broken, stopped = make_mailbox(sink.port, state=Mailbox.BROKEN), make_mailbox(sink.port)
        held = [make_message(broken, not_after=NOW + SHORT), make_message(stopped, not_after=NOW + SHORT)]
        Message.objects.update(not_after=NOW + SHORT)
        Enrollment.objects.filter(pk=messages[0].enrollment_id).update(state=Enrollment.PAUSED)
    stop(tenant, time)
    stop(tenant, time, stopped.member)
    time.pass_by(days=1)
    resume(tenant, time)
    assert visit(tenant.pk, mailbox.pk, clock=time) == {"sent": 3}
    with use(tenant):
        waiting = {m.pk: m for m in Message.objects.filter(state="pending")}
    assert waiting.keys() == {messages[0].pk, *(m.pk for m in held)}
    assert waiting[messages[0].pk].not_after == NOW + SHORT + timedelta(days=1)
    assert {waiting[m.pk].held_since for m in held} == {NOW}, "their time goes on standing still"
    time.pass_by(days=1)
    resume(tenant, time, stopped.member)
    assert visit(tenant.pk, stopped.pk, clock=time) == {"sent": 1}


def test_what_is_made_during_a_stop_is_stale_later_by_the_rest_of_it(
    tenant: Tenant, sink: Sink, time: Time
) -> None:
    with use(tenant):
        mailbox = make_mailbox(sink.port)
    stop(tenant, time)
    time.pass_by(hours=1)
    with use(tenant):
        late = make_message(
            mailbox, at=time.at, not_after=time.at + SHORT, due_at=time.at + timedelta(hours=9)
        )
    time.pass_by(hours=1)
    resume(tenant, time)
    with use(tenant):
        late.refresh_from_db()
    assert (late.held_since, late.not_after) == (None, NOW + timedelta(hours=1) + SHORT + timedelta(hours=1))


def test_a_paused_sequence_is_not_let_go_by_it(tenant: Tenant, sink: Sink, time: Time) -> None:
    with use(tenant):
        mailbox, _ = make_stay_messages(sink, 2)
        status.pause(sequence=Sequence.objects.get(), by=make_member("admin"), now=time.at)
    stop(tenant, time)
    resume(tenant, time)
    assert visit(tenant.pk, mailbox.pk, clock=time) == {}
    assert {m.held_since for m in messages_of(tenant)} == {time.at}


def test_who_when_and_why_are_kept_and_twice_is_once(tenant: Tenant, time: Time) -> None:
    stop(tenant, time)
    with use(tenant):
        admin = Member.objects.get(role__key="admin")
        assert not stop_sending(reason="Again", by=admin, now=time.at)
        stood = halts.standing(None)
        assert stood
        assert (stood.by, stood.reason, stood.at) == (admin, "Wrong template", time.at)
        time.pass_by(hours=1)
        assert resume_sending(by=admin, now=time.at)
        assert not resume_sending(by=admin, now=time.at)
        (kept,) = SendingStop.objects.all()
        assert (kept.ended_at, kept.ended_by) == (time.at, admin)
        verbs = (
            AuditLine.objects.filter(verb__startswith="sending").order_by("pk").values_list("verb", flat=True)
        )
        assert sorted(verbs) == ["sending.resume", "sending.stop"]


def test_who_may_stop_and_resume_what(tenant: Tenant, time: Time) -> None:
    with use(tenant):
        north = Team.objects.create(name="North")
        admin, manager = make_member("admin"), make_member("sales_manager", team=north)
        rep, other = make_member(team=north), make_member()
        for by, member in ((rep, None), (rep, other), (manager, None), (manager, other)):
            with pytest.raises(PermissionDenied):
                stop_sending(member=member, reason="?", by=by, now=NOW)
        assert stop_sending(member=rep, reason="Mine", by=rep, now=NOW)
        assert resume_sending(member=rep, by=manager, now=NOW)
        assert stop_sending(member=rep, reason="Wait", by=manager, now=NOW)
        with pytest.raises(PermissionDenied, match="Somebody else"):
            resume_sending(member=rep, by=rep, now=NOW)
        stood = halts.standing(rep)
        assert stood
        assert [may_resume(by, stood) for by in (admin, manager, rep, other)] == [True, True, False, False]


def test_what_nobody_sends_waits_with_its_mailbox(tenant: Tenant, sink: Sink, time: Time) -> None:
    with use(tenant):
        mailbox = make_mailbox(sink.port)
        make_message(mailbox, sender=None)
    stop(tenant, time, mailbox.member)
    assert visit(tenant.pk, mailbox.pk, clock=time) == {}
    with use(tenant):
        assert Message.objects.get().held_since == time.at
    resume(tenant, time, mailbox.member)
    assert visit(tenant.pk, mailbox.pk, clock=time) == {"sent": 1}
