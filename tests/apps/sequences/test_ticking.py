"""What is due, in order, by several workers at once (semantics 2.3), and by command (interface.md)."""

from __future__ import annotations

import io
import json
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import override_settings
from django.utils.timezone import now

from messaging.models import Message
from sequences import tasks, ticking
from sequences.models import Enrollment, Run, Schedule, Sequence, StepRun
from tenants.models import Tenant
from tenants.wall import use
from tests.apps.sequences.lives import at, stage
from tests.factories import make_tenant

EXCLUSIVE = """
  - name: {name}
    kind: classic
    schedule: {{time: "09:00"}}
    audience: {{exclusive: true, conditions: [{{field: email, op: not_empty}}]}}
    steps: [{{key: a, day: 1, kind: email, template: t}}]"""
PEOPLE = ", ".join(f"{{id: c{n}, email: c{n}@x.example}}" for n in range(20))
BODY = (
    f"contacts: [{PEOPLE}]\nlimits: {{emails_per_user_per_day: 7}}\nsequences:"
    + "".join(EXCLUSIVE.format(name=name) for name in "AB")
    + "\n"
)


@pytest.fixture
def committed(transactional_db: None) -> Iterator[Tenant]:
    """A tenant whose rows other connections see."""
    tenant = make_tenant()
    with use(tenant):
        stage(tenant, BODY)
    yield tenant
    Schedule.objects.all().delete()


def closing(tenant_id: int) -> tuple[list[ticking.Worked], list[ticking.Failed]]:
    try:
        return ticking.work_tenant(tenant_id, now=at("05-04 09:00"))
    finally:
        connection.close()


@pytest.mark.django_db(transaction=True)
def test_2_3_two_ticks_at_once_neither_run_twice_nor_fill_exclusive_sequences_twice(
    committed: Tenant,
) -> None:
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(closing, [committed.pk] * 4))
    assert not [failure for _, failed in found for failure in failed]
    worked = Counter(one.sequence.name for done, _ in found for one in done)
    assert worked == {"A": 1, "B": 1}
    with use(committed):
        assert Run.objects.count() == 2
        assert Enrollment.objects.values("contact").distinct().count() == Enrollment.objects.count() == 20
        assert StepRun.objects.count() == Message.objects.count() == 7


@pytest.mark.django_db(transaction=True)
def test_a_run_that_fails_is_tried_again_by_the_next_tick_and_keeps_nobody_else_waiting(
    committed: Tenant,
) -> None:
    with use(committed):
        first = Sequence.objects.order_by("pk")[0]
        step = first.plan.steps.get()
        kind, step.kind = step.kind, "dance"
        step.save()
    done, failed = ticking.work_tenant(committed.pk, now=at("05-04 09:00"))
    assert ([one.sequence.name for one in done], [one.sequence_id for one in failed]) == (["B"], [first.pk])
    with use(committed):
        assert "tried again" in Sequence.objects.get(pk=first.pk).problem
        step.kind = kind
        step.save()
    assert ticking.work_tenant(committed.pk, now=at("05-04 09:00:30")) == ([], [])
    done, failed = ticking.work_tenant(committed.pk, now=at("05-04 09:01"))
    assert ([one.sequence.name for one in done], failed) == (["A"], [])
    with use(committed):
        assert Sequence.objects.get(pk=first.pk).problem == ""
    assert Schedule.objects.get(sequence_id=first.pk).retry_at is None


def test_conditions_that_cannot_be_read_any_more_are_named_on_the_sequence(tenant: Tenant) -> None:
    on = stage(tenant, BODY)
    conditions = [{"field": "email", "op": "resembles", "value": "x"}]
    Sequence.objects.filter(pk=on.sequence.pk).update(entry_conditions=conditions)
    _, (failure,) = ticking.work_tenant(tenant.pk, now=at("05-04 09:00"))
    assert "resembles" in failure.words
    assert on.sequence.problem == failure.words


