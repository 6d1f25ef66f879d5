"""What is said of a new tree before it is published comes true of those who are moved to it (semantics 2.38, 5.14)."""

from __future__ import annotations

import pytest

from sequences.changes import Reach, changes_between
from sequences.commands.publishing import publish
from sequences.edits import MOVE, PIN
from sequences.files.loading import load_plan
from sequences.models import Enrollment, SequencePlan, StepRun
from sequences.reading.moving import Moving, moving
from tenants.models import Tenant
from tests.apps.sequences.lives import Stage, at, stage

pytestmark = pytest.mark.django_db

BODY = """
contacts:
  - {id: ann, email: ann@x.example, lifecycle_stage: Lead}
  - {id: ben, email: ben@x.example, lifecycle_stage: Lead}
  - {id: cat, email: cat@x.example, lifecycle_stage: Lead}
  - {id: dan, email: dan@x.example, lifecycle_stage: Lead}
sequences:
  - name: Tree
    kind: adaptive
    schedule: {hours: "09:00-17:00"}
    audience: {conditions: [{field: lifecycle_stage, op: is, value: Lead}]}
    steps:
      - {key: a, kind: email, template: t}
      - key: seen
        kind: condition
        of: a
        event: opened
        within: {days: 2}
        yes: [{key: ring, kind: call}, {key: more, kind: task}]
        no: [{key: w, kind: wait, for: {days: 1}}]
      - {key: last, kind: task}
timeline:
  - at: 2026-05-04 12:00
    do: publish
    sequence: Tree
    steps:
      - {key: a, kind: email, template: t}
      - key: seen
        kind: condition
        of: a
        event: opened
        within: {days: 2}
        yes: [{key: ring, kind: call}, {key: extra, kind: task}]
        no: [{key: w, kind: task}]
      - {key: new, kind: task}
"""


@pytest.fixture
def on(tenant: Tenant) -> Stage:
    """Ann is to be called, Ben waits for an answer, Cat stands at the wait, Dan's path is at its last task."""
    on = stage(tenant, BODY)
    on.work("05-04 09:30")
    for name in ("ann", "dan"):
        on.happens("05-04 09:40", do="open", contact=name, step="a")
    on.work("05-04 10:30")
    for key in ("ring", "more"):
        on.happens("05-04 11:00", do="complete", contact="dan", step=key)
        on.work("05-04 11:10")
    Enrollment.objects.filter(contact=on.contact("cat")).update(step_key="w", due_at=at("05-05 10:00"))
    return on


def drafted(on: Stage) -> Moving:
    """The plan of the timeline as a draft, and what a move to it would do."""
    sequence = on.sequence
    steps = on.life.scenario.timeline[0].steps
    assert steps is not None
    sequence.draft = load_plan(on.life.world, steps, at=at("05-04 12:00"), number=2)
    sequence.save()
    SequencePlan.objects.create(sequence=sequence, plan=sequence.draft)
    changes = changes_between(sequence.plan.steps.all(), sequence.draft.steps.all())
    assert [(change.verb, change.key) for change in changes] == [
        ("added", "extra"),
        ("removed", "more"),
        ("changed", "w"),
        ("added", "new"),
        ("removed", "last"),
    ]
    return moving(sequence, sequence.draft, changes)


def test_who_is_carried_over_from_where(on: Stage) -> None:
    said = drafted(on)
    found = {one.step.key: (one.people, one.lands) for one in said.standings if one.step}
    assert found == {"seen": (1, True), "ring": (1, True), "w": (1, False), "last": (1, False)}
    assert (said.inside, said.carried) == (4, 2)
    publish(sequence=on.sequence, by=on.sequence.owner, now=at("05-04 12:00"), apply=MOVE)
    there = Enrollment.objects.filter(plan=None).values_list("contact", flat=True)
    assert set(there) == {on.contact("ann"), on.contact("ben")}


def test_whom_each_change_reaches_is_who_comes_to_it(on: Stage) -> None:
    said = drafted(on)
    assert said.reaches == {
        "extra": Reach(get=2),
        "more": Reach(lose=2),
        "w": Reach(get=1, past=1),
        "new": Reach(get=2),
        "last": Reach(lose=2),
    }
    publish(sequence=on.sequence, by=on.sequence.owner, now=at("05-04 12:00"), apply=MOVE)
    on.happens("05-04 12:10", do="complete", contact="ann", step="ring")
    for key in ("extra", "w", "new"):
        on.work("05-08 12:00")
        for name in ("ann", "ben"):
            if StepRun.objects.filter(enrollment=on.stay(name), key=key).exists():
                on.happens("05-08 12:10", do="complete", contact=name, step=key)
    on.work("05-09 12:00")
    had = StepRun.objects.filter(enrollment__contact__in=[on.contact("ann"), on.contact("ben")])
    assert set(had.filter(enrollment=on.stay("ann")).values_list("key", flat=True)) >= {"extra", "new"}
    assert set(had.filter(enrollment=on.stay("ben")).values_list("key", flat=True)) >= {"w", "new"}
    assert not had.filter(key__in=["more", "last"]).exists()


def test_a_question_that_was_answered_is_passed_over_with_its_arms(on: Stage) -> None:
    sequence = on.sequence
    drafted(on)
    assert sequence.draft is None and on.sequence.draft is not None
    draft = on.sequence.draft
    draft.steps.filter(key="seen").update(position=9)
    draft.steps.filter(key="ring").update(position=2, parent=None, arm="")
    said = moving(on.sequence, draft, changes_between(on.sequence.plan.steps.all(), draft.steps.all()))
    assert said.reaches["extra"] == Reach(get=1, past=1), "Ann has answered; Ben has not"


def test_pinned_nobody_comes_to_a_new_step(on: Stage) -> None:
    drafted(on)
    publish(sequence=on.sequence, by=on.sequence.owner, now=at("05-04 12:00"), apply=PIN)
    assert not Enrollment.objects.filter(plan=None).exists()
    on.happens("05-04 12:10", do="complete", contact="ann", step="ring")
    on.work("05-04 12:20")
    assert StepRun.objects.filter(enrollment=on.stay("ann"), key="more").exists()
