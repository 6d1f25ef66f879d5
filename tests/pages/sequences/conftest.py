"""A workspace with a manager, a rep, templates and a sequence, for the pages of sequences."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.test import Client

from messaging.models import Mailbox, Template, TemplateVersion
from sequences import enrollment
from sequences.commands.editing import change_settings, create_sequence
from sequences.commands.planning import add_step
from sequences.commands.status import activate
from sequences.models import Sequence
from sequences.ticking import work_tenant
from tenants.models import Member, Tenant
from tests.factories import NOW, ContactFactory, make_member
from tests.pages.conftest import SignIn

BONN = [{"field": "city", "op": "is", "value": "Bonn"}]


@pytest.fixture
def rep(tenant: Tenant) -> Member:
    """A sales rep with a mailbox, in a workspace with a postal address."""
    tenant.postal_address = "1 Road"
    tenant.save()
    member = make_member("sales_rep", "rep@us.example")
    Mailbox.objects.create(member=member, email="rep@us.example", smtp_host="localhost")
    return member


@pytest.fixture
def template(rep: Member) -> Template:
    made = Template.objects.create(name="Intro", owner=rep)
    made.current = TemplateVersion.objects.create(
        template=made, number=1, subject="Hello {{ first_name }}", body="<p>How are you?</p>", made_at=NOW
    )
    made.save()
    return made


@pytest.fixture
def sequence(rep: Member, template: Template) -> Sequence:
    """A complete draft of the rep's: a mail on day 1, a call on day 3, for everyone in Bonn."""
    made = create_sequence(name="Outbound", by=rep, now=NOW)
    change_settings(sequence=made, by=rep, now=NOW, entry_conditions=BONN)
    add_step(sequence=made, kind="email", by=rep, now=NOW, day=1, template=template)
    add_step(sequence=made, kind="call", by=rep, now=NOW, day=3, settings={"title": "Ring {{ first_name }}"})
    return made


@pytest.fixture
def tree(rep: Member) -> Sequence:
    return create_sequence(name="Tree", by=rep, now=NOW, kind="adaptive")


@pytest.fixture
def smart(rep: Member) -> Sequence:
    return create_sequence(name="List", by=rep, now=NOW, kind="smart")


@pytest.fixture
def client(rep: Member, sign_in: SignIn) -> Client:
    """The rep's browser."""
    return sign_in(rep)


def live(sequence: Sequence, tenant: Tenant, *, people: int = 3, days: int = 1) -> datetime:
    """Activate it and work the runs of some days; the instant of the last. Its people live in Bonn."""
    for _ in range(people):
        ContactFactory(city="Bonn")
    activate(sequence=sequence, by=sequence.owner, now=NOW)
    end = NOW + timedelta(days=days)
    work_tenant(tenant.pk, now=end, is_on_time=True)
    sequence.refresh_from_db()
    return end


def leave(sequence: Sequence, contact: int, *, reason: str = "replied", now: datetime = NOW) -> None:
    """End the stay of a contact."""
    enrollment.leave(sequence, enrollment.stays_of(sequence, [contact]), reason=reason, now=now)
