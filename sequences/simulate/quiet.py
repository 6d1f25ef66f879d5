"""Leaving out the quarters of an hour at which an adaptive sequence would find everything as it was.

A full quarter that did nothing does nothing at the next one either, while nothing comes in, no run does anything and
the date stays the same: entries and exits by condition know no time but the date. Only a simulation can say that
nothing comes in.
"""

from __future__ import annotations

from datetime import datetime

from django.db.models import QuerySet

from sequences import agenda
from sequences.engine.adaptive.census import census
from sequences.engine.adaptive.instant import is_kept
from sequences.hours import is_quarter
from sequences.models import Schedule, Sequence
from sequences.moments import INSTANT
from sequences.schedule import BY_CALENDAR, asks_exits_only, hours_of, runs
from sequences.ticking import Worked
from tenants.localtime import day_bounds, local_date
from tenants.wall import current_id


class Quiet:
    """Which sequences sleep, by id; ``turns`` are those that worked at the last instant."""

    def __init__(self) -> None:
        self.asleep: set[int] = set()
        self.turns: tuple[datetime | None, set[int]] = (None, set())

    def worked(self, worked: Worked, at: datetime) -> None:
        """A run happened: who did nothing may sleep; else everybody looks again whose turn comes after it."""
        sequence, run = worked.sequence, worked.run
        self.asleep.discard(sequence.pk)
        if self.turns[0] != at:
            self.turns = at, set()
        is_again = sequence.pk in self.turns[1]
        self.turns[1].add(sequence.pk)
        if is_kept(run):
            turn = (run.scheduled_for, sequence.pk)
            self._wake(at, {pk for pk in self.asleep if is_again or (at, pk) < turn})
        elif sequence.kind not in BY_CALENDAR and not is_again and is_quarter(at, sequence.timezone):
            self._sleep(sequence, at)

    def stirred(self, at: datetime) -> None:
        """Something came in, before the runs of its instant."""
        self._wake(at, set())

    def _sleep(self, sequence: Sequence, at: datetime) -> None:
        if not hours_of(sequence).are_open(at):
            return  # the end of a standstill: it found nothing because it is closed
        seen = census(sequence, now=at)
        if seen.held or not agenda.asks_at_quarters(sequence, seen):
            return
        if not (runs(sequence) or asks_exits_only(sequence)):
            return
        _, midnight = day_bounds(local_date(at, sequence.timezone), sequence.timezone)
        found = agenda.next_instant(sequence, seen, after=max(at, midnight - INSTANT), now=at)
        _row(sequence.pk).update(next_run_at=found)
        self.asleep.add(sequence.pk)

    def _wake(self, at: datetime, had_their_turn: set[int]) -> None:
        for pk, sequence in Sequence.objects.in_bulk(self.asleep).items():
            quarter = hours_of(sequence).next_quarter(at + INSTANT if pk in had_their_turn else at)
            if quarter:
                _row(pk).filter(next_run_at__gt=quarter).update(next_run_at=quarter)
        self.asleep = set()


def _row(sequence_id: int) -> QuerySet[Schedule]:
    """Of the tenant in use: a forecast has a copy with the id of the real sequence."""
    return Schedule.objects.filter(tenant_id=current_id(), sequence_id=sequence_id)
