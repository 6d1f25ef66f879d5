"""Forecasts: the days to come, as the engine then really lives them; nothing of it stays."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.apps import apps
from django.db import connection

from messaging import outbox
from sequences.commands import people
from sequences.commands.status import pause
from sequences.forecast.living import Cancelled, forecast
from sequences.forecast.results import Forecast
from sequences.models import Enrollment, Run, Sequence, StepRun
from tenants.models import Tenant, TenantModel
from tests.apps.sequences.lives import Stage, at, stage

pytestmark = pytest.mark.django_db

PEOPLE = "\n".join(
    f"  - {{id: c{n}, email: c{n}@x.example, first_name: {'Ann' if n % 3 else '~'}, city: Bonn}}"
    for n in range(9)
)
BODY = f"""
limits: {{emails_per_user_per_day: 4}}
users: [{{email: mia@us.example, name: Mia, role: rep}}]
accounts: [{{id: acme, name: Acme, industry: Software}}]
contacts:
  - {{id: ann, email: ann@acme.example, first_name: Ann, city: Bonn, account: acme, tags: [warm], shoe_size: 44}}
{PEOPLE}
opportunities: [{{id: d1, name: Deal, account: acme, contact: ann, amount: 5}}]
views: [{{name: All of Bonn, conditions: [{{field: city, op: is, value: Bonn}}]}}]
sequences:
  - name: Outbound
    kind: classic
    schedule: {{time: "09:00", timezone: Europe/Berlin, exclude_weekends: true}}
    audience: {{views: [All of Bonn], unique_email: true}}
    exit: {{conditions: [{{field: account.industry, op: is, value: Shoes}}]}}
    steps:
      - {{key: intro, day: 1, kind: email, template: t}}
      - key: bump
        day: 3
        kind: email
        template: t
        conditions: [{{field: step.intro.opened, op: is, value: false}}]
      - {{key: ring, day: 4, kind: call, title: Call, conditions: [{{field: first_name, op: not_empty}}]}}
"""


def of(there: Stage, moment: str, **options: Any) -> Forecast:
    return forecast(there.sequence, now=at(moment), **{"days": 14, **options})


def lived(there: Stage, until: str) -> list[tuple[date, dict[str, int]]]:
    """What really happened, by run: the numbers of step runs by key."""
    there.work(until)
    found: dict[date, dict[str, int]] = {}
    for run in Run.objects.order_by("ordinal"):
        keys = StepRun.objects.filter(run=run, state="executed").values_list("key", flat=True)
        assert run.local_day
        found[run.local_day] = {key: list(keys).count(key) for key in sorted(set(keys))}
    return list(found.items())


def test_a_forecast_is_what_then_happens(tenant: Tenant) -> None:
    there = stage(tenant, BODY)
    foretold = of(there, "05-04 08:30")
    assert foretold.people == 10 and foretold.left_out == 0
    assert [(day.on, dict(sorted(day.executed.items()))) for day in foretold.days] == lived(
        there, "05-18 08:30"
    )
    runs = StepRun.objects.filter(state="executed", kind="email").values_list(
        "enrollment_id", "run__local_day"
    )
    first = dict(runs.order_by("-run__ordinal"))
    assert (foretold.first_mails, foretold.first_mails_until) == (
        len(first),
        max(filter(None, first.values())),
    )
    assert foretold.held["limit"] and foretold.skipped == {"condition": 3}
    assert foretold.inside == Enrollment.objects.exclude(state="exited").count() == 0


def test_a_forecast_begins_with_those_inside(tenant: Tenant) -> None:
    there = stage(tenant, BODY)
    there.work("05-05 09:30")
    foretold = of(there, "05-05 10:00")
    later = [(on, steps) for on, steps in lived(there, "05-19 10:00") if on > date(2026, 5, 5)]
    assert [(day.on, dict(sorted(day.executed.items()))) for day in foretold.days] == later


def rows() -> dict[str, int]:
    """How many rows each table has, whoever's they are."""
    found = {}
    for model in apps.get_models():
        if issubclass(model, TenantModel) or model is Tenant or model.__name__ == "Schedule":
            found[model.__name__] = model._default_manager.count()
    return found


def test_nothing_of_it_stays(tenant: Tenant) -> None:
    there = stage(tenant, BODY)
    there.work("05-05 09:30", is_accepted=False)
    before, sequence = rows(), Sequence.objects.values().get()
    of(there, "05-05 10:00")
    assert rows() == before and Sequence.objects.values().get() == sequence
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_class WHERE relname LIKE 'forecast_%' AND relpersistence = 't'"
        )
        assert cursor.fetchone() == (0,)
    assert Tenant.objects.filter(is_scratch=True).count() == 0


def test_mails_that_wait_are_taken_as_sent(tenant: Tenant) -> None:
    there = stage(tenant, BODY)
    there.work("05-04 09:30", is_accepted=False)
    foretold = of(there, "05-04 10:00")
    outbox.accept_all(at("05-04 10:00"))
    later = [(on, steps) for on, steps in lived(there, "05-18 10:00") if on > date(2026, 5, 4)]
    assert [(day.on, dict(sorted(day.executed.items()))) for day in foretold.days] == later


