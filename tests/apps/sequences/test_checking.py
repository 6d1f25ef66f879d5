"""Gathering the facts of the check: sequences.checking."""

from typing import Any

import pytest

from messaging.models import Mailbox, Template, TemplateVersion
from sequences.checking import faults_of, findings_of
from sequences.commands.editing import change_settings, create_sequence
from sequences.commands.planning import add_step
from sequences.models import Sequence
from tenants.models import Member, Tenant
from tests.factories import NOW, ContactFactory, make_member


@pytest.fixture
def rep(tenant: Tenant) -> Member:
    tenant.postal_address = "1 Road"
    tenant.save()
    member = make_member("sales_rep", "rep@us.example")
    Mailbox.objects.create(member=member, email="rep@us.example", smtp_host="localhost")
    return member


@pytest.fixture
def template(rep: Member) -> Template:
    made = Template.objects.create(name="Intro")
    made.current = TemplateVersion.objects.create(
        template=made, number=1, subject="S", body="<p>B</p>", made_at=NOW
    )
    made.save()
    return made


@pytest.fixture
def sequence(rep: Member, template: Template) -> Sequence:
    made = create_sequence(name="Outbound", by=rep, now=NOW)
    conditions = [{"field": "city", "op": "is", "value": "Bonn"}]
    change_settings(sequence=made, by=rep, now=NOW, entry_conditions=conditions)
    mail(made, template)
    return made


def mail(sequence: Sequence, template: Template, day: int = 1, **settings: Any) -> None:
    add_step(
        sequence=sequence,
        kind="email",
        by=sequence.owner,
        now=NOW,
        day=day,
        template=template,
        settings=settings,
    )


def messages(sequence: Sequence) -> list[str]:
    return [finding.message for finding in findings_of(sequence, by=sequence.owner, matching=lambda: 5)]


def test_a_complete_sequence_has_nothing_to_mend(sequence: Sequence) -> None:
    assert messages(sequence) == []
    assert faults_of(sequence) == []


def test_a_template_that_names_a_field_that_is_gone(sequence: Sequence, template: Template) -> None:
    TemplateVersion.objects.update(body="<p>{{ contact.salary }} {{ sender.name }} {{ first_name }}</p>")
    assert messages(sequence) == [
        "Step 1: the template “Intro” names contact.salary, and there is no such field."
    ]


def test_an_owner_without_mailbox(sequence: Sequence) -> None:
    Mailbox.objects.all().delete()
    assert "has no mailbox connected" in messages(sequence)[0]


def test_a_broken_mailbox_says_why(sequence: Sequence) -> None:
    Mailbox.objects.update(state=Mailbox.BROKEN, problem="wrong password")
    assert "wrong password" in messages(sequence)[0]


def test_a_fixed_sender_of_a_step_is_looked_at(sequence: Sequence, template: Template) -> None:
    other = make_member("sales_rep", "other@us.example")
    mail(sequence, template, 2, **{"from": "other@us.example"})
    mail(sequence, template, 3, **{"from": "nobody@us.example"})
    found = messages(sequence)
    assert any(message.startswith(other.name) for message in found)
    assert any("nobody@us.example is no member" in message for message in found)


def test_owners_of_contacts_without_mailbox_are_counted(sequence: Sequence, template: Template) -> None:
    ContactFactory(owner=make_member("sales_rep"))
    change_settings(sequence=sequence, by=sequence.owner, now=NOW, sender_mode="contact_owner")
    assert messages(sequence)[0].startswith("1 owner of contacts has no working mailbox")


def test_the_check_takes_as_many_questions_for_many_steps(
    sequence: Sequence, template: Template, django_assert_max_num_queries: Any
) -> None:
    for day in range(2, 20):
        mail(sequence, template, day)
    with django_assert_max_num_queries(12):
        findings_of(sequence, by=sequence.owner)
