"""Nobody knows whether a message arrived: for what is planned it was sent, in rates it was not (reliability §2)."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from activities.models import Fact
from audience.models import Contact
from messaging.commands.messages import resend
from messaging.delivery import visit
from messaging.intake import take_in
from messaging.models import Mailbox, MailboxUsage, Message
from messaging.reaper import reap
from sequences.models import Enrollment
from sequences.reading.figures import figures_of, step_figures
from sequences.reading.live import attention_of
from tenants.models import Tenant
from tests.apps.sequences.lives import Stage, at, stage
from tests.sink import Rule, Sink

pytestmark = pytest.mark.django_db

BODY = """
contacts: [{id: ann, email: ann@x.example}]
sequences:
  - name: S
    kind: classic
    schedule: {time: "09:00"}
    audience: {conditions: [{field: email, op: not_empty}]}
    steps:
      - {key: a, day: 1, kind: email, template: t}
      - key: b
        day: 2
        kind: email
        template: t
        thread: reply
        conditions: [{field: step.a.sent, op: is, value: true}]
      - {key: c, day: 3, kind: email, template: t, conditions: [{field: last_sent_at, op: empty}]}
"""


def deliver(on: Stage, sink: Sink, moment: str, *, lost: int = 0) -> dict[str, int]:
    """Send what is due for real; the server goes away after the dot of the first ``lost``."""
    Mailbox.objects.update(smtp_host="127.0.0.1", smtp_port=sink.port, smtp_security="none")
    if lost:
        sink.add(Rule(at="dot", do="drop", times=lost))
    mailbox = Mailbox.objects.order_by("pk")[0]
    return visit(on.life.tenant.pk, mailbox.pk, clock=lambda: at(moment))


@pytest.fixture
def on(tenant: Tenant, sink: Sink) -> Stage:
    """The first mail of a stay is in doubt."""
    on = stage(tenant, BODY)
    on.work("05-04 09:00", is_accepted=False)
    assert deliver(on, sink, "05-04 09:01", lost=1) == {"unknown": 1}
    return on


def contact() -> Contact:
    return Contact.objects.get()


def mark(on: Stage, key: str = "a") -> datetime | None:
    return on.step_run("ann", key).sent_at


def test_conditions_and_activity_fields_take_it_as_sent_at_its_gate(on: Stage, sink: Sink) -> None:
    (message,) = on.messages("ann")
    assert message.gate_at == at("05-04 09:01")
    assert (mark(on), message.sent_at, contact().last_sent_at) == (message.gate_at,) * 3
    on.work("05-05 09:00")
    on.work("05-06 09:00")
    assert (on.step_run("ann", "b").state, on.step_run("ann", "c").state) == ("executed", "skipped")


def test_the_timeline_says_nothing_before_something_comes_back(on: Stage) -> None:
    assert not Fact.objects.filter(kind="sent").exists()
    take_in("opened", message=on.messages("ann")[0], at=at("05-04 11:00"), source="pixel")
    assert Fact.objects.get(kind="sent").at == at("05-04 09:01")
    assert (mark(on), contact().last_sent_at) == (at("05-04 09:01"), at("05-04 09:01"))


def test_one_that_the_reaper_gives_up_is_taken_as_sent_too(tenant: Tenant) -> None:
    on = stage(tenant, BODY)
    on.work("05-04 09:00", is_accepted=False)
    gate_at = at("05-04 09:01")
    Message.objects.update(state="sending", gate_at=gate_at, lease_until=gate_at + timedelta(seconds=180))
    assert reap(tenant.pk, now=at("05-04 09:10"))["unknown"] == 1
    assert (mark(on), on.messages("ann")[0].sent_at, contact().last_sent_at) == (gate_at, gate_at, gate_at)


def test_an_answer_in_its_thread_refers_to_it(on: Stage, sink: Sink) -> None:
    on.work("05-05 09:00", is_accepted=False)
    assert deliver(on, sink, "05-05 09:01") == {"sent": 1}
    mail = sink.messages[-1].email
    assert (mail["Subject"], mail["In-Reply-To"]) == ("Re: Hello", on.messages("ann")[0].message_id)


def test_2_19_it_does_not_keep_a_stay_from_being_completed(on: Stage) -> None:
    for day in ("05", "06", "07"):
        on.work(f"05-{day} 09:00")
    stay = Enrollment.objects.get()
    assert (stay.state, stay.exit_reason) == ("exited", "completed")


def test_2_19_one_that_is_sent_again_does_until_it_has_left(on: Stage, sink: Sink) -> None:
    on.work("05-05 09:00")
    on.work("05-06 09:00")
    resend(message=on.messages("ann")[0], by=on.life.by, now=at("05-07 08:59"))
    on.work("05-07 09:00", is_accepted=False)
    assert on.stay("ann").state == "active"
    assert deliver(on, sink, "05-07 09:01") == {"sent": 1}
    on.work("05-08 09:00")
    assert on.stay("ann").exit_reason == "completed"


def test_it_keeps_its_place_under_the_mailboxs_cap(tenant: Tenant, sink: Sink) -> None:
    on = stage(tenant, BODY)
    Mailbox.objects.update(daily_cap=1)
    on.work("05-04 09:00", is_accepted=False)
    deliver(on, sink, "05-04 09:01", lost=1)
    assert [row.used for row in MailboxUsage.objects.all()] == [1]
    resend(message=on.messages("ann")[0], by=on.life.by, now=at("05-04 09:02"))
    assert deliver(on, sink, "05-04 09:03") == {"pending": 1}


def test_rates_do_not_count_it_before_something_comes_back(on: Stage) -> None:
    def sent() -> tuple[int, int, int]:
        figures = figures_of([on.sequence])[on.sequence.pk]
        return figures.sent, figures.contacted, step_figures(on.sequence)["a"].sent

    assert sent() == (0, 0, 0)
    on.work("05-05 09:00")
    assert sent() == (1, 1, 0)
    assert on.sequence.counters["steps"]["a"]["sent"] == 0
    take_in("opened", message=on.messages("ann")[0], at=at("05-05 10:00"), source="pixel")
    assert sent() == (2, 1, 1)
    on.work("05-06 09:00")
    assert on.sequence.counters["steps"]["a"]["sent"] == 1


def test_rates_count_it_once_when_the_second_one_arrived(on: Stage, sink: Sink) -> None:
    resend(message=on.messages("ann")[0], by=on.life.by, now=at("05-04 10:00"))
    deliver(on, sink, "05-04 10:01")
    assert step_figures(on.sequence)["a"].sent == 1
    assert mark(on) == at("05-04 09:01"), "since the first one, which may have arrived"


def test_it_needs_attention_until_somebody_sends_it_again(on: Stage) -> None:
    assert [(a.kind, a.count) for a in attention_of(on.sequence, now=at("05-04 10:00"))] == [("unknown", 1)]
    resend(message=on.messages("ann")[0], by=on.life.by, now=at("05-04 10:00"))
    assert attention_of(on.sequence, now=at("05-04 10:00")) == []


def test_what_comes_back_without_naming_it_concerns_it_and_proves_nothing(on: Stage) -> None:
    take_in("replied", contact=contact(), at=at("05-04 12:00"), source="imap")
    (message,) = on.messages("ann")
    assert message.state == "unknown"
    assert on.step_run("ann", "a").replied_at == at("05-04 12:00")


def test_a_second_one_that_is_taken_back_does_not_make_the_step_unsent(on: Stage) -> None:
    resend(message=on.messages("ann")[0], by=on.life.by, now=at("05-04 10:00"))
    on.happens("05-04 10:05", do="remove", sequence="S", contact="ann")
    assert [m.state for m in on.messages("ann")] == ["unknown", "cancelled"]
    step_run = on.step_run("ann", "a")
    assert (step_run.state, step_run.sent_at) == ("executed", at("05-04 09:01"))
