"""What is said of a new tree before it is published comes true of those who are moved to it (semantics 2.38, 5.14)."""

from __future__ import annotations

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from audience.bulk import work
from audience.models import RecordJob
from sequences.bulk.moving import move_later, under_way
from sequences.changes import Reach, changes_between
from sequences.commands.planning import add_step
from sequences.commands.publishing import publish
from sequences.edits import MOVE, PIN
from sequences.files.loading import load_plan
from sequences.models import Enrollment, SequencePlan, StepRun
from sequences.reading.moving import Moving, moving
from tenants.models import Tenant
from tenants.wall import use
from tests.apps.sequences.lives import Stage, at, stage
from tests.factories import ContactFactory, make_tenant

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
    there = Enrollment.objects.filter(plan=on.sequence.plan).values_list("contact", flat=True)
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
    assert not Enrollment.objects.filter(plan=on.sequence.plan).exists()
    on.happens("05-04 12:10", do="complete", contact="ann", step="ring")
    on.work("05-04 12:20")
    assert StepRun.objects.filter(enrollment=on.stay("ann"), key="more").exists()


class Killed(Exception):
    """What ends a worker in the middle of its batch."""


def moving_job(on: Stage) -> RecordJob:
    """The new tree is published; those inside stay for now, and a job is to move them."""
    drafted(on)
    publish(sequence=on.sequence, by=on.life.by, now=at("05-04 12:00"), apply=PIN)
    return move_later(on.sequence, by=on.life.by, now=at("05-04 12:00"))


def moved(on: Stage) -> set[int]:
    return set(Enrollment.objects.filter(plan=on.sequence.plan).values_list("contact", flat=True))


def test_a_job_that_moves_many_is_killed_half_way_and_goes_on(on: Stage) -> None:
    job = moving_job(on)
    assert job.total == 2 and under_way(on.sequence) == job
    assert work.step(job.pk, now=at("05-04 12:01"), size=1)
    assert moved(on) == {on.contact("ann")}
    with pytest.raises(Killed), transaction.atomic():
        work.step(job.pk, now=at("05-04 12:02"), size=1)
        raise Killed
    assert moved(on) == {on.contact("ann")}, "a batch is whole or nothing"
    while work.step(job.pk, now=at("05-04 12:03"), size=1):
        pass
    job.refresh_from_db()
    assert (job.state, job.changed, job.left_out) == (RecordJob.DONE, 2, 0)
    assert moved(on) == {on.contact("ann"), on.contact("ben")} and under_way(on.sequence) is None
    assert on.stay("ann").step_key == "ring" and len(on.reminders("ann")) == 1
    on.happens("05-04 12:10", do="complete", contact="ann", step="ring")
    on.work("05-04 12:20")
    assert StepRun.objects.filter(enrollment=on.stay("ann"), key="extra").exists()


def test_who_goes_on_before_the_job_comes_to_them_stays_where_the_new_tree_has_no_such_step(
    on: Stage,
) -> None:
    job = moving_job(on)
    on.happens("05-04 12:10", do="complete", contact="ann", step="ring")
    on.work("05-04 12:10")
    while work.step(job.pk, now=at("05-04 12:20")):
        pass
    assert moved(on) == {on.contact("ben")}, "Ann stands at a task that is gone"
    assert StepRun.objects.filter(enrollment=on.stay("ann"), key="more").exists()


def test_a_job_ends_where_another_version_is_published(on: Stage) -> None:
    job = moving_job(on)
    sequence = on.sequence
    add_step(sequence=sequence, kind="task", settings={"title": "?"}, by=on.life.by, now=at("05-04 12:05"))
    publish(sequence=on.sequence, by=on.life.by, now=at("05-04 12:05"), apply=PIN)
    assert not work.step(job.pk, now=at("05-04 12:10"))
    job.refresh_from_db()
    assert (job.state, job.problem) == (RecordJob.FAILED, "Another version was published meanwhile.")
    assert moved(on) == set()


def statements_of_publishing(people: int, apply: str) -> list[str]:
    """What is written to stays when a tree is published over so many people."""
    tenant = make_tenant()
    with use(tenant):
        there = stage(tenant, BODY)
        ContactFactory.create_batch(people, lifecycle_stage="Lead")
        there.work("05-04 09:30")
        drafted(there)
        with CaptureQueriesContext(connection) as queries:
            publish(sequence=there.sequence, by=there.life.by, now=at("05-04 12:00"), apply=apply)
        written = [query["sql"] for query in queries if 'UPDATE "sequences_enrollment"' in query["sql"]]
        pinned = Enrollment.objects.exclude(plan=there.sequence.plan).count()
        assert pinned == (people + 4 if apply == PIN else 0)
    return written


@pytest.mark.parametrize("apply, most", [(PIN, 1), (MOVE, 2)])
def test_publishing_over_many_writes_no_row_of_those_who_stay(db: None, apply: str, most: int) -> None:
    """Their plan is on their rows by name since they came in: the one statement looks for those without."""
    few, many = (statements_of_publishing(people, apply) for people in (1, 20))
    assert len(few) == len(many) <= most
    assert '"plan_id" IS NULL' in few[0]
