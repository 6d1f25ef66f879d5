"""The counters of a sequence, made anew at the end of each run (F-25, screens §4)."""

from __future__ import annotations

from contextlib import nullcontext
from datetime import datetime
from typing import Any

from messaging.sent import IN_DOUBT
from sequences.engine.planning import MANY, as_sets
from sequences.engine.sql import rows
from sequences.models import Sequence

PEOPLE = """
    SELECT state, exit_reason, held_reason, count(*)
    FROM sequences_enrollment WHERE sequence_id = %s GROUP BY state, exit_reason, held_reason
"""
OF_STEP = (
    *("executed", "skipped", "passed", "sent", "opened", "clicked", "replied", "bounced"),
    *("machine_opened", "machine_clicked"),
)
MARKS = ", ".join(f"count(r.{mark}_at) FILTER (WHERE r.id NOT IN ({IN_DOUBT}))" for mark in OF_STEP[3:])
STEPS = f"""
    SELECT r.key, count(*) FILTER (WHERE r.state = 'executed'), count(*) FILTER (WHERE r.state = 'skipped'),
           count(*) FILTER (WHERE r.state = 'passed'), {MARKS}
    FROM sequences_enrollment e JOIN sequences_steprun r ON r.enrollment_id = e.id
    WHERE e.sequence_id = %s GROUP BY r.key
"""


def refresh(sequence: Sequence, *, now: datetime) -> dict[str, Any]:
    """Count and keep: people by state and by reason, and what each step came to.

    ``{"entered", "active", "paused", "held", "exited": {reason: n}, "steps": {key: {"executed", "skipped", "passed",
    "sent", "opened", "clicked", "replied", "bounced", "machine_opened", "machine_clicked"}}}``; each counts stays, a
    step of a stay once.
    """
    counted: dict[str, Any] = {"entered": 0, "active": 0, "paused": 0, "held": 0, "exited": {}, "steps": {}}
    for state, exit_reason, held_reason, number in rows(PEOPLE, [sequence.pk]):
        counted["entered"] += number
        if state == "exited":
            counted["exited"][exit_reason] = counted["exited"].get(exit_reason, 0) + number
            continue
        counted[state] += number
        if held_reason:
            counted["held"] += number
    with as_sets() if counted["entered"] >= MANY else nullcontext():
        steps = rows(STEPS, [sequence.pk])
    for key, *numbers in steps:
        counted["steps"][key] = dict(zip(OF_STEP, numbers, strict=True))
    sequence.counters, sequence.counted_at = counted, now
    sequence.save(update_fields=["counters", "counted_at"])
    return counted
