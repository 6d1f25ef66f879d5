"""The limit of a sender's day (F-08, semantics 2.29; R-031): theirs, else their role's; by the day of the run."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest

from messaging import outbox
from messaging.delivery import visit
from messaging.models import Mailbox, Message, SenderUsage
from sequences.models import Enrollment
from tenants.models import Member, Tenant
from tenants.role_commands import change_role
from tests.apps.messaging.factories import Time
from tests.apps.sequences.lives import at, stage
from tests.factories import NOW, ContactFactory
from tests.sink import Sink

pytestmark = pytest.mark.django_db

BODY = """
users: [{email: mia@us.example, timezone: Europe/Berlin}]
contacts:
  - {id: ann, email: ann@x.example, group: late}
  - {id: bob, email: bob@x.example, group: late}
  - {id: cat, email: cat@x.example, group: late}
  - {id: dan, email: dan@x.example, group: early}
  - {id: eve, email: eve@x.example, group: early}
sequences:
  - name: Before midnight
    kind: classic
    schedule: {time: "23:50"}
    audience: {conditions: [{field: group, op: is, value: late}]}
    steps: [{key: a, day: 1, kind: email, template: t}]
  - name: After midnight
    kind: classic
    schedule: {time: "00:05"}
    audience: {conditions: [{field: group, op: is, value: early}]}
    steps: [{key: b, day: 1, kind: email, template: t}]
"""


@pytest.fixture
def sink() -> Iterator[Sink]:
    with Sink() as sink:
        yield sink


def give(by: Member, **limits: int | None) -> None:
    """Limits for the role of the sequences' owner."""
    change_role(role=by.role, by=Member.objects.get(role__key="admin"), now=NOW, **limits)


def made() -> dict[date, int]:
    return dict(SenderUsage.objects.values_list("day", "made"))


def test_r_031_what_leaves_after_midnight_counts_for_the_day_of_its_run(tenant: Tenant) -> None:
    on = stage(tenant, BODY)
    Member.objects.update(emails_per_day=None)
    give(on.sequence.owner, emails_per_day=2)
    on.work("05-04 23:55", is_accepted=False)
    assert Message.objects.filter(state="pending").count() == 2
    assert on.stay("cat").held_reason == "limit"
    on.work("05-05 00:06", is_accepted=False)
    assert Message.objects.filter(state="pending").count() == 4, "another day, though nothing has left"
    outbox.accept_all(at("05-05 00:10"))
    assert made() == {date(2026, 5, 4): 2, date(2026, 5, 5): 2}
    on.work("05-05 23:55")
    assert on.stay("cat").held_reason == "limit", "the newcomers after midnight have used up the day"
    on.work("05-06 23:55")
    assert on.stay("cat").held_reason == ""


HUNDRED = """
users: [{email: mia@us.example, timezone: Europe/Berlin}]
contacts: [{id: ann, email: ann@x.example, city: Bonn}]
sequences:
  - name: S
    kind: classic
    schedule: {time: "23:50"}
    audience: {conditions: [{field: city, op: is, value: Bonn}]}
    steps: [{key: a, day: 1, kind: email, template: t}]
"""


def test_r_031_a_hundred_made_before_midnight_leave_before_and_after_it(tenant: Tenant, sink: Sink) -> None:
    """The limit is 100: the 100 of the run leave, 40 of them in another day, and take nothing from that day's."""
    on = stage(tenant, HUNDRED)
    ContactFactory.create_batch(249, city="Bonn")
    Member.objects.filter(pk=on.sequence.owner.pk).update(emails_per_day=100)
    Mailbox.objects.update(smtp_host="127.0.0.1", smtp_port=sink.port, smtp_security="none")
    on.work("05-04 23:51", is_accepted=False)
    assert Message.objects.count() == 100
    box, wait = Mailbox.objects.get(member=on.sequence.owner), Message.objects.filter(state="pending")
    late = wait.order_by("-pk").values("pk")[:40]
    Message.objects.filter(pk__in=list(late.values_list("pk", flat=True))).update(due_at=at("05-05 00:05"))
    time = Time(at("05-04 23:52"))
    while visit(tenant.pk, box.pk, clock=time):
        pass
    assert (len(sink.messages), wait.count()) == (60, 40)
    time.at = at("05-05 00:10")
    while visit(tenant.pk, box.pk, clock=time):
        pass
    assert len(sink.messages) == 100 and made() == {date(2026, 5, 4): 100}
    on.work("05-05 23:51", is_accepted=False)
    assert made() == {date(2026, 5, 4): 100, date(2026, 5, 5): 100}, "a whole day's, though 40 left in it"
    assert Enrollment.objects.exclude(held_reason="").count() == 50, "the rest is held"


def test_f_08_the_engine_takes_the_limit_from_the_member_else_from_the_role(tenant: Tenant) -> None:
    on = stage(tenant, BODY)
    owner = on.sequence.owner
    give(owner, emails_per_day=1)
    Member.objects.filter(pk=owner.pk).update(emails_per_day=3)
    on.work("05-04 23:55")
    assert Message.objects.count() == 3, "their own"
    Member.objects.filter(pk=owner.pk).update(emails_per_day=None)
    on.work("05-05 00:06")
    assert Message.objects.count() == 4, "their role's, at the next run"
    give(owner, emails_per_day=0)
    on.work("05-06 00:06")
    assert Message.objects.count() == 4
    give(owner, emails_per_day=None)
    on.work("05-07 00:06")
    assert Message.objects.count() == 5
