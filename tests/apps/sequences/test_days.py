"""Classic sequences: runs, days, steps, edits (semantics 3)."""

from __future__ import annotations

import pytest

from activities.models import Reminder
from messaging.models import Message
from sequences.models import StepRun
from tenants.models import Tenant
from tests.apps.sequences.lives import live, stage

pytestmark = pytest.mark.django_db

ANN = "contacts: [{id: ann, email: ann@x.example}]\n"
EVERYONE = "audience: {conditions: [{field: email, op: not_empty}]}"
THREE_DAYS = (
    ANN
    + f"""
sequences:
  - name: S
    kind: classic
    schedule: {{time: "09:00"}}
    {EVERYONE}
    steps:
      - {{key: a, day: 1, kind: email, template: t}}
      - {{key: b, day: 2, kind: task, title: B}}
      - {{key: c, day: 3, kind: email, template: t}}
"""
)


def test_3_1_there_is_no_run_on_an_excluded_day() -> None:
    trace = live(THREE_DAYS.replace('"09:00"', '"09:00", exclude_weekends: true, holidays: [2026-05-05]'))
    assert trace[:4] == [
        "05-04 09:00 ann entered",
        "05-04 09:00 ann executed a",
        "05-06 09:00 ann executed b",
        "05-07 09:00 ann executed c",
    ]


def test_3_2_admitted_on_friday_day_2_is_monday_without_weekends() -> None:
    body = THREE_DAYS.replace('"09:00"', '"09:00", exclude_weekends: true')
    trace = live(body, now="2026-05-08 08:00")
    assert trace[2] == "05-11 09:00 ann executed b"


def test_3_2_a_run_at_which_a_contact_was_held_is_no_day_of_theirs() -> None:
    body = THREE_DAYS + "timeline:\n  - {at: 2026-05-06 08:00, do: mailbox, state: down}\n"
    body += "  - {at: 2026-05-07 10:00, do: mailbox, state: up}\n"
    assert live(body)[2:] == [
        "05-05 09:00 ann executed b",
        "05-06 09:00 ann held mailbox",
        "05-07 09:00 ann held mailbox",
        "05-08 09:00 ann executed c",
        "05-09 09:00 ann exited completed",
    ]


def test_3_3_several_steps_of_a_day_are_worked_in_their_order_and_a_day_without_steps_counts() -> None:
    body = THREE_DAYS.replace("key: b, day: 2", "key: b, day: 1").replace("key: c, day: 3", "key: c, day: 4")
    assert live(body) == [
        "05-04 09:00 ann entered",
        "05-04 09:00 ann executed a",
        "05-04 09:00 ann executed b",
        "05-07 09:00 ann executed c",
        "05-08 09:00 ann exited completed",
    ]


def test_3_4_who_has_counted_all_days_of_the_plan_of_that_moment_is_completed() -> None:
    body = (
        THREE_DAYS
        + """
timeline:
  - at: 2026-05-05 10:00
    do: publish
    sequence: S
    steps: [{key: a, day: 1, kind: email, template: t}]
"""
    )
    assert live(body)[2:] == ["05-05 09:00 ann executed b", "05-06 09:00 ann exited completed"]


def test_3_4_without_all_steps_the_days_go_on_and_steps_added_ahead_still_run() -> None:
    body = (
        THREE_DAYS.replace("    steps:", "    exit: {all_steps: false}\n    steps:")
        + """
timeline:
  - at: 2026-05-08 10:00
    do: publish
    sequence: S
    steps: [{key: a, day: 1, kind: email, template: t}, {key: late, day: 7, kind: task, title: Late}]
"""
    )
    assert live(body)[3:] == ["05-06 09:00 ann executed c", "05-10 09:00 ann executed late"]


EDITED = (
    THREE_DAYS
    + """
timeline:
  - at: 2026-05-05 10:00
    do: publish
    sequence: S
    steps:
      - {key: new, day: 1, kind: task, title: New}
      - {key: c, day: 2, kind: email, template: t}
      - {key: a, day: 3, kind: email, template: t}
      - {key: d, day: 4, kind: task, title: D}
"""
)


def test_3_5_a_step_that_ran_never_runs_again_and_one_on_a_passed_day_does_not_run() -> None:
    assert live(EDITED)[3:] == ["05-07 09:00 ann executed d", "05-08 09:00 ann exited completed"]


def test_3_5_open_reminders_of_a_removed_step_are_cancelled(tenant: Tenant) -> None:
    on = stage(tenant, EDITED)
    on.work("05-05 09:30")
    assert [r.state for r in on.reminders("ann")] == [Reminder.OPEN]
    on.happens("05-05 10:00", do="publish", sequence="S", steps=on.life.scenario.timeline[0].steps)
    assert [(r.kind, r.state) for r in on.reminders("ann")] == [("task", Reminder.CANCELLED)]


def test_2_26_a_condition_that_does_not_match_skips_the_step_with_its_reason() -> None:
    body = THREE_DAYS.replace(
        "kind: task, title: B", "kind: task, title: B, conditions: [{field: city, op: is, value: Rome}]"
    )
    assert live(body)[2:4] == ["05-05 09:00 ann skipped b condition", "05-06 09:00 ann executed c"]


def test_2_32_a_message_keeps_the_version_of_the_template_that_was_current_at_its_run(tenant: Tenant) -> None:
    on = stage(tenant, THREE_DAYS)
    on.work("05-04 09:00")
    on.happens("05-04 10:00", do="template", name="t", subject="New")
    on.work("05-06 09:00")
    versions = [m.mailing.template_version for m in on.messages("ann")]
    assert [v.subject for v in versions if v] == ["Hello", "New"]


def test_2_4_a_run_that_fails_leaves_nothing(tenant: Tenant) -> None:
    from sequences import ticking

    on = stage(tenant, THREE_DAYS.replace("title: B", "title: B, due: {days: 1}"))
    on.work("05-04 09:00")
    broken = on.sequence.plan.steps.get(key="b")
    broken.settings = {"title": "B", "due": {"fortnights": 1}}
    broken.save()
    with pytest.raises(ticking.Failed):
        on.work("05-05 09:00")
    assert (StepRun.objects.count(), Message.objects.count(), len(on.runs)) == (1, 1, 1)
    broken.settings = {"title": "B"}
    broken.save()
    on.work("05-05 09:00")
    assert on.step_run("ann", "b").state == StepRun.EXECUTED
