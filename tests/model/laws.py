"""What holds of every trace, whatever the file says: a check of the model itself, and of the engine."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime

from sequences.files.specs import Scenario, every_step
from sequences.trace import EVENTS, TraceEvent

AT_MOST_ONCE = ("executed", "branched", "completed")


def check_laws(scenario: Scenario, events: Iterable[TraceEvent]) -> None:
    """Raises AssertionError where a trace breaks a law that needs no simulation to be seen."""
    inside: dict[tuple[str, str], Counter[tuple[str, ...]]] = {}
    paused: set[tuple[str, str]] = set()
    left: set[tuple[str, str]] = set()
    for event in events:
        stay = (event.sequence, event.contact)
        assert event.event in EVENTS and scenario.now <= event.at <= scenario.until
        if event.event == "entered":
            assert stay not in inside, f"{stay} entered twice"
            inside[stay] = Counter()
            continue
        assert stay in inside or stay in left, f"{stay} did something outside"
        if event.event == "exited":
            del inside[stay]
            paused.discard(stay)
            left.add(stay)
        elif event.event in ("paused", "resumed"):
            check_pause(event, stay, paused)
        else:
            check_step(event, inside[stay], stay in paused)
    check_capacity(scenario, events)


def check_pause(event: TraceEvent, stay: tuple[str, str], paused: set[tuple[str, str]]) -> None:
    assert event.event == "paused" or stay in paused
    (paused.add if event.event == "paused" else paused.discard)(stay)


def check_step(event: TraceEvent, seen: Counter[tuple[str, ...]], is_paused: bool) -> None:
    """A step does one thing for a stay, and nothing while it is paused, but for what a seller records."""
    by_seller = event.event == "completed" or event.detail[1:] == ("manual",)
    assert not is_paused or by_seller
    if event.event == "held":
        return
    once = ("manual",) if by_seller else ("once",)
    seen[(*once, event.detail[0])] += 1
    assert seen[(*once, event.detail[0])] == 1, f"{event} happened twice"


def check_capacity(scenario: Scenario, events: Iterable[TraceEvent]) -> None:
    """No more automatic e-mails in a day than all users together may send."""
    mails = {
        (spec.name, step.key)
        for spec in scenario.sequences
        for steps in (spec.steps, *(e.steps or () for e in scenario.timeline if e.sequence == spec.name))
        for step in every_step(steps)
        if step.kind == "email"
    }
    days: Counter[datetime] = Counter()
    most = max(user.emails_per_day for user in scenario.users) * len(scenario.users) * 3
    for event in events:
        if event.event == "executed" and (event.sequence, event.detail[0]) in mails:
            days[event.at.replace(hour=0, minute=0)] += 1
    assert all(count <= most for count in days.values())