@pytest.mark.django_db(transaction=True)
def test_the_bell_works_all_that_is_due_in_each_tenant(committed: Tenant) -> None:
    assert ticking.tenants_due(at("05-04 08:59")) == []
    assert ticking.tenants_due(at("05-04 09:00")) == [committed.pk]
    tasks.tick_tenant(committed.pk)
    assert ticking.tenants_due(now()) == []


def test_a_sequence_that_is_gone_leaves_no_schedule_behind(tenant: Tenant) -> None:
    Schedule.objects.create(tenant_id=tenant.pk, sequence_id=10**9, next_run_at=at("05-04 09:00"))
    assert ticking.work_tenant(tenant.pk, now=at("05-04 09:00")) == ([], [])
    assert not Schedule.objects.filter(sequence_id=10**9).exists()


# the command


def tick(*arguments: str) -> list[str]:
    out = io.StringIO()
    call_command("tick", *arguments, stdout=out)
    return out.getvalue().splitlines()


def test_tick_prints_an_object_for_each_run_with_instants_before_its_own_as_on_time(tenant: Tenant) -> None:
    stage(tenant, BODY)
    lines = tick("--at", "2026-05-05T08:00:00+02:00", "--tenant", tenant.slug, "--json")
    assert [json.loads(line) for line in lines] == [
        {
            "tenant": tenant.slug,
            "sequence": name,
            "scheduled_for": "2026-05-04T09:00:00+02:00",
            "entered": entered,
            "executed": executed,
            "skipped": 0,
            "held": entered - executed,
            "exited": 0,
            "missed": False,
        }
        for name, entered, executed in (("A", 20, 7), ("B", 0, 0))
    ]


def test_tick_prints_a_line_for_each_run_and_nothing_when_nothing_is_due(tenant: Tenant) -> None:
    stage(tenant, BODY)
    assert tick("--at", "2026-05-04T06:00", "--tenant", tenant.slug) == []
    first, _ = tick("--at", "2026-05-04T07:00", "--tenant", tenant.slug)
    assert (
        first == f"{tenant.slug}  A  2026-05-04 09:00  20 entered  7 executed  0 skipped  13 held  0 exited"
    )


@pytest.mark.parametrize("arguments", [("--tenant", "no-such-place"), ("--at", "yesterday")])
def test_tick_refuses_a_wrong_argument_with_2(arguments: tuple[str, str], db: None) -> None:
    with pytest.raises(CommandError) as refused:
        tick(*arguments)
    assert refused.value.returncode == 2


@override_settings(MODE="production")
def test_tick_takes_no_other_time_in_production(db: None) -> None:
    with pytest.raises(CommandError, match="demonstration and tests"):
        tick("--at", "2026-05-04T07:00")


def test_a_run_keeps_what_it_did_and_the_sequence_its_counters(tenant: Tenant) -> None:
    on = stage(tenant, BODY)
    on.work("05-05 09:00")
    first = on.runs[0]
    assert (first.entered, first.executed, first.held, first.reasons["held"]) == (20, 7, 13, {"limit": 13})
    assert first.duration_ms is not None
    counted = on.sequence.counters
    assert (counted["entered"], counted["active"], counted["held"]) == (20, 13, 6)
    assert counted["exited"] == {"completed": 7}
    assert (counted["steps"]["a"]["executed"], counted["steps"]["a"]["skipped"]) == (14, 0)
    assert on.sequence.counted_at == on.runs[-1].scheduled_for
    assert on.next_run == first.scheduled_for + timedelta(days=2)


def test_tick_says_what_failed_before_and_waits_for_its_next_try(
    tenant: Tenant, capsys: pytest.CaptureFixture[str]
) -> None:
    on = stage(tenant, BODY)
    Schedule.objects.filter(sequence_id=on.sequence.pk).update(
        failures=1, retry_at=at("05-04 09:01"), next_run_at=at("05-04 09:00")
    )
    call_command("tick", at="2026-05-04T09:00:30+02:00")
    said = capsys.readouterr().err
    assert f"{tenant.slug}: {on.sequence.name}: its run failed and is tried again at 2026-05-04" in said
    call_command("tick", at="2026-05-04T08:59:00+02:00")
    assert "tried again" not in capsys.readouterr().err
