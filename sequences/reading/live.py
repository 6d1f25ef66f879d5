"""What is going on in a sequence right now: the next run, who is due at it, what needs somebody's attention."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Count, Min, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce
from django.db.models.lookups import Exact

from messaging import evidence, waits
from messaging.barred import OFF_THE_LIST
from messaging.models import Message
from messaging.outbox import RESENT
from messaging.waits import Wait
from sequences import calendar, schedule
from sequences.calendar import Occurrence
from sequences.enrollment import last_ordinal
from sequences.models import Enrollment, Run, Schedule, Sequence, StepRun
from steps.models import Step
from tenants.localtime import local_date

LOOKED_AT = 5_000
"""Of so many it is looked at what they have had."""


@dataclass(frozen=True)
class Live:
    """``next_run`` is None while none is to come.

    ``due`` are people inside with a step at it; None where that is only known when it comes (smart, adaptive).
    """

    next_run: Occurrence | None
    due: int | None
    last_ordinal: int


def live_of(sequence: Sequence, steps: Iterable[Step], *, now: datetime) -> Live:
    """The next run and those who have a step at it. Who comes in then is not counted."""
    if not schedule.runs(sequence):
        return Live(None, 0, last_ordinal(sequence.pk))
    if sequence.kind not in schedule.BY_CALENDAR:
        return Live(_next_instant(sequence), None, last_ordinal(sequence.pk))
    latest = _latest(sequence)
    due = _due(sequence, steps, latest.ordinal + 1) if sequence.kind == "classic" else None
    return Live(next(_after(latest, sequence, now), None), due, latest.ordinal)


def _due(sequence: Sequence, steps: Iterable[Step], ordinal: int) -> int:
    """How many are on the day of a step, at that run, that they have not had (it may have moved since).

    Of more than LOOKED_AT it is said how many are on such a day.
    """
    of_day: dict[int, set[str]] = defaultdict(set)
    for step in steps:
        if not step.is_off:
            of_day[ordinal + 1 - (step.day or 0)].add(step.key)
    on_a_day = Enrollment.objects.filter(
        sequence=sequence, state=Enrollment.ACTIVE, day1_run__in=of_day.keys()
    )
    count = on_a_day.count() if of_day else 0
    if not 0 < count <= LOOKED_AT:
        return count
    had = StepRun.objects.filter(enrollment=OuterRef("pk")).order_by().values("enrollment")
    done = Q()
    for day1, keys in of_day.items():
        number = had.filter(key__in=keys).annotate(n=Count("pk")).values("n")
        done |= Q(day1_run=day1) & Q(Exact(Subquery(number), Value(len(keys))))
    return count - on_a_day.filter(done).count()


def _next_instant(sequence: Sequence) -> Occurrence | None:
    """When an adaptive sequence works next, if nothing comes in before."""
    found = Schedule.objects.filter(sequence_id=sequence.pk, next_run_at__isnull=False)
    at = found.values_list("next_run_at", flat=True).first()
    return Occurrence(at, local_date(at, sequence.timezone)) if at else None


def retry_at(sequence: Sequence) -> datetime | None:
    """When a run that failed is tried again; None where it waits for no second try."""
    found = Schedule.objects.filter(sequence_id=sequence.pk, failures__gt=0)
    return found.values_list("retry_at", flat=True).first()


def coming(sequence: Sequence, *, now: datetime) -> Iterator[Occurrence]:
    """The runs to come if nothing is missed and nothing changes; without end, or none at all.

    None, too, of an adaptive sequence, where each stay has a moment of its own.
    """
    is_certain = sequence.kind in schedule.BY_CALENDAR and schedule.runs(sequence)
    return if_it_ran(sequence, now=now) if is_certain else iter(())


def if_it_ran(sequence: Sequence, *, now: datetime) -> Iterator[Occurrence]:
    """The same as if the sequence were active from now on: of a draft, too. It needs a time."""
    return _after(_latest(sequence), sequence, now)


@dataclass(frozen=True)
class _Latest:
    """The last run that happened, its ordinal and day, and the days of those missed since."""

    ordinal: int
    day: date | None
    missed: frozenset[date]


def _after(latest: _Latest, sequence: Sequence, now: datetime) -> Iterator[Occurrence]:
    found = schedule.calendar_of(sequence)
    return calendar.occurrences(found, since=now, last_run_on=latest.day, missed_on=latest.missed)


def _latest(sequence: Sequence) -> _Latest:
    """One statement."""
    runs = Run.objects.filter(sequence=sequence)
    last = runs.filter(ordinal__isnull=False).order_by("-ordinal").values("local_day")[:1]
    since = runs.filter(local_day__gte=Coalesce(Subquery(last), Value(date.min)))
    found = list(since.values_list("local_day", "ordinal"))
    happened = [(ordinal, day) for day, ordinal in found if ordinal is not None]
    missed = frozenset(day for day, ordinal in found if day and ordinal is None)
    return _Latest(*(max(happened) if happened else (0, None)), missed)


@dataclass(frozen=True)
class Attention:
    """Something that keeps people waiting, or mails from leaving.

    ``kind``: held, away, waits (of mails that were made), failed, unknown, expired, trial.
    """

    kind: str
    count: int
    reason: str = ""
    until: date | None = None
    wait: Wait | None = None
    channel: str = "email"

    @property
    def why(self) -> str:
        """Why messages could not be sent."""
        return evidence.WHY.get(self.reason, self.reason.replace("_", " "))


def attention_of(sequence: Sequence, *, now: datetime) -> list[Attention]:
    """Who is held and why, who is away, which messages wait for more than a worker, which did not leave."""
    stays = Enrollment.objects.filter(sequence=sequence).order_by()
    held = stays.filter(state=Enrollment.ACTIVE).exclude(held_reason="").values_list("held_reason")
    found = [Attention("held", n, reason) for reason, n in held.annotate(n=Count("pk")).order_by("-n")]
    away = stays.filter(state=Enrollment.PAUSED, pause_reason="auto_reply")
    counted = away.aggregate(n=Count("pk"), until=Min("resume_on"))
    if counted["n"]:
        found.append(Attention("away", counted["n"], until=counted["until"]))
    mine = Message.objects.filter(enrollment_id__in=Enrollment.objects.filter(sequence=sequence).values("pk"))
    found += [
        Attention("waits", wait.count, wait=wait, channel=wait.channel)
        for wait in waits.waits_of(mine, now=now)
    ]
    return found + _undelivered(mine)


def _undelivered(mine: QuerySet[Message]) -> list[Attention]:
    ended = Q(state__in=evidence.UNSENT) | OFF_THE_LIST
    rows = mine.filter(ended).exclude(resolved_by=RESENT)
    counted = rows.order_by().values_list("state", "reason", "channel").annotate(n=Count("pk"))
    kinds = {"cancelled": "trial"}
    return [
        Attention(kinds.get(state, state), n, reason, channel=channel)
        for state, reason, channel, n in counted.order_by("-n")
    ]
