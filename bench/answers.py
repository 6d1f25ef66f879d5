"""How long somebody waits for an answer: why (``explain``), what would this do (``forecast``), ``simulate``."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from statistics import quantiles
from typing import Any

from django.test import Client
from django.test.utils import override_settings

from bench import people
from bench.engine import make_sequence, run_of, say, tidied
from bench.harness import Figure, median, seconds
from messaging import outbox
from sequences.files.scenario import read_scenario
from sequences.forecast.living import forecast
from sequences.models import Enrollment, Schedule, Sequence
from sequences.simulate.life import simulate
from steps.models import Step
from tenants.models import Member, Tenant
from tenants.wall import use

INSIDE, OUTSIDE = 200, 100
SCENARIOS = Path(__file__).parents[1] / "tests" / "scenarios"
CONDITIONS: list[dict[str, Any]] = [
    {"field": "step.one.replied", "op": "is", "value": False},
    {"field": "score", "op": ">=", "value": 10},
    {"field": "tags", "op": "has_none", "value": ["cold"]},
    {"field": "account.industry", "op": "is_not", "value": "Shoes"},
]


def measure() -> Iterator[list[Figure]]:
    """explain, forecast and simulate of issue B's table."""
    say("filling 50,000 contacts ...")
    tenant = people.make_people(big=50_000, small=1_000, tenants=2)
    with use(tenant):
        sequence = make_sequence()
        ten_steps(sequence)
    say("forecast of 10,000 people and 30 days ...")
    yield [measure_forecast(tenant, sequence)]
    say("letting 10,000 in ...")
    with use(tenant):
        run_of(sequence, 1)
        outbox.accept_all(people.NOW)
    tidied()
    say("explain ...")
    yield [measure_explain(tenant, sequence)]
    say("simulate ...")
    yield [measure_simulate()]


def ten_steps(sequence: Sequence) -> None:
    """Eight more e-mails over thirty days, each with four conditions."""
    template = Step.objects.get(plan=sequence.plan, key="one").template
    for n in range(8):
        Step.objects.create(
            plan=sequence.plan, key=f"more{n}", kind="email", position=4 + n, day=4 + 3 * n, template=template,
            conditions=CONDITIONS,
        )  # fmt: skip


def measure_forecast(tenant: Tenant, sequence: Sequence) -> Figure:
    def once() -> None:
        with use(tenant):
            found = forecast(sequence, now=people.NOW - timedelta(hours=1), days=30)
            assert found.people == 10_000 and found.by_step["one"] == 10_000 and not found.cut, found

    with use(tenant):
        Schedule.objects.create(tenant_id=tenant.pk, sequence_id=sequence.pk, next_run_at=people.NOW)
    runs = [seconds(once) for _ in range(3)]
    return Figure(
        "forecast", median(runs), "s", 60, runs=runs, note="10,000 people, 10 e-mail steps, 30 days"
    )


def measure_explain(tenant: Tenant, sequence: Sequence) -> Figure:
    """The time of the whole page as the server has it, of people inside and outside."""
    client = Client()
    with use(tenant):
        client.force_login(Member.objects.get().user)
        inside = Enrollment.objects.filter(sequence=sequence).values_list("contact_id", flat=True)
        chosen = random.Random(1).sample(list(inside), INSIDE)
    chosen += random.Random(2).sample(range(1, 50_000), OUTSIDE)
    took = []
    with override_settings(ALLOWED_HOSTS=["*"]):
        for contact in [*chosen[:20], *chosen]:
            took.append(seconds(lambda: shown(client, sequence, contact)))  # noqa: B023
    runs = [1000 * one for one in took[20:]]
    worst = quantiles(runs, n=20)[-1]
    return Figure(
        "explain", worst, "ms", 50, runs=[worst], note=f"p95 of {len(runs)} pages, median {median(runs):.0f}"
    )


def shown(client: Client, sequence: Sequence, contact: int) -> None:
    status = client.get(f"/sequences/{sequence.pk}/people/{contact}/").status_code
    assert status in (200, 404), status


def measure_simulate() -> Figure:
    """The slowest of the scenario files."""
    runs = {}
    for file in sorted(SCENARIOS.glob("*.yaml")):
        scenario = read_scenario(file.read_text(encoding="utf-8"), file=file.name)
        runs[file.name] = seconds(lambda: simulate(scenario))  # noqa: B023
    slowest = max(runs, key=lambda name: runs[name])
    return Figure(
        "simulate",
        runs[slowest],
        "s",
        3,
        runs=sorted(runs.values()),
        note=f"the slowest of {len(runs)}: {slowest}",
    )
