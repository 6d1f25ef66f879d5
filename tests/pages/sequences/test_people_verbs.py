"""What can be done to people of a sequence besides pausing, resuming and removing: the other verbs of the rules."""

from __future__ import annotations

import pytest
from django.test import Client

from activities.models import Fact, Reminder
from sequences.commands.editing import create_sequence
from sequences.models import Addition, Sequence
from tenants.models import Member, Tenant
from tests.factories import NOW, make_member
from tests.pages.conftest import SignIn
from tests.pages.sequences.conftest import live
from tests.pages.sequences.test_people import contacts, people, states, text

pytestmark = pytest.mark.django_db


def test_open_reminders_are_skipped_as_far_as_the_role_reaches(
    client: Client, sequence: Sequence, tenant: Tenant, sign_in: SignIn
) -> None:
    live(sequence, tenant, people=3, days=3)
    first, second, _ = contacts(sequence)
    Reminder.objects.filter(contact=second).update(assignee=make_member("sales_rep", "other@us.example"))
    said = text(client.post(people(sequence, "do/"), {"do": "skip", "ids": [first, second]}, follow=True))
    assert "Open reminders of 1 person skipped. 1 did not need it." in said
    assert set(Reminder.objects.filter(state="skipped").values_list("contact", flat=True)) == {first}
    assert Fact.objects.get(kind="call_skipped").member == sequence.owner
    sign_in(make_member("admin")).post(people(sequence, "do/"), {"do": "skip", "everyone": "1"})
    assert not Reminder.objects.filter(state="open").exists()
    assert set(states(sequence).values()) == {"active"}, "a reminder holds nobody up (semantics 2.34)"


def test_people_are_added_to_another_sequence(
    client: Client, sequence: Sequence, tenant: Tenant, rep: Member
) -> None:
    live(sequence, tenant, people=3)
    other = create_sequence(name="Second", by=rep, now=NOW)
    path = people(sequence, "do/") + "?state=active"
    asked = text(client.post(path, {"do": "add", "everyone": "1", "next": "/sequences/"}))
    assert "Add 3 people to a sequence" in asked and f'<option value="{other.pk}">Second' in asked
    assert 'name="everyone" value="1"' in asked
    assert client.post(path, {"do": "add", "everyone": "1", "to": "x"}).status_code == 422
    said = text(client.post(path, {"do": "add", "everyone": "1", "to": other.pk}, follow=True))
    assert "3 people wait for the next run." in said
    assert Addition.objects.filter(sequence=other).count() == 3


def test_to_a_sequence_of_somebody_else_nobody_is_added(
    client: Client, sequence: Sequence, tenant: Tenant
) -> None:
    live(sequence, tenant, people=1)
    theirs = create_sequence(name="Theirs", by=make_member("sequence_manager"), now=NOW, is_shared=True)
    form = {"do": "add", "ids": contacts(sequence), "to": theirs.pk}
    assert client.post(people(sequence, "do/"), form).status_code == 422
    assert not Addition.objects.exists()
