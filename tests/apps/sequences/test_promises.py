"""Promises of reliability.md that the engine keeps by its rules: R-015, R-029, R-043."""

from __future__ import annotations

import random
from collections import Counter
from datetime import date, timedelta

import pytest

from activities.models import Reminder
from messaging.models import Message
from sequences.commands import people
from sequences.commands.editing import change_settings
from sequences.commands.planning import add_step, move_step, remove_step
from sequences.commands.publishing import publish
from sequences.models import Enrollment, Sequence, StepRun
from tenants.models import Tenant
from tests.apps.sequences.lives import at, stage
from tests.factories import ContactFactory

pytestmark = pytest.mark.django_db

AGAIN = """
contacts: [{id: ann, email: ann@x.example, city: Bonn}]
sequences:
  - name: S
    kind: classic
    schedule: {time: "09:00"}
    audience: {conditions: [{field: city, op: is, value: Bonn}]}
    steps: [{key: a, day: 1, kind: email, template: t}, {key: b, day: 2, kind: email, template: t}]
"""


def test_r_015_nobody_comes_again_by_themselves_until_the_sequence_says_so(tenant: Tenant) -> None:
    on = stage(tenant, AGAIN)
    on.work("05-20 10:00")
    assert Enrollment.objects.get().exit_reason == "completed"
    assert StepRun.objects.count() == 2, "they match all the while"
    people.add(sequence=on.sequence, contacts=[on.contact("ann")], by=on.life.by, now=at("05-20 11:00"))
    on.work("05-30 10:00")
    assert (Enrollment.objects.count(), StepRun.objects.count()) == (2, 4), "by hand they may"
    change_settings(sequence=on.sequence, by=on.life.by, now=at("05-30 11:00"), reentry_days=5)
    on.work("06-01 10:00")
    assert (Enrollment.objects.count(), StepRun.objects.count()) == (3, 6), "a full course, the old ones kept"
    assert Message.objects.filter(state="sent").count() == 6


def test_r_029_excluded_days_are_those_of_the_sequences_zone(tenant: Tenant) -> None:
    """Friday 17:30 in Los Angeles is Saturday for the contact in Tokyo and for the server."""
    schedule = (
        '{time: "17:30", timezone: America/Los_Angeles, exclude_weekends: true, holidays: [2026-05-11]}'
    )
    body = AGAIN.replace('{time: "09:00"}', schedule).replace(
        "city: Bonn}", "city: Bonn, timezone: Asia/Tokyo}"
    )
    on = stage(tenant, body.replace("day: 2", "day: 5"))
    on.work("05-14 12:00")
    days = [run.local_day for run in on.runs]
    assert days == [date(2026, 5, day) for day in (4, 5, 6, 7, 8, 12, 13)]
    assert [f"{run.at.astimezone():%m-%d %H:%M}" for run in StepRun.objects.order_by("at")] == [
        "05-05 00:30",
        "05-09 00:30",
    ]


MANY = """
sequences:
  - name: S
    kind: classic
    schedule: {time: "09:00"}
    audience: {conditions: [{field: city, op: is, value: Bonn}]}
    steps: [{key: a, day: 1, kind: call}, {key: b, day: 3, kind: call}, {key: c, day: 5, kind: call}]
"""


@pytest.mark.parametrize("seed", range(3))
def test_r_043_edits_while_a_hundred_are_inside_repeat_and_lose_nothing(tenant: Tenant, seed: int) -> None:
    """After each run everyone has had exactly what the plan of that moment had on their day, and nothing twice."""
    on, dice = stage(tenant, MANY), random.Random(seed)
    had: dict[int, Counter[str]] = {}
    days: dict[int, int] = {}
    for n in range(14):
        ContactFactory.create_batch(20 if n < 5 else 0, city="Bonn")
        edit(on.sequence, dice, now=at("05-04 07:00") + timedelta(days=n))
        plan = [(step.day, step.key) for step in on.sequence.plan.working_steps]
        (worked,) = on.work(f"05-{4 + n:02} 10:00")
        inside = set(Enrollment.objects.filter(state="active").values_list("pk", flat=True))
        for stay in inside:
            days[stay] = days.get(stay, 0) + 1
            due = {key for day, key in plan if day == days[stay]}
            had.setdefault(stay, Counter()).update(due - set(had[stay]))
        rows = Counter(StepRun.objects.values_list("enrollment", "key"))
        assert {(stay, key): 1 for stay in had for key in had[stay]} == rows
        assert Reminder.objects.count() == rows.total(), "what a person is told to do is told once"
        assert worked.run.executed == StepRun.objects.filter(run=worked.run).count()
    assert len(had) == 100


def edit(sequence: Sequence, dice: random.Random, *, now: object) -> None:
    """Insert, move or remove a step, and publish."""
    given = {"sequence": sequence, "by": sequence.owner, "now": now}
    keys = [step.key for step in sequence.plan.steps.all()]
    match dice.choice(["insert", "move", "remove"] if len(keys) > 1 else ["insert"]):
        case "insert":
            add_step(kind="call", day=dice.randint(1, 12), **given)  # type: ignore[arg-type]
        case "move":
            move_step(key=dice.choice(keys), day=dice.randint(1, 12), place=0, **given)  # type: ignore[arg-type]
        case "remove":
            remove_step(key=dice.choice(keys), **given)  # type: ignore[arg-type]
    publish(**given)  # type: ignore[arg-type]
