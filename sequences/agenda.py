"""When an adaptive sequence has something to do next, and waking it when something comes in (semantics 5.3).

It works at full quarters where somebody may come in, leave by condition or is held; at the moments of waits and
limits; at openings where somebody is away until then; and at once, or at the next opening, when something comes in.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING

from django.db.models import QuerySet

from sequences.models import Schedule, Sequence, Status, Wake
from sequences.moments import INSTANT
from sequences.schedule import asks_exits_only, first_instant, hours_of, runs
from tenants.wall import current_id

if TYPE_CHECKING:
    from sequences.engine.adaptive.census import Census

ADAPTIVE = "adaptive"


def wake(sequence_ids: Iterable[int], *, now: datetime) -> None:
    """Something has come in for somebody in these sequences: the adaptive ones look at it as soon as they are open.

    What comes in while a run is at work, which may not have seen it, is looked at by another after it.
    """
    for sequence in Sequence.objects.filter(pk__in=list(sequence_ids), kind=ADAPTIVE).order_by("pk"):
        if runs(sequence):
            at = first_instant(sequence, since=now)
            Wake.objects.bulk_create(Wake(schedule=row, at=at) for row in _row(sequence.pk))


def answer_wakes(sequence_id: int) -> None:
    """A pass begins: it sees all that has come in by now. What comes in later stays."""
    Wake.objects.filter(schedule__in=_row(sequence_id)).delete()


def settle(sequence: Sequence, seen: Census, *, at: datetime, now: datetime) -> None:
    """Keep when the sequence works next after it worked the instant ``at``, at ``now``, and left people as ``seen``.

    ``at`` is earlier than ``now`` where it came late; the quarters between that are not lost come yet.
    """
    is_open = runs(sequence) or asks_exits_only(sequence)
    found = next_instant(sequence, seen, after=at, now=now) if is_open else None
    _row(sequence.pk).update(next_run_at=found, worked_at=at, retry_at=None, failures=0)


def next_instant(sequence: Sequence, seen: Census, *, after: datetime, now: datetime) -> datetime | None:
    """The next instant at which there may be something to do, if nothing comes in; None where there is none."""
    hours, found = hours_of(sequence), list[datetime]()
    if asks_at_quarters(sequence, seen) and (quarter := hours.next_quarter(after + INSTANT)):
        found.append(quarter)
    if sequence.status == Status.PAUSED:
        return min(found, default=None)
    if seen.moment is not None:
        found.append(hours.moved_inside(seen.moment))
    if seen.away:
        found.append(hours.next_opening(now + INSTANT))
    return min(found, default=None)


def asks_at_quarters(sequence: Sequence, seen: Census) -> bool:
    """Whether somebody may come in by themselves, leave by condition, or be tried again."""
    if seen.inside and sequence.exit_conditions:
        return True
    if sequence.status == Status.PAUSED:
        return False
    if seen.held:
        return True
    has_way_in = sequence.entry_conditions or sequence.sequence_views.exists()
    return sequence.status == Status.ACTIVE and bool(has_way_in)


def _row(sequence_id: int) -> QuerySet[Schedule]:
    return Schedule.objects.filter(tenant_id=current_id(), sequence_id=sequence_id)
