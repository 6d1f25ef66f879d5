"""Whatever ends a stay, in whatever kind of sequence: what it left open is taken back (semantics 2.18)."""

from __future__ import annotations

import pytest
from django.test import Client

from activities.models import Reminder
from messaging.models import Message
from sequences.models import Enrollment
from tenants.models import Tenant
from tests.apps.sequences.lives import Stage, stage

pytestmark = pytest.mark.django_db

HEAD = """
users: [{email: mia@us.example, name: Mia, role: admin}]
accounts: [{id: acme, name: Acme}]
contacts:
  - {id: ann, email: ann@acme.example, account: acme, lifecycle_stage: Lead}
  - {id: bob, email: bob@acme.example, account: acme}
sequences:
  - name: S
"""
REST = """
    audience: {conditions: [{field: lifecycle_stage, op: is, value: Lead}]}
    exit: {replied: true, colleague_replied: true, conditions: [{field: score, op: ">", value: 50}]}
    steps:
"""
KINDS = {
    "classic": HEAD + '    kind: classic\n    schedule: {time: "09:00"}' + REST
    + "      - {key: ring, day: 1, kind: call, title: Call}\n"
    + "      - {key: mail, day: 1, kind: email, template: t}\n      - {key: end, day: 9, kind: task, title: Do}\n",
    "smart": HEAD + '    kind: smart\n    schedule: {time: "09:00"}' + REST
    + "      - {key: ring, kind: sms_reminder, text: Hey}\n      - {key: mail, kind: email, template: t}\n"
    + "      - {key: end, kind: task, title: Do}\n      - {key: last, kind: task, title: Do}\n",
    "adaptive": HEAD + '    kind: adaptive\n    schedule: {hours: "09:00-17:00"}' + REST
    + "      - {key: mail, kind: email, template: t}\n"
    + "      - {key: ring, kind: linkedin, action: connect, title: Connect}\n"
    + "      - {key: end, kind: task, title: Do}\n",
}  # fmt: skip
ENDS = {
    "replied": {"do": "reply", "contact": "ann"},
    "unsubscribed": {"do": "unsubscribe", "contact": "ann"},
    "bounced": {"do": "bounce", "contact": "ann"},
    "colleague_replied": {"do": "reply", "contact": "bob"},
    "removed": {"do": "remove", "contact": "ann", "sequence": "S"},
    "archived": {"do": "archive", "sequence": "S", "inside": "end"},
}


def begun(tenant: Tenant, kind: str) -> Stage:
    """Ann has something to be done for her and a mail that has not left."""
    there = stage(tenant, KINDS[kind])
    there.work("05-05 09:30" if kind == "smart" else "05-04 09:30", is_accepted=False)
    assert Reminder.objects.filter(state=Reminder.OPEN).exists()
    assert Message.objects.filter(state="pending").count() == 1
    return there


def assert_nothing_is_open() -> None:
    assert not Reminder.objects.filter(state=Reminder.OPEN).exists()
    assert set(Message.objects.values_list("state", flat=True)) == {"cancelled"}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("reason", ENDS)
def test_2_18_what_a_stay_left_open_is_taken_back(tenant: Tenant, kind: str, reason: str) -> None:
    there = begun(tenant, kind)
    there.happens("05-05 10:00", **ENDS[reason])
    assert there.stay("ann").exit_reason == ("removed" if reason == "archived" else reason)
    assert_nothing_is_open()


@pytest.mark.parametrize("kind", KINDS)
def test_2_18_the_same_by_the_page_and_while_paused(tenant: Tenant, kind: str) -> None:
    there = begun(tenant, kind)
    there.happens("05-05 10:00", do="pause", contact="ann", sequence="S")
    client = Client()
    client.force_login(there.sequence.owner.user)
    stay = there.stay("ann")
    address = f"/sequences/{stay.sequence_id}/people/"
    answer = client.post(f"{address}do/", {"do": "remove", "ids": [stay.contact_id]})
    assert answer.status_code in (200, 302)
    assert Enrollment.objects.get(pk=stay.pk).exit_reason == "removed"
    assert_nothing_is_open()


@pytest.mark.parametrize("kind", KINDS)
def test_2_13_who_is_added_again_begins_anew(tenant: Tenant, kind: str) -> None:
    there = begun(tenant, kind)
    there.happens("05-05 10:00", **ENDS["removed"])
    there.happens("05-05 10:01", do="add", contact="ann", sequence="S")
    there.work("05-07 09:30", is_accepted=False)
    assert Enrollment.objects.filter(contact=there.contact("ann")).count() == 2
    assert Reminder.objects.filter(state=Reminder.OPEN, enrollment_id=there.stay("ann").pk).exists()
