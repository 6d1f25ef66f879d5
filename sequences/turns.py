"""Whose turn it is: which sequences are due and when, by their schedule or because something came in (semantics 2.3).

In SQL of its own: it is asked before and in each run, also of those that then find nothing to do.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sequences.engine.sql import Sql, rows


@dataclass(frozen=True)
class Turn:
    """A row of Schedule. ``due_at``: when it is due next, if it is. ``kind``: seen inside the wall alone."""

    pk: int
    tenant_id: int
    sequence_id: int
    due_at: datetime | None
    worked_at: datetime | None
    kind: str | None


TURNS = """
    SELECT s.id, s.tenant_id, s.sequence_id, LEAST(s.next_run_at, w.at) AS due_at, s.worked_at, q.kind
    FROM sequences_schedule s LEFT JOIN sequences_sequence q ON q.id = s.sequence_id
    LEFT JOIN LATERAL (SELECT min(at) AS at FROM sequences_wake WHERE schedule_id = s.id) w ON true
    WHERE {} ORDER BY due_at, s.sequence_id"""

IS_DUE = """(s.next_run_at <= %s OR s.id IN (SELECT schedule_id FROM sequences_wake WHERE at <= %s))
    AND (s.retry_at IS NULL OR s.retry_at <= %s)"""


def due_by(now: datetime, *, tenant_id: int | None = None, pk: int | None = None) -> list[Turn]:
    """What is due, what waits longest first; of one tenant, or one row."""
    where, params = IS_DUE, [now, now, now]
    if tenant_id is not None:
        return _found((f"{where} AND s.tenant_id = %s", (*params, tenant_id)))
    return _found((where, tuple(params)) if pk is None else (f"{where} AND s.id = %s", (*params, pk)))


def turn_of(tenant_id: int, sequence_id: int) -> Turn | None:
    """When a sequence is due next."""
    found = _found(("s.tenant_id = %s AND s.sequence_id = %s", (tenant_id, sequence_id)))
    return found[0] if found else None


def of_tenant(tenant_id: int) -> list[Turn]:
    """When each sequence is due next, put off or not; first the first."""
    return _found(("s.tenant_id = %s", (tenant_id,)))


def next_due(tenant_id: int) -> datetime | None:
    """The first instant at which something is due in a tenant."""
    found = of_tenant(tenant_id)
    return found[0].due_at if found else None


def _found(where: Sql) -> list[Turn]:
    return [Turn(*row) for row in rows(TURNS.format(where[0]), where[1])]
