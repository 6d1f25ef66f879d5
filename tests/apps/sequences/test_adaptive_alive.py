"""Adaptive sequences as they live: mails that leave later, ticks that come late, what is woken by what."""

from __future__ import annotations

from datetime import timedelta

from activities.models import Reminder
from messaging import outbox
from sequences import agenda, ticking
from sequences.commands import people, reminders
from sequences.commands.planning import add_step
from sequences.commands.publishing import publish
from sequences.engine import recorder
from sequences.models import Enrollment, Run, Schedule, StepRun, Wake
from tenants.models import Tenant
from tests.apps.sequences.lives import Stage, at, stage

TREE = """
contacts:
  - {id: ann, email: ann@x.example, lifecycle_stage: Lead}
sequences:
  - name: Tree
    kind: adaptive
    schedule: {hours: "09:00-17:00"}
    audience: {conditions: [{field: lifecycle_stage, op: is, value: Lead}]}
    steps:
      - {key: a, kind: email, template: t}
      - {key: q, kind: condition, of: a, event: opened, within: {hours: 2}, yes: [{key: y, kind: task}], no: []}
"""


def tick(found: Stage, moment: str, *, seconds: int = 0) -> list[ticking.Worked]:
    """What is due, as the beat finds it: a little late."""
    now = at(moment) + timedelta(seconds=seconds)
    done, failed = ticking.work_tenant(found.life.tenant.pk, now=now)
    assert not failed
    return done


def test_a_condition_waits_for_the_mail_to_leave_and_counts_from_the_sending(tenant: Tenant) -> None:
    found = stage(tenant, TREE)
    tick(found, "05-04 09:00", seconds=20)
    assert (found.stay("ann").step_key, found.stay("ann").due_at) == ("q", None)
    tick(found, "05-04 12:00", seconds=10)
    assert found.stay("ann").step_key == "q"
    outbox.accept_all(at("05-04 12:30"))
    tick(found, "05-04 12:30", seconds=5)
    assert found.stay("ann").due_at == at("05-04 14:30")


def test_a_mail_that_was_taken_back_is_answered_no(tenant: Tenant) -> None:
    found = stage(tenant, TREE)
    tick(found, "05-04 09:00")
    outbox.cancel(enrollments=[found.stay("ann").pk], reason="trial", now=at("05-04 09:30"))
    tick(found, "05-04 09:30", seconds=1)
    assert StepRun.objects.get(key="q").reason == "no"


def test_who_has_a_mail_waiting_is_completed_when_it_has_left(tenant: Tenant) -> None:
    found = stage(tenant, TREE.split("      - {key: q")[0])
    tick(found, "05-04 09:00")
    assert found.stay("ann").state == Enrollment.ACTIVE
    outbox.accept_all(at("05-04 10:20"))
    tick(found, "05-04 10:20", seconds=30)
    assert found.stay("ann").exit_reason == "completed"


def test_a_full_quarter_is_worked_by_a_tick_a_little_after_it_but_not_after_a_standstill(
    tenant: Tenant,
) -> None:
    found = stage(tenant, TREE.replace("value: Lead}]}", "value: Later}]}"))
    tick(found, "05-04 09:00", seconds=25)
    found.happens("05-04 09:10", do="set", contact="ann", record="contact", record_id="ann",
                  field=found_field("lifecycle_stage"), value="Later")  # fmt: skip
    tick(found, "05-04 09:15", seconds=28)
    assert found.stay("ann").entered_at == at("05-04 09:15") + timedelta(seconds=28)


def test_a_quarter_that_a_standstill_took_is_not_made_up(tenant: Tenant) -> None:
    found = stage(tenant, TREE)
    tick(found, "05-04 09:10")
    assert not Enrollment.objects.exists()
    tick(found, "05-04 09:15", seconds=3)
    assert Enrollment.objects.exists()


def test_what_is_due_before_closing_and_ticked_after_it_still_happens(tenant: Tenant) -> None:
    found = stage(tenant, TREE.replace("hours: 2", "hours: 7, minutes: 59"))
    tick(found, "05-04 09:00")
    outbox.accept_all(at("05-04 09:00"))
    tick(found, "05-04 16:58")
    tick(found, "05-04 17:00", seconds=10)
    assert StepRun.objects.get(key="q").reason == "no"


