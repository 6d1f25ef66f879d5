"""How many would get mail at once if a paused sequence went on, compared with who then does."""

from __future__ import annotations

import pytest

from messaging.models import Message
from sequences.models import Enrollment
from sequences.reading.resuming import reached_at_once
from tenants.models import Tenant
from tests.apps.sequences.lives import Stage, at, stage

PEOPLE = """
contacts:
  - {id: ann, email: ann@x.example, city: Rome}
  - {id: ben, email: ben@x.example, city: Oslo}
  - {id: cas, email: cas@x.example, city: Rome}
  - {id: dan, email: dan@x.example, city: Rome}
  - {id: eve, email: eve@x.example, city: Bern}
sequences:
  - name: S
    kind: KIND
    schedule: {WHEN}
    audience: {conditions: [{field: city, op: is_not, value: Bern}]}
    steps: STEPS
"""
ROME = "conditions: [{field: city, op: is, value: Rome}]"
DAYS = f"[{{key: r, day: 1, kind: call}}, {{key: a, day: 2, kind: email, template: t, {ROME}}}]"
LIST = f"[{{key: r, kind: call}}, {{key: a, kind: email, template: t, {ROME}}}, {{key: z, kind: call}}]"
TREE = "[{key: r, kind: call}, {key: a, kind: email, template: t}]"


def staged(tenant: Tenant, kind: str, steps: str) -> Stage:
    when = 'hours: "09:00-17:00"' if kind == "adaptive" else 'time: "09:00"'
    return stage(tenant, PEOPLE.replace("KIND", kind).replace("WHEN", when).replace("STEPS", steps))


def written_to() -> set[int]:
    return set(Message.objects.values_list("contact_id", flat=True))


@pytest.mark.parametrize("kind, steps", [("classic", DAYS), ("smart", LIST)])
def test_2_33_they_are_those_to_whom_the_next_run_writes(tenant: Tenant, kind: str, steps: str) -> None:
    """Cas is paused himself; Eve was added; Ben lives elsewhere."""
    on = staged(tenant, kind, steps)
    on.work("05-04 09:00")
    on.happens("05-04 09:10", do="pause", sequence="S", contact="cas")
    on.happens("05-04 09:20", do="pause", sequence="S")
    assert reached_at_once(on.sequence, now=at("05-05 08:00")) == 2
    on.happens("05-05 08:00", do="add", sequence="S", contact="eve")
    assert reached_at_once(on.sequence, now=at("05-05 08:10")) == 3
    on.happens("05-05 08:20", do="resume", sequence="S")
    on.work("05-05 09:00")
    assert written_to() == {on.contact("ann"), on.contact("dan")}
    assert Enrollment.objects.filter(contact=on.contact("eve")).exists()


def test_2_33_messages_that_wait_are_counted_once(tenant: Tenant) -> None:
    on = staged(tenant, "classic", DAYS.replace("day: 1", "day: 3"))
    on.work("05-05 09:00", is_accepted=False)
    assert written_to() == {on.contact("ann"), on.contact("cas"), on.contact("dan")}
    on.happens("05-05 09:20", do="pause", sequence="S")
    assert reached_at_once(on.sequence, now=at("05-05 10:00")) == 3


def test_5_13_of_a_tree_they_stand_before_a_mail(tenant: Tenant) -> None:
    on = staged(tenant, "adaptive", TREE)
    on.work("05-04 09:00")
    on.happens("05-04 09:10", do="pause", sequence="S")
    assert reached_at_once(on.sequence, now=at("05-04 09:15")) == 0
    for name in ("ann", "ben"):
        on.happens("05-04 09:20", do="complete", contact=name, step="r")
    assert reached_at_once(on.sequence, now=at("05-04 09:30")) == 2
    on.happens("05-04 09:40", do="resume", sequence="S")
    on.work("05-04 10:00")
    assert written_to() == {on.contact("ann"), on.contact("ben")}


def test_a_simulation_asks_nobody_for_a_number(tenant: Tenant) -> None:
    Tenant.objects.filter(pk=tenant.pk).update(confirm_above=0)
    on = staged(tenant, "classic", DAYS)
    on.happens("05-04 08:10", do="pause", sequence="S")
    on.happens("05-04 08:20", do="resume", sequence="S")
    assert on.sequence.status == "active"
