"""Forecasts count what other sequences of the same senders take of a daily limit."""

from __future__ import annotations

import pytest
from pytest import MonkeyPatch

from sequences import enrollment
from sequences.engine.questions import Unreadable
from sequences.forecast import copying
from sequences.forecast.living import forecast
from sequences.forecast.results import Forecast, days_of
from sequences.models import Enrollment, Schedule, Sequence
from tenants.models import Tenant
from tests.apps.sequences.lives import Stage, at, stage

pytestmark = pytest.mark.django_db

BODY = """
limits: {emails_per_user_per_day: 3}
users: [{email: mia@us.example, name: Mia, role: rep}, {email: ben@us.example, name: Ben, role: rep}]
contacts:
  - {id: a1, email: a1@x.example, city: Bonn}
  - {id: a2, email: a2@x.example, city: Bonn}
  - {id: a3, email: a3@x.example, city: Bonn}
  - {id: b1, email: b1@x.example, city: Ulm}
  - {id: b2, email: b2@x.example, city: Ulm}
sequences:
  - name: Mine
    kind: classic
    schedule: {time: "10:00"}
    audience: {conditions: [{field: city, op: is, value: Bonn}]}
    steps: [{key: one, day: 1, kind: email, template: t}, {key: two, day: 2, kind: email, template: t}]
  - name: Theirs
    kind: classic
    schedule: {time: "09:00"}
    audience: {conditions: [{field: city, op: is, value: Ulm}]}
    steps: [{key: one, day: 1, kind: email, template: t}, {key: two, day: 3, kind: email, template: t}]
  - name: Of Ben
    kind: classic
    from: ben@us.example
    schedule: {time: "08:30"}
    audience: {conditions: [{field: city, op: not_empty}]}
    steps: [{key: one, day: 1, kind: email, template: t}]
"""


def of(there: Stage, moment: str = "05-04 08:10", days: int = 8) -> Forecast:
    return forecast(there.sequence, now=at(moment), days=days)


def test_what_others_send_is_missing_here(tenant: Tenant) -> None:
    there = stage(tenant, BODY)
    found = of(there)
    assert (found.beside, found.others_left_out, found.people) == (1, 0, 3)
    assert [day.executed for day in found.days[:3]] == [{"one": 1}, {"one": 2, "two": 1}, {"two": 1}]
    there.work("05-12 08:10")
    assert found.days == days_of(there.sequence, after=0)


def test_who_is_held_to_the_end_is_said(tenant: Tenant) -> None:
    assert of(stage(tenant, BODY), days=1).unreached == 2


def test_an_owner_of_contacts_may_be_anybody(tenant: Tenant) -> None:
    there = stage(tenant, BODY.replace("from: ben@us.example", "from: contact_owner"))
    assert of(there).beside == 2


def test_one_that_cannot_run_takes_nothing(tenant: Tenant) -> None:
    there = stage(tenant, BODY)
    broken = [{"field": "city", "op": "nonsense", "value": "x"}]
    Sequence.objects.filter(name="Theirs").update(entry_conditions=broken)
    assert of(there).days[0].executed == {"one": 3}
    Sequence.objects.filter(name="Mine").update(exit_conditions=broken)
    with pytest.raises(Unreadable):
        of(there)


def test_people_of_others_are_bounded_and_it_is_said(tenant: Tenant, monkeypatch: MonkeyPatch) -> None:
    monkeypatch.setattr(copying, "MOST_OTHERS", 1)
    found = of(stage(tenant, BODY))
    assert found.others_left_out == 1 and found.days[0].executed == {"one": 2}


def test_nothing_of_the_others_stays(tenant: Tenant) -> None:
    there = stage(tenant, BODY)
    there.work("05-04 12:00")
    before = [list(model.objects.order_by("pk").values()) for model in (Enrollment, Sequence, Schedule)]
    ordinals = [enrollment.last_ordinal(one.pk) for one in Sequence.objects.order_by("pk")]
    of(there, "05-04 12:10")
    assert [
        list(model.objects.order_by("pk").values()) for model in (Enrollment, Sequence, Schedule)
    ] == before
    assert [enrollment.last_ordinal(one.pk) for one in Sequence.objects.order_by("pk")] == ordinals


def test_of_too_many_people_the_first_stand_for_all(tenant: Tenant, monkeypatch: MonkeyPatch) -> None:
    monkeypatch.setattr(copying, "MOST_PEOPLE", 2)
    found = of(stage(tenant, BODY))
    assert (found.people, found.left_out) == (2, 1) and found.first_mails == 2


def test_of_nobody_a_forecast_is_empty(tenant: Tenant) -> None:
    found = of(stage(tenant, BODY.replace("value: Bonn", "value: Rome")))
    assert found.people == 0 and not any(day.executed for day in found.days)
    assert (found.first_mails, found.first_mails_until, found.unreached, found.inside) == (0, None, 0, 0)