def test_a_draft_is_lived_as_if_it_were_activated_now(tenant: Tenant) -> None:
    there = stage(tenant, BODY.replace("kind: classic", "kind: classic\n    status: draft"))
    foretold = of(there, "05-04 08:30")
    assert foretold.days[0].on == date(2026, 5, 4) and foretold.by_step["intro"] == 10
    assert there.sequence.status == "draft"


def test_a_paused_one_as_if_it_were_resumed_now(tenant: Tenant) -> None:
    there = stage(tenant, BODY)
    there.work("05-04 09:30")
    pause(sequence=there.sequence, by=there.sequence.owner, now=at("05-04 10:00"))
    assert of(there, "05-08 08:00").days[0].on == date(2026, 5, 8)


def test_additions_come_in(tenant: Tenant) -> None:
    there = stage(
        tenant, BODY.replace("audience: {views: [All of Bonn], unique_email: true}", "audience: {}")
    )
    by = there.sequence.owner
    people.add(sequence=there.sequence, contacts=[there.contact("ann")], by=by, now=at("05-04 08:10"))
    foretold = of(there, "05-04 08:30")
    assert foretold.people == 1 and foretold.by_step == {"intro": 1, "bump": 1, "ring": 1}


def test_the_calendar_of_one_contact(tenant: Tenant) -> None:
    there = stage(tenant, BODY)
    found = of(there, "05-04 08:30", contact_id=there.contact("c0")).had
    assert [(had.key, had.state, had.reason) for had in found] == [
        ("intro", "executed", ""),
        ("bump", "executed", ""),
        ("ring", "skipped", "condition"),
    ]
    assert found[0].on == date(2026, 5, 4)


def test_it_can_be_cancelled(tenant: Tenant) -> None:
    there = stage(tenant, BODY)
    told: list[tuple[int, int]] = []

    def progress(done: int, total: int) -> bool:
        told.append((done, total))
        return done < 3

    with pytest.raises(Cancelled):
        of(there, "05-04 08:30", progress=progress)
    assert told == [(0, 14), (1, 14), (2, 14), (3, 14)] and not Enrollment.objects.exists()


def test_it_ends_when_its_time_is_up(tenant: Tenant) -> None:
    there = stage(tenant, BODY)
    found = of(there, "05-04 08:30", seconds=0)
    assert found.cut == "time" and found.days == [] and found.until == at("05-04 09:00")


def test_a_forecast_survives_the_cache(tenant: Tenant) -> None:
    there = stage(tenant, BODY)
    found = of(there, "05-04 08:30", contact_id=there.contact("ann"))
    assert Forecast.of_json(found.as_json()) == found


def test_smart_sequences_too(tenant: Tenant) -> None:
    body = BODY.replace("kind: classic", "kind: smart").replace("exclude_weekends: true", "every_days: 2")
    for n in (1, 3, 4):
        body = body.replace(f"day: {n}, ", "").replace(f"        day: {n}\n", "")
    there = stage(tenant, body)
    foretold = of(there, "05-04 08:30", days=20)
    assert [(day.on, dict(sorted(day.executed.items()))) for day in foretold.days] == lived(
        there, "05-24 08:30"
    )
    assert timedelta(days=2) == foretold.days[1].on - foretold.days[0].on


TREE = """
users: [{email: mia@us.example, name: Mia, role: rep}]
contacts:
  - {id: ann, email: ann@x.example, lifecycle_stage: Lead}
  - {id: ben, lifecycle_stage: Lead, phone: "+4915112345678"}
sequences:
  - name: Tree
    kind: adaptive
    schedule: {hours: "09:00-17:00", exclude_weekends: true}
    audience: {conditions: [{field: lifecycle_stage, op: is, value: Lead}]}
    steps:
      - {key: a, kind: email, template: t}
      - key: seen
        kind: condition
        of: a
        event: opened
        within: {days: 2}
        yes: [{key: ring, kind: call, title: Call}]
        no:
          - {key: rest, kind: wait, for: {days: 2}}
          - {key: mark, kind: update_field, field: lifecycle_stage, value: Cold}
      - {key: b, kind: email, template: t}
"""


def test_adaptive_sequences_too(tenant: Tenant) -> None:
    there = stage(tenant, TREE)
    there.work("05-04 09:30")
    foretold = of(there, "05-04 10:00", days=6, contact_id=there.contact("ann"))
    assert [(had.on.day, had.key, had.state) for had in foretold.had if had.key != "rest"] == [
        (6, "seen", "passed"),
        (8, "mark", "executed"),
        (8, "b", "executed"),
    ]
    there.work("05-10 10:00")
    for key in ("seen", "mark", "b"):
        at_day = {had.key: had.on for had in foretold.had}[key]
        assert there.step_run("ann", key).at.date() == at_day
    assert foretold.inside == 0 and foretold.by_step["b"] == 1
