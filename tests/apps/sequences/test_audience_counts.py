"""What the editor says of an audience: how many match, who comes in, who was in before, who is refused and why.

The counts are taken of everybody in one look; here they stand beside what is found of each person by themselves, as
the page Why asks it, and beside whom the next run lets in.
"""

from __future__ import annotations

from collections import Counter

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from audience.models import Contact, Suppression
from sequences.explain.outside import standing
from sequences.models import Enrollment, Sequence
from sequences.reading.audience import ADMITTED, AGAIN, audience_of
from tenants.models import Tenant
from tests.apps.sequences.lives import Stage, at, stage
from tests.factories import ContactFactory

pytestmark = pytest.mark.django_db

BODY = """
contacts:
  - {{id: ann, city: Bonn, email: ann@x.example}}
  - {{id: gus, city: Bonn, email: gus@x.example}}
  - {{id: hal, city: Bonn, email: hal@x.example}}
  - {{id: eve, city: Ulm, email: eve@x.example}}
sequences:
  - name: S
    kind: classic
    schedule: {{time: "09:00"}}{again}
    audience: {{conditions: [{{field: city, op: is, value: Bonn}}]{rules}}}
    exit: {{conditions: [{{field: lifecycle_stage, op: is, value: Customer}}]}}
    steps: [{{key: a, day: 1, kind: email, template: t}}, {{key: z, day: 9, kind: email, template: t}}]
  - name: Other
    kind: classic
    schedule: {{time: "09:00"}}
    audience: {{conditions: [{{field: city, op: is, value: Ulm}}], exclusive: true}}
    steps: [{{key: a, day: 1, kind: call, title: Call}}, {{key: z, day: 9, kind: call, title: Call}}]
"""
RULES = {
    "plain": {"rules": ""},
    "one of each address": {"rules": ", unique_email: true"},
    "again after a day": {"again": "\n    reentry: 1"},
    "both": {"rules": ", unique_email: true", "again": "\n    reentry: 1"},
    "exclusive": {"rules": ", exclusive: true"},
}


def told(tenant: Tenant, which: str) -> Stage:
    """After a first run, with somebody for every reason there is."""
    there = stage(tenant, BODY.format(**{"rules": "", "again": ""} | RULES[which]))
    there.work("05-04 09:30")
    there.happens("05-04 10:00", do="reply", contact="gus")
    there.happens("05-04 10:00", do="remove", contact="hal", sequence="S")
    Contact.objects.filter(pk=there.contact("eve")).update(city="Bonn")
    ContactFactory(city="Bonn", email="ANN@x.example")  # the address of somebody inside
    ContactFactory(city="Bonn", email="gus@x.example")  # of somebody who was
    ContactFactory(city="Bonn", email="cus@x.example", lifecycle_stage="Customer")
    ContactFactory(city="Bonn", email="")
    ContactFactory.create_batch(2, city="Bonn")
    ContactFactory(city="Rome", email="rome@x.example")
    out = ContactFactory(city="Bonn", email="out@x.example")
    Suppression.objects.create(
        channel="email", address_norm=out.email_norm, reason="unsubscribed", at=at("05-04 11:00")
    )
    return there


@pytest.mark.parametrize("which", RULES)
def test_all_are_counted_as_each_is_told(tenant: Tenant, which: str) -> None:
    there, now = told(tenant, which), at("05-08 08:00")
    sequence = there.sequence
    each = Counter[str]()
    for contact in Contact.objects.filter(city="Bonn"):
        found = standing(sequence, contact, now=now)
        each[AGAIN if "before" in found else found[0] if found else ADMITTED] += 1
    audience = audience_of(sequence, now=now)
    assert audience is not None
    assert dict(audience.reasons) | {AGAIN: audience.again, ADMITTED: audience.admitted} == {AGAIN: 0} | each
    assert audience.matching == each.total() == 11
    assert audience.refused == sum(count for _, count in audience.reasons)


@pytest.mark.parametrize("which", ["plain", "again after a day", "exclusive"])
def test_so_many_come_in_at_the_next_run(tenant: Tenant, which: str) -> None:
    there = told(tenant, which)
    audience = audience_of(there.sequence, now=at("05-05 08:59"))
    before = Enrollment.objects.filter(sequence=there.sequence).count()
    there.work("05-05 09:30")
    entered = Enrollment.objects.filter(sequence=there.sequence)
    new = entered.count() - before
    assert audience is not None and audience.admitted == new > 0
    assert {one.pk for one in audience.sample} <= {stay.contact_id for stay in entered}


def test_everybody_is_looked_at_once(tenant: Tenant) -> None:
    """A million are read in one statement; a second reads the examples' ids."""
    there = told(tenant, "plain")
    with CaptureQueriesContext(connection) as asked:
        audience_of(Sequence.objects.get(pk=there.sequence.pk), now=at("05-05 08:00"))
    of_all = [
        one["sql"] for one in asked if "count(" in one["sql"].lower() and "audience_contact" in one["sql"]
    ]
    assert len(of_all) == 1
    assert "EXISTS" not in of_all[0], "asked as sets: what depends on each row cannot be asked in parallel"
