"""/sequences/<id>/people/<contact>/: why somebody is where they are, or is not in."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from activities.models import Reminder
from audience.models import Contact
from messaging.intake import take_in
from messaging.models import Message
from sequences import enrollment
from sequences.commands.editing import change_settings
from sequences.models import Enrollment, Sequence, StepRun
from tenants.models import Member, Tenant
from tests.factories import NOW, ContactFactory, make_member
from tests.pages.conftest import SignIn
from tests.pages.sequences.conftest import leave, live
from tests.pages.somebody import words

pytestmark = pytest.mark.usefixtures("tenant")


def why(client: Client, sequence: Sequence, contact: Contact) -> str:
    response = client.get(f"/sequences/{sequence.pk}/people/{contact.pk}/")
    assert response.status_code == 200, response.status_code
    return words(response.content.decode())


def somebody() -> Contact:
    contact: Any = Contact.objects.get(city="Bonn")
    return contact


def test_somebody_inside_is_told_what_comes_next(client: Client, sequence: Sequence, tenant: Tenant) -> None:
    live(sequence, tenant, people=1)
    page = why(client, sequence, somebody())
    assert "Inside since" in page and "by the audience of the sequence" in page
    assert "The mail waits to leave" in page and "Step 2" in page


def test_somebody_held_is_told_why(client: Client, sequence: Sequence, tenant: Tenant) -> None:
    live(sequence, tenant, people=1)
    Enrollment.objects.update(held_reason="limit", held_since=NOW + timedelta(days=1))
    page = why(client, sequence, somebody())
    assert "Held since" in page and "Daily limit reached" in page and "their days wait with them" in page


def test_who_is_paused_is_told_by_what(client: Client, sequence: Sequence, tenant: Tenant) -> None:
    end = live(sequence, tenant, people=1)
    enrollment.hold_rows([sequence.pk])
    enrollment.pause(sequence, enrollment.inside(sequence), reason="manual", now=end)
    page = why(client, sequence, somebody())
    assert "by hand; goes on when somebody resumes it" in page and "nothing before they go on" in page


def test_who_left_is_told_why(client: Client, sequence: Sequence, tenant: Tenant) -> None:
    end = live(sequence, tenant, people=1)
    leave(sequence, somebody().pk, now=end)
    page = why(client, sequence, somebody())
    assert "Replied" in page and "lets nobody in a second time by themselves" in page


def test_who_does_not_match_sees_each_condition_and_value(
    client: Client, sequence: Sequence, tenant: Tenant
) -> None:
    live(sequence, tenant, people=0)
    page = why(client, sequence, ContactFactory(city="Ulm", first_name="Una"))
    assert "They do not match the audience" in page and "Does not hold: City is Bonn · Ulm" in page


def test_who_unsubscribed_is_told_when(client: Client, sequence: Sequence, tenant: Tenant) -> None:
    contact = ContactFactory(city="Bonn", email="una@x.example")
    take_in("unsubscribed", contact=contact, at=NOW, source="link")
    live(sequence, tenant, people=0)
    page = why(client, sequence, contact)
    assert "una@x.example is not written to: unsubscribed" in page


def test_what_a_mail_came_to_is_told(client: Client, sequence: Sequence, tenant: Tenant) -> None:
    end = live(sequence, tenant, people=1)
    Message.objects.update(state="failed", reason="refused", sent_at=None)
    assert "the recipient’s server refused it" in why(client, sequence, somebody())
    Message.objects.update(state="cancelled", reason="trial")
    assert "taken back Not on the trial list" in why(client, sequence, somebody())
    assert end


def test_a_condition_that_cannot_be_read_is_said(client: Client, sequence: Sequence, tenant: Tenant) -> None:
    live(sequence, tenant, people=1)
    Sequence.objects.update(exit_conditions=[{"field": "city", "op": "nonsense", "value": "x"}])
    assert "A condition cannot be read" in why(client, sequence, somebody())


def test_exit_criteria_are_shown(client: Client, sequence: Sequence, tenant: Tenant, rep: Member) -> None:
    rows = [{"field": "city", "op": "is", "value": "Ulm"}]
    change_settings(sequence=sequence, by=rep, now=NOW, exit_conditions=rows)
    live(sequence, tenant, people=1)
    assert "Ends the stay if one of these holds" in why(client, sequence, somebody())


def test_the_people_and_the_contact_lead_there(client: Client, sequence: Sequence, tenant: Tenant) -> None:
    live(sequence, tenant, people=1)
    there = f'href="/sequences/{sequence.pk}/people/{somebody().pk}/"'
    assert there in client.get(f"/sequences/{sequence.pk}/people/").content.decode()
    assert there in client.get(f"/sequences/panel/contact/{somebody().pk}/").content.decode()


def test_a_contact_that_one_may_not_see_is_not_there(
    sequence: Sequence, tenant: Tenant, sign_in: SignIn
) -> None:
    live(sequence, tenant, people=1)
    other = make_member("sales_rep", "other@us.example")
    address = f"/sequences/{sequence.pk}/people/{somebody().pk}/"
    assert sign_in(other).get(address).status_code == 404
    assert sign_in(sequence.owner).get(f"/sequences/{sequence.pk}/people/999999/").status_code == 404


def test_what_somebody_has_to_do_is_told_with_their_name(
    client: Client, sequence: Sequence, tenant: Tenant
) -> None:
    live(sequence, tenant, people=1)
    StepRun.objects.update(kind="call")
    run = StepRun.objects.get()
    Reminder.objects.create(
        contact=somebody(), kind="call", assignee=sequence.owner, made_at=NOW, due_at=NOW,
        enrollment_id=run.enrollment_id, step_run_id=run.pk,
    )  # fmt: skip
    assert f"{sequence.owner.name} has it to do, due" in why(client, sequence, somebody())
    Reminder.objects.update(state="skipped", closed_at=NOW, closed_by=sequence.owner)
    assert f"by {sequence.owner.name}" in why(client, sequence, somebody())


def test_who_leaves_at_the_next_run_is_told_so(
    client: Client, sequence: Sequence, tenant: Tenant, rep: Member
) -> None:
    rows = [{"field": "city", "op": "is", "value": "Ulm"}]
    change_settings(sequence=sequence, by=rep, now=NOW, exit_conditions=rows)
    live(sequence, tenant, people=1)
    Contact.objects.update(city="Ulm")
    contact: Any = Contact.objects.get()
    page = why(client, sequence, contact)
    assert "they leave, since they match the exit criteria" in page
    assert "Not reached: they leave before" in page and "As things stand" not in page
