"""What a pause does to the open moments of a tree: they move by its length (semantics 5.13).

A stay stands still while it is paused or its sequence is; ``stopped_at`` is when the first of both began, so that
overlapping ones count once.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sequences.engine.sql import Sql, execute, rows
from sequences.models import Sequence, Status
from sequences.moments import Piece, pieces
from sequences.schedule import hours_of

ADAPTIVE = "adaptive"
MOMENT = "p.moment + CASE WHEN p.grows THEN {begins} - p.since ELSE interval '0' END"
"""SQL: the moment of what begins at ``begins``, by the piece ``p`` in which that lies."""


def begin(sequence: Sequence, *, now: datetime) -> int:
    """The sequence is paused: everyone inside stands still from now on; how many did not before."""
    if sequence.kind != ADAPTIVE:
        return 0
    return execute(
        "UPDATE sequences_enrollment SET stopped_at = %s "
        "WHERE sequence_id = %s AND state IN ('active', 'paused') AND stopped_at IS NULL",
        [now, sequence.pk],
    )


def end(sequence: Sequence, stays: Sql, *, now: datetime) -> None:
    """A pause is over: where none is left, the open moment moves by the length of the standstill."""
    if sequence.kind != ADAPTIVE or sequence.status == Status.PAUSED:
        return
    which = f"e.sequence_id = %s AND e.state = 'active' AND e.stopped_at IS NOT NULL AND e.id IN ({stays[0]})"
    params = [sequence.pk, *stays[1]]
    moved = "e.due_at + (%s - e.stopped_at)"
    ((first, last),) = rows(
        f"SELECT min({moved}), max({moved}) FROM sequences_enrollment e WHERE {which}", [now, now, *params]
    )
    if first is not None:
        table, values = as_values(pieces(hours_of(sequence), first, last))
        execute(
            f"UPDATE sequences_enrollment e SET due_at = {MOMENT.format(begins=moved)} FROM ({table}) p {PIECE} "
            f"WHERE {which} AND {moved} >= p.since AND {moved} < p.until",
            [now, *values, *params, now, now],
        )
    execute(f"UPDATE sequences_enrollment e SET stopped_at = NULL WHERE {which}", params)


PIECE = "(since, until, moment, grows)"


def as_values(found: Iterable[Piece]) -> tuple[str, list[Any]]:
    """Pieces as a table, ``VALUES`` with parameters."""
    listed = list(found)
    marks = ", ".join(["(%s::timestamptz, %s::timestamptz, %s::timestamptz, %s::boolean)"] * len(listed))
    values = [part for one in listed for part in (one.since, one.until, one.moment, one.grows)]
    return f"VALUES {marks}", values
