"""When a sequence looks at its people next: at a run, a full quarter of an hour, or as soon as it is open.

One that is due and has not happened yet comes first: a page may be read between its time and the tick.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sequences import calendar, schedule
from sequences.calendar import Occurrence
from sequences.models import Enrollment, Schedule, Sequence
from sequences.moments import INSTANT
from sequences.reading.live import if_it_ran
from tenants.localtime import local_date


def runs_ahead(sequence: Sequence, *, now: datetime) -> Iterator[Occurrence]:
    """The runs of a classic or smart sequence to come, if nothing is missed; without end, or none at all."""
    if sequence.kind not in schedule.BY_CALENDAR or not schedule.runs(sequence):
        return iter(())
    due, _ = _row(sequence)
    if due is None or due >= now or calendar.is_missed(due, now, sequence.timezone):
        return if_it_ran(sequence, now=now)
    return if_it_ran(sequence, now=due)


def next_quarter(sequence: Sequence, *, now: datetime) -> datetime | None:
    """The full quarter at which an adaptive sequence asks everybody next (semantics 5.3); None: its hours have none."""
    hours, (due, worked) = schedule.hours_of(sequence), _row(sequence)
    found = hours.next_quarter(due if due is not None and due < now else now)
    is_over = found is not None and worked is not None and worked >= found
    return hours.next_quarter(max(now, worked + INSTANT)) if is_over and worked else found


def next_look(sequence: Sequence, *, now: datetime, by_hand: bool = False) -> Occurrence | None:
    """When everybody is asked next: who leaves, who comes in. None while nothing is to come.

    ``by_hand``: of who was added, which an adaptive sequence looks at as soon as it is open.
    """
    if sequence.kind in schedule.BY_CALENDAR:
        return next(runs_ahead(sequence, now=now), None)
    if not schedule.runs(sequence):
        return None
    at = schedule.first_instant(sequence, since=now) if by_hand else next_quarter(sequence, now=now)
    return Occurrence(at, local_date(at, sequence.timezone)) if at else None


@dataclass(frozen=True)
class Pending:
    """A condition before which somebody stands (semantics 5.7, 5.8).

    ``is_answered``: nothing more is to be waited for, as ever where it asks about no mail. ``limit``: until when else;
    None: the mail has yet to leave.
    """

    is_answered: bool
    limit: datetime | None = None


def moment_on_a_path(stay: Enrollment, *, now: datetime, pending: Pending | None = None) -> datetime | None:
    """When it is the turn of the step of a tree before which a stay stands, if nothing comes in; None: nobody knows."""
    sequence, hours = stay.sequence, schedule.hours_of(stay.sequence)
    if not schedule.runs(sequence) or (stay.state == Enrollment.PAUSED and stay.resume_on is None):
        return None
    first = hours.moved_inside(now)
    if stay.state == Enrollment.PAUSED:
        first = max(first, hours.opening_on(stay.resume_on or date.min, stay.paused_at or now))
    elif stay.held_reason:
        quarter = next_quarter(sequence, now=now)
        if quarter is None:
            return None
        first = max(first, quarter)
    if pending.is_answered if pending else not stay.is_waiting:
        return first
    due = stay.due_at if stay.is_waiting else pending.limit if pending else None
    if due is None:
        return None
    stood = first - stay.stopped_at if stay.state == Enrollment.PAUSED and stay.stopped_at else timedelta(0)
    return max(first, hours.moved_inside(due + stood))


def _row(sequence: Sequence) -> tuple[datetime | None, datetime | None]:
    """When it is due, and at which instant it worked last."""
    found = Schedule.objects.filter(sequence_id=sequence.pk).values_list("next_run_at", "worked_at").first()
    return found or (None, None)
