"""What a forecast says of the coming days is what then happens if nobody reacts: random worlds, at random moments."""

from __future__ import annotations

import random
import secrets
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import transaction

from messaging import outbox
from sequences import enrollment, ticking
from sequences.engine import recorder
from sequences.files.loading import load
from sequences.files.scenario import read_scenario
from sequences.forecast.beside import MOST_BESIDE, beside
from sequences.forecast.living import forecast
from sequences.forecast.results import Day, days_of
from sequences.models import Schedule, Sequence, Wake
from sequences.simulate.life import Life, in_effect, run_before, start
from sequences.simulate.outages import Outages
from sequences.simulate.quiet import Quiet
from sequences.simulate.timeline import happen
from sequences.turns import next_due
from tenants.commands import add_member, create_tenant
from tenants.wall import use
from tests.model.generate import file_of_seed

DAYS = 5


def differing(text: str, *, seed: int) -> Iterator[str]:
    """Of each active sequence the days on which a forecast and what then happened differ."""
    scenario, drawn = read_scenario(text, file="drawn"), random.Random(seed)
    with transaction.atomic():
        slug = f"scratch-{secrets.token_hex(8)}"
        zone = scenario.timezone.key
        tenant = create_tenant(slug=slug, name=slug, timezone=zone, is_scratch=True, postal_address="-")
        with use(tenant), recorder.recording():
            world = load(scenario, at=scenario.now)
            life = Life(
                scenario, tenant, world, add_member(email=f"{slug}@localhost", name="R", role="admin")
            )
            now = scenario.now + (scenario.until - scenario.now) * drawn.random() / 2
            live_until(life, now)
            for sequence in Sequence.objects.filter(status="active").select_related("plan").order_by("pk"):
                found = forecast(sequence, now=now, days=DAYS, seconds=3600)
                said, done = plain(found.days), plain(lived(life, sequence, now))
                off = [on for on in sorted(said.keys() | done.keys()) if said.get(on) != done.get(on)]
                for on in off[:1]:
                    yield f"{sequence.name}, {on}: said {said.get(on)}, done {done.get(on)}"
        transaction.set_rollback(True)


def lived(life: Life, sequence: Sequence, now: datetime) -> list[Day]:
    """The days of a sequence as they then come. Sequences that share no sender with it stand still, as is said."""
    before = enrollment.last_ordinal(sequence.pk)
    moving = [sequence.pk, *(other.pk for other in beside(sequence)[:MOST_BESIDE])]
    with transaction.atomic():
        go_on(life, now, now + timedelta(days=DAYS), moving)
        found = days_of(sequence, after=before)
        transaction.set_rollback(True)
    return found


def plain(days: list[Day]) -> dict[Any, Any]:
    values = {day.on: {k: v for k, v in vars(day).items() if k not in ("on", "at") and v} for day in days}
    return {on: value for on, value in values.items() if value}


def live_until(life: Life, now: datetime) -> None:
    start(life)
    outages, quiet = Outages.of([]), Quiet()
    for event, at in in_effect(life.scenario.timeline, outages):
        if at > now:
            break
        run_before(life, outages, quiet, until=at)
        happen(event, life.world, by=life.by, now=at)
        quiet.stirred(at)
    run_before(life, outages, quiet, until=now)


def go_on(life: Life, now: datetime, until: datetime, moving: list[int]) -> None:
    quiet = Quiet()
    still = Schedule.objects.filter(tenant_id=life.tenant.pk).exclude(sequence_id__in=moving)
    while True:
        still.update(next_run_at=None)
        Wake.objects.filter(schedule__in=still).delete()
        if (due := next_due(life.tenant.pk)) is None or due > until:
            return
        at = max(due, now)
        worked = ticking.work_first(life.tenant.pk, now=at, deliver=outbox.accept_all)
        if worked is not None:
            quiet.worked(worked, at)


def check_seed(seed: int, *, is_small: bool = False) -> None:
    text = file_of_seed(seed, is_small=is_small)
    assert list(differing(text, seed=seed)) == [], f"seed {seed}"


@pytest.mark.parametrize("seed", [0, 1, 2, 3, 5, 6])
def test_a_forecast_says_what_then_happens(db: None, seed: int) -> None:
    check_seed(seed, is_small=True)


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_a_forecast_says_what_then_happens_in_many_worlds(db: None) -> None:
    for seed in range(150):
        check_seed(seed)
