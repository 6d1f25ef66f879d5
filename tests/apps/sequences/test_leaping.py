"""The runs that a simulation leaves out would have done nothing, and are kept as if they had been lived through."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from django.db import transaction

from messaging import outbox
from sequences import ticking
from sequences.engine import recorder
from sequences.files.loading import load
from sequences.files.scenario import read_scenario
from sequences.models import Enrollment, Run
from sequences.simulate.life import Life, in_effect, live, start, trace
from sequences.simulate.outages import Outages
from sequences.simulate.quiet import Quiet
from sequences.simulate.timeline import happen
from sequences.trace import TraceEvent, lines
from sequences.turns import next_due
from tenants.commands import add_member, create_tenant
from tenants.wall import use
from tests.model.generate import file_of_seed

Living = Callable[[Life], list[TraceEvent]]

RUN = (
    *("sequence__name", "ordinal", "local_day", "scheduled_for", "started_at"),
    *("entered", "executed", "skipped", "held", "exited", "resumed"),
)
STAY = ("contact__email", "state", "day1_run", "paused_after", "exited_at", "exit_reason", "held_reason")


@dataclass(frozen=True)
class Lived:
    """What came of a scenario; ``left_out``: so many runs were not lived through."""

    printed: list[str]
    runs: list[tuple[Any, ...]]
    stays: list[tuple[Any, ...]]
    left_out: int


def lived(text: str, living: Living) -> Lived:
    scenario = read_scenario(text, file="here")
    with transaction.atomic():
        slug = f"scratch-{secrets.token_hex(8)}"
        zone = scenario.timezone.key
        tenant = create_tenant(slug=slug, name=slug, timezone=zone, is_scratch=True, postal_address="-")
        with use(tenant), recorder.recording():
            world = load(scenario, at=scenario.now)
            by = add_member(email=f"{slug}@localhost", name="Somebody", role="admin")
            printed = lines(living(Life(scenario, tenant, world, by)), named=True)
            found = Lived(
                printed,
                runs=list(Run.objects.order_by("scheduled_for", "sequence").values_list(*RUN)),
                stays=list(Enrollment.objects.order_by("sequence", "contact", "pk").values_list(*STAY)),
                left_out=Run.objects.filter(duration_ms=None, ordinal__isnull=False).count(),
            )
        transaction.set_rollback(True)
    return found


def run_by_run(life: Life) -> list[TraceEvent]:
    """Every single run of a classic or smart sequence is lived through."""
    start(life)
    scenario, quiet = life.scenario, Quiet()
    outages = Outages.of(scenario.timeline)
    events = [(event, at) for event, at in in_effect(scenario.timeline, outages) if at <= scenario.until]
    for event, moment in [*events, (None, scenario.until)]:
        while (due := next_due(life.tenant.pk)) is not None:
            at = outages.over_at(due)
            if at > moment or (at == moment and event is not None):
                break
            worked = ticking.work_first(life.tenant.pk, now=at, deliver=outbox.accept_all)
            if worked is not None:
                quiet.worked(worked, at)
        if event is None:
            break
        happen(event, life.world, by=life.by, now=moment)
        quiet.stirred(moment)
    return trace(life.world)


def compared(text: str) -> Lived:
    leaping, every = lived(text, live), lived(text, run_by_run)
    assert leaping.printed == every.printed
    assert leaping.stays == every.stays
    assert leaping.runs == every.runs
    assert every.left_out == 0
    return leaping


def scenario(sequence: str, rest: str = "timeline: []") -> str:
    return f"""
scenario: with days on which nothing happens
now: 2026-05-04 08:00
timezone: Europe/Berlin
until: 2026-06-30 12:00
contacts:
  - {{id: ann, email: ann@n.example, lifecycle_stage: Lead, score: 5}}
  - {{id: ben, email: ben@n.example, lifecycle_stage: Lead}}
templates:
  t: {{subject: Hello, body: "<p>A word.</p>"}}
sequences:
  - name: Long
    audience: {{conditions: [{{field: lifecycle_stage, op: is, value: Lead}}]}}
    {sequence}
{rest}
"""


CLASSIC = """kind: classic
    schedule: {time: "09:00", exclude_weekends: true}
    steps:
      - {key: one, day: 1, kind: email, template: t}
      - {key: two, day: 12, kind: email, template: t}
      - {key: end, day: 30, kind: task, title: End}"""
SMART = """kind: smart
    schedule: {time: "09:00", every_days: 3}
    steps:
      - {key: one, kind: email, template: t}
      - {key: two, kind: email, template: t, conditions: [{field: score, op: ">", value: 10}]}"""


def test_the_days_between_steps_are_left_out(db: None) -> None:
    found = compared(scenario(CLASSIC))
    assert found.left_out > 20
    assert [run[1] for run in found.runs] == list(range(1, len(found.runs) + 1))


def test_what_comes_in_on_such_a_day_is_seen_by_the_next_run(db: None) -> None:
    events = """timeline:
  - {at: 2026-05-12 10:00, do: auto_reply, contact: ann, until: 2026-05-21}
  - {at: 2026-05-27 10:00, do: set, contact: ben, field: lifecycle_stage, value: Customer}
  - {at: 2026-05-28 08:00, do: outage, until: 2026-05-30 11:00}
  - {at: 2026-06-02 10:00, do: pause, sequence: Long, contact: ben}
  - {at: 2026-06-09 10:00, do: resume, sequence: Long, contact: ben}"""
    assert compared(scenario(CLASSIC, events)).left_out > 10


def test_a_smart_sequence_leaves_out_runs_at_which_no_step_matches(db: None) -> None:
    later = "timeline: [{at: 2026-06-10 10:00, do: set, contact: ann, field: score, value: 50}]"
    found = compared(scenario(SMART, later))
    assert found.left_out > 5 and any("executed" in line and "two" in line for line in found.printed)


def test_a_condition_that_knows_the_date_is_asked_at_each_run(db: None) -> None:
    dated = CLASSIC + (
        "\n    exit: {conditions: [{field: last_sent_at, op: not_in_last_days, value: 9}], match: all}"
    )
    assert compared(scenario(dated)).left_out == 0


@pytest.mark.parametrize("seed", range(8))
def test_drawn_files_come_out_the_same_run_by_run(seed: int, db: None) -> None:
    compared(file_of_seed(7_000 + seed))
