"""Reminders: made by steps, closed by people (semantics 2.34, 6.5)."""

from __future__ import annotations

import pytest
from django.core.exceptions import PermissionDenied

from activities import reminders
from activities.models import Fact, Reminder
from audience.models import Contact
from tenants.models import Member, Tenant
from tests.apps.sequences.lives import Stage, at, stage
from tests.factories import make_member

pytestmark = pytest.mark.django_db

BODY = """
users:
  - {email: boss@us.example, name: Boss, role: manager}
  - {email: rep@us.example, name: Rep}
contacts:
  - {id: ann, email: ann@x.example, owner: rep@us.example}
  - {id: ben, email: ben@x.example}
sequences:
  - name: S
    kind: classic
    schedule: {time: "09:00"}
    audience: {conditions: [{field: email, op: not_empty}]}
    steps:
      - {key: ring, day: 1, kind: call, title: "Call {{ first_name }}", script: Say hello, outcomes: [Connected, Busy],
         due: {days: 2, hours: 3}, priority: high, description: Politely}
      - {key: do, day: 1, kind: task, title: Do, type: Lunch, assignee: owner}
      - {key: link, day: 1, kind: linkedin, action: connect, assignee: boss@us.example}
      - {key: mail, day: 1, kind: email_reminder, template: t}
"""


@pytest.fixture
def on(tenant: Tenant) -> Stage:
    on = stage(tenant, BODY)
    on.work("05-04 09:00")
    return on


def reminder(on: Stage, name: str, kind: str) -> Reminder:
    return next(found for found in on.reminders(name) if found.kind == kind)


def test_a_manual_step_makes_a_reminder_with_all_that_the_step_says(on: Stage) -> None:
    ring = reminder(on, "ann", "call")
    assert (ring.title, ring.description, ring.priority) == ("Call {{ first_name }}", "Politely", "high")
    assert ring.settings == {"script": "Say hello", "outcomes": ["Connected", "Busy"]}
    assert (ring.made_at, ring.due_at) == (at("05-04 09:00"), at("05-06 12:00"))
    assert ring.enrollment_id == on.stay("ann").pk


def test_the_assignee_is_the_contacts_owner_else_the_sequences_unless_the_step_names_one(on: Stage) -> None:
    def whose(name: str, kind: str) -> str:
        assignee = reminder(on, name, kind).assignee
        assert assignee is not None
        return assignee.email

    assert (whose("ann", "call"), whose("ben", "call")) == ("rep@us.example", "boss@us.example")
    assert (whose("ann", "task"), whose("ann", "linkedin")) == ("boss@us.example", "boss@us.example")


def test_2_34_completing_records_the_outcome_and_what_is_not_open_does_nothing(on: Stage) -> None:
    ring, by = reminder(on, "ann", "call"), on.life.by
    assert reminders.complete(reminder=ring, by=by, now=at("05-04 10:00"), outcome=" Busy ", note="Later")
    assert not reminders.complete(reminder=ring, by=by, now=at("05-04 11:00"), outcome="Connected")
    assert not reminders.skip(reminder=ring, by=by, now=at("05-04 11:00"))
    ring.refresh_from_db()
    assert (ring.state, ring.outcome, ring.closed_at, ring.closed_by) == (
        "completed",
        "Busy",
        at("05-04 10:00"),
        by,
    )
    assert on.step_run("ann", "ring").outcome == "Busy"
    fact = Fact.objects.get(kind="call_completed")
    assert (fact.data["outcome"], fact.data["note"], fact.member) == ("Busy", "Later", by)


def test_2_34_reminders_do_not_hold_a_sequence_up(on: Stage) -> None:
    on.work("05-05 09:00")
    assert on.stay("ann").exit_reason == "completed"


@pytest.mark.parametrize(
    ("kind", "mode", "type_"),
    [
        ("call", "Outgoing call", "Call"),
        ("task", "Sales Activity", "Lunch"),
        ("linkedin", "Sales Activity", "LinkedIn"),
        ("email_reminder", "No reply", "Email"),
    ],
)
def test_6_5_a_completed_reminder_sets_the_activity_fields(
    on: Stage, kind: str, mode: str, type_: str
) -> None:
    reminders.complete(reminder=reminder(on, "ann", kind), by=on.life.by, now=at("05-04 10:00"))
    ann = Contact.objects.get(pk=on.contact("ann"))
    assert (ann.last_contacted_mode, ann.last_activity_type) == (mode, type_)
    assert ann.last_activity_at == at("05-04 10:00")


def test_6_5_a_skipped_one_sets_none(on: Stage) -> None:
    reminders.skip(reminder=reminder(on, "ann", "call"), by=on.life.by, now=at("05-04 10:00"))
    ann = Contact.objects.get(pk=on.contact("ann"))
    assert (ann.last_contacted_mode, ann.last_activity_at) == ("Not yet contacted", None)
    assert on.step_run("ann", "ring").state == "executed"


def test_a_rep_works_their_own_reminders_only(on: Stage) -> None:
    rep = Member.objects.get(user__email="rep@us.example")
    assert reminders.complete(reminder=reminder(on, "ann", "call"), by=rep, now=at("05-04 10:00"))
    with pytest.raises(PermissionDenied):
        reminders.complete(reminder=reminder(on, "ben", "call"), by=rep, now=at("05-04 10:00"))
    with pytest.raises(PermissionDenied):
        reminders.skip(
            reminder=reminder(on, "ann", "task"), by=make_member("read_only"), now=at("05-04 10:00")
        )
