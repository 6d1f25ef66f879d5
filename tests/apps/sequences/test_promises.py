"""Promises of reliability.md that the engine keeps by its rules: R-015, R-029, R-043."""

from __future__ import annotations

import random
from collections import Counter
from contextlib import suppress
from datetime import date, timedelta
from typing import Any

import pytest

from activities.models import Reminder
from audience.fields import STANDARD
from messaging.models import Message, Template
from sequences.commands import people
from sequences.commands.editing import change_settings
from sequences.commands.planning import add_step, change_step, move_step, remove_step, switch_step
from sequences.commands.publishing import publish
from sequences.models import Enrollment, Sequence, StepRun
from sequences.reading.adding import picked
from sequences.refusals import Refused
from tenants.models import Tenant
from tests.apps.sequences.lives import at, stage
from tests.factories import ContactFactory

pytestmark = pytest.mark.django_db

CITY = next(field for field in STANDARD if (field.record, field.key) == ("contact", "city"))

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
    for city in ("Ulm", "Bonn"):
        on.happens("05-20 10:30", do="set", record="contact", record_id="ann", field=CITY, value=city)
    on.work("05-21 10:00")
    assert Enrollment.objects.count() == 1, "they match again, and nobody said that they may come again"
    assert "was in this sequence before (1 completed)" in picked(on.sequence, [on.contact("ann")]).warning
    people.add(sequence=on.sequence, contacts=[on.contact("ann")], by=on.life.by, now=at("05-21 11:00"))
    on.work("05-30 10:00")
    assert (Enrollment.objects.count(), StepRun.objects.count()) == (2, 4), "by hand they may"
    change_settings(sequence=on.sequence, by=on.life.by, now=at("05-30 11:00"), reentry_days=5)
    on.work("06-01 10:00")
    assert (Enrollment.objects.count(), StepRun.objects.count()) == (3, 6), "a full course, the old ones kept"
    assert Message.objects.filter(state="sent").count() == 6
    stays = StepRun.objects.order_by("enrollment", "key").values_list("enrollment", "key")
    assert [key for _, key in stays] == ["a", "b"] * 3, "each stay has its own course, whole"


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
    steps: [{key: a, day: 1, kind: call}, {key: b, day: 3, kind: email, template: t}, {key: c, day: 5, kind: call}]
"""


@pytest.mark.parametrize("seed", range(3))
def test_r_043_edits_while_a_hundred_are_inside_repeat_and_lose_nothing(tenant: Tenant, seed: int) -> None:
    """After each run everyone has had exactly what the plan of that moment had on their day (I8), and nothing twice.

    Of two mails of one day the second is skipped (2.26), which is had, too.
    """
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
        states = Counter(StepRun.objects.values_list("kind", "state"))
        assert (
            Reminder.objects.count()
            == rows.total() - states["email", "executed"] - states["email", "skipped"]
        )
        keys = dict(StepRun.objects.values_list("pk", "key"))
        made = Message.objects.values_list("contact", "step_run_id")
        mails = Counter((contact, keys[run or 0]) for contact, run in made)
        assert set(mails.values()) <= {1} and mails.total() == states["email", "executed"], "I1"
        assert worked.run.executed == StepRun.objects.filter(run=worked.run).count()
    assert len(had) == 100


def edit(sequence: Sequence, dice: random.Random, *, now: object) -> None:
    """Insert, change, move, switch or remove a step, and publish."""
    given = {"sequence": sequence, "by": sequence.owner, "now": now}
    keys = [step.key for step in sequence.plan.steps.all()]
    verbs = ["insert", "change", "move", "switch", "remove"]
    match dice.choice(verbs if len(keys) > 2 else ["insert"]):
        case "insert":
            template = Template.objects.get(name="t")
            what: Any = dice.choice([{"kind": "call"}, {"kind": "email", "template": template}])
            add_step(day=dice.randint(1, 12), **what, **given)  # type: ignore[arg-type]
        case "change":
            change_step(key=dice.choice(keys), name=f"Named {dice.random()}", **given)  # type: ignore[arg-type]
        case "switch":
            step = dice.choice(list(sequence.plan.steps.all()))
            others = sequence.plan.working_steps.exclude(key=step.key).exists()
            switch_step(key=step.key, is_on=step.is_off or not others, **given)  # type: ignore[arg-type]
        case "move":
            move_step(key=dice.choice(keys), day=dice.randint(1, 12), place=0, **given)  # type: ignore[arg-type]
        case "remove":
            remove_step(key=dice.choice(keys), **given)  # type: ignore[arg-type]
    with suppress(Refused):  # it changed nothing, as a step that was on and is switched on
        publish(**given)  # type: ignore[arg-type]