def test_long_after_closing_it_waits_for_the_opening(tenant: Tenant) -> None:
    found = stage(tenant, TREE)
    tick(found, "05-04 23:00")
    assert not Enrollment.objects.exists()
    assert Schedule.objects.get().next_run_at == at("05-05 09:00")


def test_an_instant_at_which_nothing_happened_leaves_no_run(tenant: Tenant) -> None:
    found = stage(tenant, TREE)
    found.work("05-04 10:00")
    assert [run.scheduled_for for run in Run.objects.all()] == [at("05-04 09:00")]
    assert Run.objects.get().reasons["exited"] == {}


def test_a_fact_wakes_its_sequence_and_the_pass_takes_the_note_away(tenant: Tenant) -> None:
    found = stage(tenant, TREE)
    found.work("05-04 09:00")
    Wake.objects.all().delete()
    found.happens("05-04 09:20", do="open", contact="ann", step="a")
    assert Wake.objects.get().at == at("05-04 09:20")
    tick(found, "05-04 09:20", seconds=15)
    assert not Wake.objects.exists()
    assert StepRun.objects.get(key="q").reason == "yes"


def test_reminders_skipped_in_bulk_let_their_people_go_on(tenant: Tenant) -> None:
    found = stage(
        tenant, TREE.replace("{key: a, kind: email, template: t}", "{key: a, kind: email_reminder}")
    )
    found.work("05-04 09:00")
    ann = found.contact("ann")
    people.skip_reminders(sequence=found.sequence, contacts=[ann], by=found.life.by, now=at("05-04 09:40"))
    tick(found, "05-04 09:40", seconds=20)
    assert StepRun.objects.get(key="q").reason == "no"


CALLS = """
contacts:
  - {id: ann, email: ann@x.example, lifecycle_stage: Lead}
  - {id: ben, email: ben@x.example, lifecycle_stage: Lead}
  - {id: cas, email: cas@x.example, lifecycle_stage: Lead}
sequences:
  - name: Tree
    kind: adaptive
    schedule: {hours: "09:00-17:00"}
    audience: {conditions: [{field: lifecycle_stage, op: is, value: Lead}]}
    steps: [{key: ring, kind: call}MORE]
"""


def test_reminders_completed_in_bulk_let_each_stay_go_on_in_its_own_plan(tenant: Tenant) -> None:
    """Ann stays on the first plan, Ben is moved to one with a task after the call; Cas stands still."""
    found = stage(tenant, CALLS.replace("MORE", ""))
    found.work("05-04 09:00")
    Enrollment.objects.filter(contact_id=found.contact("ann")).update(plan=found.sequence.plan)
    add_step(
        sequence=found.sequence,
        kind="task",
        settings={"title": "Look"},
        by=found.life.by,
        now=at("05-04 09:10"),
    )
    publish(sequence=found.sequence, by=found.life.by, now=at("05-04 09:10"))
    Enrollment.objects.exclude(contact_id=found.contact("ann")).update(plan=found.sequence.plan)
    found.happens("05-04 09:20", do="pause", sequence="Tree", contact="cas")
    ids = list(Reminder.objects.values_list("pk", flat=True))
    with recorder.recording():
        done = reminders.complete(
            sequence=found.sequence, reminders=ids, by=found.life.by, now=at("05-04 09:40"), outcomes={}
        )
        noted = [(one.contact_id, one.event, one.detail) for one in recorder.noted()]
    assert done == 3
    calls = [(found.contact(name), "completed", ("ring",)) for name in ("ann", "ben", "cas")]
    assert noted == [*calls, (found.contact("ann"), "exited", ("completed",))]
    assert (found.stay("ben").step_key, found.stay("cas").step_key) == ("task1", "task1")
    assert found.stay("ann").exit_reason == "completed" and found.stay("cas").state == "paused"
    tick(found, "05-04 09:40", seconds=20)
    assert Reminder.objects.get(state="open", kind="task").contact_id == found.contact("ben")


def test_what_comes_in_while_a_paused_sequence_sleeps_wakes_nothing(tenant: Tenant) -> None:
    found = stage(tenant, TREE)
    found.work("05-04 09:00")
    found.happens("05-04 09:10", do="pause", sequence="Tree")
    agenda.wake([found.sequence.pk], now=at("05-04 09:20"))
    assert not Wake.objects.exists() and Schedule.objects.get().next_run_at is None


def found_field(key: str):  # type: ignore[no-untyped-def]
    from audience.catalogue import catalogue

    return catalogue().get("contact", key)
