"""The limit of a sender's day (F-08, semantics 2.29; R-031): theirs, else their role's; by the day of the run."""

from __future__ import annotations

from datetime import date

import pytest

from messaging import outbox
from messaging.models import Message, SenderUsage
from tenants.models import Member, Tenant
from tenants.role_commands import change_role
from tests.apps.sequences.lives import at, stage
from tests.factories import NOW

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
