"""What Why says that the next run decides is what the next run then does: random worlds, at random moments."""

from __future__ import annotations

import random
import secrets
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

import pytest
from django.db import transaction

from audience.models import Contact
from messaging import outbox
from sequences import ticking
from sequences.engine import recorder
from sequences.explain import Explanation, explain
from sequences.files.loading import load
from sequences.files.scenario import read_scenario
from sequences.models import Sequence
from sequences.reading.material import Material
from sequences.simulate.life import Life, in_effect, start
from sequences.simulate.outages import Outages
from sequences.simulate.quiet import Quiet
from sequences.simulate.timeline import happen
from sequences.turns import due_by, next_due
from tenants.commands import add_member, create_tenant
from tenants.wall import use
from tests.model.generate import file_of_seed

SLOW = 0.3
"""So often mails leave only before the next run."""

EVENTS = {"entered", "executed", "skipped", "held", "exited", "branched"}


@dataclass(frozen=True)
class Said:
    """What was said of the next run, in the words of the trace, and when it would be."""

    at: datetime | None
    events: list[str]


def said_of(found: Explanation) -> Said:
    """What Why says. In a tree a hold that goes on leaves no trace (semantics 5.11)."""
    if not found.is_inside:
        return Said(found.next_run.at if found.next_run else None, ["entered"] if found.comes_in else [])
    told, stay = found.told, found.stay
    assert told is not None and stay is not None
    if told.leaves is not None:
        return Said(told.leaves.at, [f"exited {told.leaves.reason}"])
    verdicts = [(one.step.key, one.verdict) for one in told.next if one.verdict]
    held = next((verdict.hold for _, verdict in verdicts if verdict.hold), "")
    if held:
        is_known = found.material.sequence.kind == "adaptive" and held == stay.held_reason
        return Said(told.run_at, [] if is_known else [f"held {held}"])
    events = []
    for key, verdict in verdicts:
        if verdict.answer is not None:
            events.append(f"branched {key} {'yes' if verdict.answer else 'no'}")
        else:
            events.append(f"skipped {key} {verdict.skip}" if verdict.skip else f"executed {key}")
    return Said(told.run_at, events)


@dataclass
class Watched:
    """One run: what was said of whom before it, and what it did."""

    sequence: Sequence
    at: datetime
    said: dict[int, Said]
    done: dict[int, list[str]] = field(default_factory=dict)

    def differences(self) -> Iterator[str]:
        for contact, said in self.said.items():
            done = [event for event in self.done.get(contact, []) if event != "resumed"]
            expected = said.events if said.at == self.at else []
            is_first = done[:1] == ["entered"] or "exited" in "".join(expected)
            if is_first or (expected and self.sequence.kind == "adaptive"):
                done, expected = done[:1], expected[:1]  # what the same instant does next is not foretold
            if sorted(done) != sorted(expected):
                yield f"{self.at} {self.sequence.name} contact {contact}: said {said}, done {done}"


def watched(text: str, *, seed: int, chance: float) -> Iterator[Watched]:
    """Some of the runs of a file that is lived through; nothing of it stays."""
    scenario, drawn = read_scenario(text, file="drawn"), random.Random(seed)
    with transaction.atomic():
        slug = f"scratch-{secrets.token_hex(8)}"
        zone = scenario.timezone.key
        tenant = create_tenant(slug=slug, name=slug, timezone=zone, is_scratch=True, postal_address="-")
        with use(tenant), recorder.recording():
            world = load(scenario, at=scenario.now)
            by = add_member(email=f"{slug}@localhost", name="Reader", role="admin")
            yield from _runs(Life(scenario, tenant, world, by), drawn, chance)
        transaction.set_rollback(True)


def _runs(life: Life, drawn: random.Random, chance: float) -> Iterator[Watched]:
    """What is said is said at the run or at any moment since which nothing happened."""
    start(life)
    scenario, quiet = life.scenario, Quiet()
    outages, last = Outages.of(scenario.timeline), scenario.now
    for event, moment in [*in_effect(scenario.timeline, outages), (None, scenario.until)]:
        if moment > scenario.until:
            return
        while (due := next_due(life.tenant.pk)) is not None:
            at = outages.over_at(due)
            if at > moment or (at == moment and event is not None):
                break
            is_asked, late = at == due and drawn.random() < chance, drawn.random() < SLOW
            if not late:  # else mails stay a while
                outbox.accept_all(at)
                last = at
            said = _all_said(life, due, now=drawn.choice([last, at])) if is_asked else {}
            before, last = len(recorder.noted()), at
            worked = ticking.work_first(life.tenant.pk, now=at, deliver=keep if late else outbox.accept_all)
            if worked is None:
                continue
            quiet.worked(worked, at)
            if worked.sequence.pk in said:
                found = Watched(worked.sequence, at, said[worked.sequence.pk])
                for noted in recorder.noted()[before:]:
                    if noted.sequence_id == worked.sequence.pk:
                        found.done.setdefault(noted.contact_id, []).append(
                            " ".join([noted.event, *noted.detail])
                        )
                yield found
        if event is not None:
            happen(event, life.world, by=life.by, now=moment)
            quiet.stirred(moment)
            last = moment


def keep(now: datetime) -> None:
    """What becomes of messages that leave later."""


def _all_said(life: Life, due: datetime, *, now: datetime) -> dict[int, dict[int, Said]]:
    """Of each sequence that is due: what is said of each contact."""
    turns = [turn.sequence_id for turn in due_by(due, tenant_id=life.tenant.pk) if turn.due_at == due]
    sequences = Sequence.objects.select_related("plan").filter(pk__in=turns)
    return {
        one.pk: {
            contact.pk: said_of(explain(Material(one, life.by, one.plan), contact, now=now))
            for contact in Contact.objects.order_by("pk")
        }
        for one in sequences
    }


def check_seed(seed: int, *, chance: float, is_small: bool = False) -> Counter[str]:
    """How many events of which kind were foretold."""
    foretold: Counter[str] = Counter()
    for one in watched(file_of_seed(seed, is_small=is_small), seed=seed, chance=chance):
        assert list(one.differences()) == [], f"seed {seed}"
        foretold.update(event.split()[0] for said in one.said.values() for event in said.events)
    return foretold


@pytest.mark.parametrize("seed", range(8))
def test_why_says_what_the_next_run_does(db: None, seed: int) -> None:
    check_seed(seed, chance=0.3, is_small=True)


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_why_says_what_the_next_run_does_in_many_worlds(db: None) -> None:
    foretold = sum((check_seed(seed, chance=0.15) for seed in range(150)), Counter())
    assert foretold.keys() >= EVENTS, foretold
