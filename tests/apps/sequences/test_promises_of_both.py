"""Promises of reliability.md that engine and delivery keep together: R-023, R-025, R-038, R-062."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from itertools import permutations
from uuid import uuid4

import pytest

from audience.models import Suppression
from messaging.claim import Lease, claim
from messaging.delivery import visit
from messaging.lifecycle import NOT_LEFT
from messaging.models import Mailbox, Message
from messaging.reaper import reap
from sequences import ticking
from sequences.commands import status
from sequences.models import Enrollment, StepRun
from tenants.models import Tenant
from tests.apps.messaging.factories import Time
from tests.apps.sequences.lives import Stage, at, stage
from tests.sink import Sink

pytestmark = pytest.mark.django_db

COURSE = """
contacts:
  - {id: ann, email: ann@x.example, city: Bonn}
  - {id: bob, email: bob@x.example, city: Bonn}
  - {id: cat, email: cat@x.example, city: Bonn}
  - {id: dan, email: dan@x.example, city: Bonn}
  - {id: eve, email: eve@x.example, city: Bonn}
sequences:
  - name: S
    kind: classic
    schedule: {time: "09:00"}
    audience: {conditions: [{field: city, op: is, value: Bonn}]}
    steps: [{key: a, day: 1, kind: email, template: t}, {key: b, day: 2, kind: email, template: t}]
"""

ORDERS = [
    pytest.param(order, id="-".join(order), marks=[] if n % 11 == 0 else [pytest.mark.slow])
    for n, order in enumerate(permutations(("pause", "limits", "restart", "resume")))
]
"""Three of them in each run of the suite."""


@pytest.mark.parametrize("order", ORDERS)
def test_r_023_nobody_is_done_before_their_mails_are_whatever_comes_between(
    tenant: Tenant, sink: Sink, order: tuple[str, ...]
) -> None:
    on = stage(tenant, COURSE)
    lead_to(sink, daily_cap=2)
    on.work("05-04 09:01", is_accepted=False)
    deliver(tenant, Time(at("05-04 09:02")))
    for hour, verb in enumerate(order, start=10):
        befalls(tenant, on, verb, now=at(f"05-04 {hour}:00"))
        deliver(tenant, Time(at(f"05-04 {hour}:30")))
        holds(on, sink)
    status.resume(sequence=on.sequence, by=on.life.by, now=at("05-04 15:00"))
    for day in range(5, 12):
        on.work(f"05-{day:02} 09:01", is_accepted=False)
        holds(on, sink)
        deliver(tenant, Time(at(f"05-{day:02} 09:02")))
    assert set(Message.objects.values_list("state", flat=True)) <= {"sent", "expired"}
    assert Enrollment.objects.filter(exit_reason="completed").count() == 5


def befalls(tenant: Tenant, on: Stage, verb: str, *, now: datetime) -> None:
    """One of the four things; a restart is a worker that has claimed two and is never heard of again."""
    if verb == "pause":
        status.pause(sequence=on.sequence, by=on.life.by, now=now)
    elif verb == "resume":
        status.resume(sequence=on.sequence, by=on.life.by, now=now)
    elif verb == "limits":
        Mailbox.objects.update(daily_cap=4)
    else:
        lease = Lease(tenant.pk, Mailbox.objects.get(state="working").pk, uuid4(), timedelta(minutes=1))
        claim(lease, now=now, limit=2)


def lead_to(sink: Sink, **fields: int) -> None:
    """Every mailbox sends there; one is enough."""
    Mailbox.objects.exclude(pk=Mailbox.objects.order_by("pk")[0].pk).delete()
    Mailbox.objects.update(smtp_host="127.0.0.1", smtp_port=sink.port, smtp_security="none", **fields)


def deliver(tenant: Tenant, time: Time) -> None:
    reap(tenant.pk, now=time.at)
    for box in Mailbox.objects.all():
        while visit(tenant.pk, box.pk, clock=time):
            pass


def holds(on: Stage, sink: Sink) -> None:
    """Nothing came twice, nobody is done with a mail that still waits, and the counters say what the rows say."""
    sent = Message.objects.filter(state="sent")
    assert len(sink.messages) == sent.count() == len({(m.address_norm, m.step_run_id) for m in sent})
    done = Enrollment.objects.filter(state="exited")
    assert not Message.objects.filter(enrollment_id__in=done.values("pk"), state__in=NOT_LEFT).exists()
    counted = on.sequence.counters
    if on.sequence.counted_at == on.runs[-1].started_at:
        of_steps = Counter(StepRun.objects.filter(state="executed").values_list("key", flat=True))
        assert {key: step["executed"] for key, step in counted["steps"].items()} == dict(of_steps)
        assert counted["entered"] == counted["active"] + counted["paused"] + sum(counted["exited"].values())
        assert counted["exited"].get("completed", 0) == done.count()


@pytest.mark.parametrize(
    ("now", "schedule", "window", "leaves"),
    [
        ("2027-03-14 00:00", '"02:30", timezone: America/New_York', "01:00-04:00", "2027-03-14 07:00"),
        ("2026-11-01 00:00", '"01:30", timezone: America/New_York', "01:00-04:00", "2026-11-01 05:30"),
        ("2027-03-14 00:00", '"05:30", timezone: UTC', "02:30-04:00", "2027-03-14 07:00"),
        ("2026-11-01 00:00", '"04:30", timezone: UTC', "01:30-04:00", "2026-11-01 05:30"),
    ],
    ids=["a run in the gap", "a run in the fold", "a window that opens in the gap", "and in the fold"],
)
def test_r_025_at_a_change_of_the_clock_a_mail_leaves_once_and_in_its_window(
    tenant: Tenant, sink: Sink, now: str, schedule: str, window: str, leaves: str
) -> None:
    body = COURSE.replace("city: Bonn}", "city: Bonn, timezone: America/New_York}").replace(
        "day: 2", "day: 9"
    )
    body = body.replace('time: "09:00"', f"time: {schedule}")
    on = stage(tenant, f'{body}    recipient_window: "{window}"\n', now=now)
    lead_to(sink)
    due, time = datetime.fromisoformat(f"{leaves}+00:00"), Time(datetime.fromisoformat(f"{now}+00:00"))
    while time.at < due + timedelta(hours=3):
        while ticking.work_first(tenant.pk, now=time.at, is_on_time=True):
            pass
        deliver(tenant, time)
        assert len(sink.messages) == (5 if time.at >= due else 0), time.at
        time.pass_by(minutes=15)
    assert set(Message.objects.values_list("state", "sent_at")) == {("sent", due)}
    assert len(on.runs) == 1


COLLEAGUES = """
accounts: [{id: acme, name: Acme}]
contacts:
  - {id: ann, email: ann@acme.example, account: acme, city: Bonn}
  - {id: bob, email: bob@acme.example, account: acme, city: Bonn}
