"""What happened to whom, in order, for a trace (semantics 6.8, 6.9). Off in live runs: then ``note`` does nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime

from sequences.engine.sql import Sql, execute, rows

_is_on: ContextVar[bool] = ContextVar("recording", default=False)


@dataclass(frozen=True)
class Noted:
    """One thing that happened to one contact in one sequence."""

    at: datetime
    zone: str
    sequence_id: int
    contact_id: int
    event: str
    detail: tuple[str, ...]


@contextmanager
def recording() -> Iterator[None]:
    """Keep what happens from here on in a table of the transaction, until the block ends."""
    execute("DROP TABLE IF EXISTS pg_temp.engine_trace")
    execute(
        "CREATE TEMP TABLE engine_trace (n bigint GENERATED ALWAYS AS IDENTITY, at timestamptz NOT NULL, "
        "zone text NOT NULL, sequence_id bigint NOT NULL, contact_id bigint NOT NULL, event text NOT NULL, "
        "detail text[] NOT NULL) ON COMMIT DROP"
    )
    token = _is_on.set(True)
    try:
        yield
    finally:
        _is_on.reset(token)


def note(*, sequence_id: int, now: datetime, whom: Sql) -> None:
    """Keep what the SELECT gives as (contact_id, event, detail text[]), in its order."""
    if not _is_on.get():
        return
    sql, params = whom
    execute(
        "INSERT INTO engine_trace (at, zone, sequence_id, contact_id, event, detail) "
        "SELECT %s, s.timezone, s.id, contact_id, event, detail "
        f"FROM ({sql}) AS whom (contact_id, event, detail) JOIN sequences_sequence s ON s.id = %s",
        [now, *params, sequence_id],
    )


def note_stays(event: str, *detail: str, sequence_id: int, now: datetime, source: str) -> None:
    """Keep one event of the stays in a temporary table of the run, in order of their contacts."""
    sql = (
        f"SELECT e.contact_id, %s, %s::text[] FROM {source} s "
        "JOIN sequences_enrollment e ON e.id = s.enrollment_id ORDER BY e.contact_id"
    )
    note(sequence_id=sequence_id, now=now, whom=(sql, (event, list(detail))))


def note_entered(*, sequence_id: int, now: datetime) -> None:
    """Keep who came in at this instant; who did at an earlier work of the same instant is there already."""
    sql = (
        "SELECT e.contact_id, 'entered', '{}'::text[] FROM sequences_enrollment e "
        "WHERE e.sequence_id = %s AND e.entered_at = %s AND NOT EXISTS ("
        "SELECT FROM engine_trace t WHERE t.sequence_id = e.sequence_id AND t.contact_id = e.contact_id "
        "AND t.at = e.entered_at AND t.event = 'entered') ORDER BY e.contact_id"
    )
    note(sequence_id=sequence_id, now=now, whom=(sql, (sequence_id, now)))


def noted() -> list[Noted]:
    """Everything that was kept, in the order in which it happened; the zone is that of its sequence then."""
    found = rows("SELECT at, zone, sequence_id, contact_id, event, detail FROM engine_trace ORDER BY n")
    return [
        Noted(at, zone, sequence, contact, event, tuple(detail))
        for at, zone, sequence, contact, event, detail in found
    ]
