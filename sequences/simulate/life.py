"""The virtual clock: what happens from outside, and the runs between, each at its instant (semantics 2.3, 2.7, 6.7)."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from django.db import transaction

from messaging import outbox
from sequences import enrollment, ticking
from sequences.commands import status
from sequences.engine import recorder
from sequences.files.loading import World, load
from sequences.files.specs import Scenario, TimelineEvent
from sequences.models import Status
from sequences.simulate.leap import leap
from sequences.simulate.outages import Outages
from sequences.simulate.quiet import Quiet
from sequences.simulate.timeline import happen
from sequences.trace import TraceEvent
from sequences.turns import next_due
from tenants.commands import add_member, create_tenant
from tenants.models import Member, Tenant
from tenants.wall import use


@dataclass(frozen=True)
class Life:
    """A scratch tenant with everything of a file in it."""

    scenario: Scenario
    tenant: Tenant
    world: World
    by: Member


def simulate(scenario: Scenario) -> list[TraceEvent]:
    """Live through a scenario and leave nothing behind: all of it is one transaction that is rolled back."""
    with transaction.atomic():
        slug = f"scratch-{secrets.token_hex(8)}"
        tenant = create_tenant(
            slug=slug, name=slug, timezone=scenario.timezone.key, is_scratch=True, postal_address="-"
        )
        with use(tenant), recorder.recording():
            world = load(scenario, at=scenario.now)
            by = add_member(email=f"{slug}@localhost", name="Simulation", role="admin")
            found = live(Life(scenario, tenant, world, by))
        transaction.set_rollback(True)
    return found


def live(life: Life) -> list[TraceEvent]:
    """From the beginning to the end of the file; the trace."""
    scenario = life.scenario
    start(life)
    outages, quiet = Outages.of(scenario.timeline), Quiet()
    for event, at in in_effect(scenario.timeline, outages):
        if at > scenario.until:
            break
        run_before(life, outages, quiet, until=at)
        happen(event, life.world, by=life.by, now=at)
        quiet.stirred(at)
    run_before(life, outages, quiet, until=scenario.until, is_inclusive=True)
    return trace(life.world)


def start(life: Life) -> None:
    """Bring the sequences, loaded as drafts, into the status that the file gives them."""
    for spec in life.scenario.sequences:
        (row,) = enrollment.hold_rows([life.world.sequences[spec.name].pk])
        if spec.status == Status.ACTIVE:
            status.begin(row, now=life.scenario.now)
        elif spec.status != Status.DRAFT:
            row.status = Status(spec.status)
            row.save(update_fields=["status"])


def in_effect(
    timeline: Iterable[TimelineEvent], outages: Outages
) -> Iterable[tuple[TimelineEvent, datetime]]:
    """The events with the instant at which they are taken in: during an outage its end."""
    return ((event, outages.over_at(event.at)) for event in timeline if event.do != "outage")


def run_before(
    life: Life, outages: Outages, quiet: Quiet, *, until: datetime, is_inclusive: bool = False
) -> None:
    """Every run that happens before ``until`` (what comes from outside at an instant comes before its runs)."""

    def comes_before(at: datetime) -> bool:
        return at < until or (at == until and is_inclusive)

    while (due := next_due(life.tenant.pk)) is not None:
        at = outages.over_at(due)
        if not comes_before(at):
            return
        worked = ticking.work_first(life.tenant.pk, now=at, deliver=outbox.accept_all)
        if worked is not None:
            quiet.worked(worked, at)
            leap(worked, may_come=lambda at: comes_before(at) and outages.over_at(at) == at)


def trace(world: World) -> list[TraceEvent]:
    """What was recorded, in the names of the file."""
    contacts = world.contact_names()
    names = {sequence.pk: name for name, sequence in world.sequences.items()}
    return [
        TraceEvent(
            at=noted.at,
            contact=contacts[noted.contact_id],
            event=noted.event,
            detail=noted.detail,
            sequence=names[noted.sequence_id],
            zone=ZoneInfo(noted.zone),
        )
        for noted in recorder.noted()
    ]