sequences:
  - name: S
    kind: classic
    record: account
    exit: {colleague_replied: true}
    schedule: {time: "09:00"}
    audience: {conditions: [{field: name, op: is, value: Acme}]}
    steps: [{key: a, day: 1, kind: email, template: t}, {key: b, day: 2, kind: email, template: t}]
"""


def test_r_038_of_two_of_a_company_only_the_one_who_unsubscribes_stops(tenant: Tenant, sink: Sink) -> None:
    on = stage(tenant, COLLEAGUES)
    lead_to(sink)
    for day in ("04", "05"):
        on.work(f"05-{day} 09:01", is_accepted=False)
        deliver(tenant, Time(at(f"05-{day} 09:02")))
        if day == "04":
            on.happens("05-04 12:00", do="unsubscribe", contact="ann", step="a")
    assert (on.stay("ann").exit_reason, on.stay("bob").state) == ("unsubscribed", "active")
    assert Counter(m.recipient for m in sink.messages) == {"ann@acme.example": 1, "bob@acme.example": 2}
    assert list(Suppression.objects.values_list("address_norm", flat=True)) == ["ann@acme.example"]


EMPTY = """
contacts:
  - {id: ann, email: ann@x.example, city: Bonn, first_name: Ann, nickname: Annie}
  - {id: bob, email: bob@x.example, city: Bonn, first_name: ""}
  - {id: cat, email: cat@x.example, city: Bonn, first_name: "  "}
  - {id: dan, email: dan@x.example, city: Bonn}
sequences:
  - name: Needs it
    kind: classic
    schedule: {time: "09:00"}
    audience: {conditions: [{field: city, op: is, value: Bonn}]}
    steps: [{key: a, day: 1, kind: email, template: needs}]
  - name: Has another word
    kind: classic
    schedule: {time: "09:30"}
    audience: {conditions: [{field: city, op: is, value: Bonn}]}
    steps: [{key: a, day: 1, kind: email, template: falls_back}]
"""
TEMPLATES = """  needs: {subject: "Hi {{ contact.first_name }}", body: "<p>{{ contact.first_name }}</p>"}
  falls_back:
    subject: "Hi {{ contact.first_name | default: 'there' }}"
    body: "<p>{% if contact.nickname %}{{ contact.nickname }}{% endif %}!</p>"
"""


def test_r_062_no_braces_leave_and_who_lacks_what_a_mail_needs_is_held(tenant: Tenant, sink: Sink) -> None:
    on = stage(tenant, TEMPLATES + EMPTY)
    lead_to(sink)
    on.work("05-04 09:31", is_accepted=False)
    deliver(tenant, Time(at("05-04 09:32")))
    held = Enrollment.objects.exclude(held_reason="").values_list("contact", "sequence__name", "held_reason")
    lacking = [on.contact(name) for name in ("bob", "cat", "dan")]
    assert set(held) == {(contact, "Needs it", "placeholder") for contact in lacking}
    mails = [message.email for message in sink.messages]
    assert Counter(mail["Subject"] for mail in mails) == {"Hi Ann": 2, "Hi there": 3}
    for mail in mails:
        texts = [part.get_content() for part in mail.walk() if part.get_content_maintype() == "text"]
        assert len(texts) == 2 and not [text for text in texts if "{" in text or "None" in text]
