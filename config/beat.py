"""All that happens without a user: one table.

An entry rings a task; the task looks in PostgreSQL for what is due. So a bell may be lost or rung twice, and two
beats may run beside each other.
"""

from typing import Any

TICK = "sequences.tasks.tick"
HOUR = 3600.0


def table(*, tick: float, delivery: float, heartbeat: float) -> dict[str, dict[str, Any]]:
    """The beat table: name, task, seconds between two rings. A bell that nobody hears in that time is not kept."""
    entries: dict[str, tuple[str, float]] = {
        "runs": (TICK, tick),
        "imports": ("audience.tasks.work_due_imports", tick),
        "jobs on records": ("audience.tasks.work_due_records", tick),
        "abandoned uploads": ("audience.tasks.sweep_imports", HOUR),
        "deliveries": ("messaging.tasks.deliver_due", delivery),
        "worker heartbeat": ("config.tasks.heartbeat", heartbeat),
    }
    return {
        name: {"task": task, "schedule": seconds, "options": {"expires": max(seconds, 1)}}
        for name, (task, seconds) in entries.items()
    }
