"""Leaving out the runs at which a classic or smart sequence would find everything as it was.

A run that did nothing does nothing at the next time either, while nothing comes in and no other run does anything,
until the day of a step, the end of all days or the end of a pause: the conditions that are asked at each run know no
time but the date, and those that ask for it are not left out. The runs are kept all the same, since they count.
Only a simulation can say that nothing comes in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime
from math import inf
from typing import Any

from django.db.models import Min

from audience.conditions.types import DATED
from messaging.models import Message
from sequences import calendar, turns
from sequences.calendar import Occurrence
from sequences.engine.due import keys_of, rows_of_plan
from sequences.engine.questions import Questions
from sequences.enrollment import AUTO_REPLY
from sequences.models import Enrollment, Run, Schedule, Sequence
from sequences.schedule import BY_CALENDAR, calendar_of
from sequences.ticking import Worked
from steps.models import Step
from tenants.wall import current_id


def leap(worked: Worked, *, may_come: Callable[[datetime], bool]) -> None:
    """Go on to the next run at which there may be something to do, after one that did nothing.

    ``may_come``: whether a run at an instant comes before whatever else is known to happen.
    """
    sequence, run = worked.sequence, worked.run
    if sequence.kind not in BY_CALENDAR or run.ordinal is None or _did_anything(run):
        return
    free = _alone(sequence, may_come)
    if not free(next(_to_come(sequence, run))) or Message.objects.filter(sent_at=run.started_at).exists():
        return
    rows = list(rows_of_plan(sequence.plan_id))
    steps = [step for step in rows if not step.is_off]
    if _knows_the_date(sequence, keys_of(rows), steps):
        return
    left_out = list(_left_out(sequence, run, steps, free))
    if left_out:
        Run.objects.bulk_create(left_out)
        mine = Schedule.objects.filter(tenant_id=current_id(), sequence_id=sequence.pk)
        mine.update(next_run_at=next(_to_come(sequence, left_out[-1])).at)


def _did_anything(run: Run) -> bool:
    return any((run.entered, run.executed, run.skipped, run.held, run.exited, run.resumed))


def _alone(sequence: Sequence, may_come: Callable[[datetime], bool]) -> Callable[[Occurrence], bool]:
    """Whether nothing else of the tenant comes before a run, or with it."""
    others = [turn.due_at for turn in turns.of_tenant(current_id()) if turn.sequence_id != sequence.pk]
    first = min((at for at in others if at is not None), default=None)
    return lambda coming: may_come(coming.at) and (first is None or coming.at < first)


def _knows_the_date(sequence: Sequence, keys: Mapping[str, str], steps: list[Step]) -> bool:
    """Whether another date alone may change who comes in, leaves, or matches what each run asks."""
    stays = Enrollment.objects.filter(sequence=sequence)
    if sequence.reentry_days is not None and stays.filter(state=Enrollment.EXITED).exists():
        return True
    questions = Questions(sequence, keys, date.min)
    groups = [questions.read(raw) for raw in _asked_at_each_run(sequence, steps)]
    return any(condition.field.type in DATED for group in groups for condition in group.conditions)


def _asked_at_each_run(sequence: Sequence, steps: list[Step]) -> Iterator[Mapping[str, Any]]:
    yield {"conditions": sequence.entry_conditions}
    yield {"conditions": sequence.exit_conditions}
    for link in sequence.sequence_views.select_related("view"):
        yield {"conditions": link.view.conditions}
    if sequence.kind == "smart":
        yield from ({"conditions": step.conditions} for step in steps)


def _left_out(
    sequence: Sequence, run: Run, steps: list[Step], free: Callable[[Occurrence], bool]
) -> Iterator[Run]:
    """The runs after this one up to the first that may do something."""
    assert run.ordinal is not None
    eventful, back = _first_eventful(sequence, run.ordinal, steps), _first_back(sequence)
    for ordinal, coming in enumerate(_to_come(sequence, run), run.ordinal + 1):
        if ordinal >= eventful or (back is not None and coming.day >= back) or not free(coming):
            return
        yield Run(
            sequence=sequence, scheduled_for=coming.at, local_day=coming.day, ordinal=ordinal,
            started_at=coming.at,
        )  # fmt: skip


def _to_come(sequence: Sequence, run: Run) -> Iterator[Occurrence]:
    return calendar.occurrences(calendar_of(sequence), since=run.scheduled_for, last_run_on=run.local_day)


def _first_eventful(sequence: Sequence, ordinal: int, steps: list[Step]) -> float:
    """The ordinal of the next run that is on the day of a step for somebody, or after all their days (classic)."""
    if sequence.kind != "classic":
        return inf
    days = {step.day or 0 for step in steps}
    ends = {max(days, default=0) + 1} if sequence.exit_all_steps else set()
    active = Enrollment.objects.filter(sequence=sequence, state=Enrollment.ACTIVE).order_by()
    begun = set(active.values_list("day1_run", flat=True).distinct())
    due = (day1 + day - 1 for day1 in begun if day1 is not None for day in days | ends)
    return min((number for number in due if number > ordinal), default=inf)


def _first_back(sequence: Sequence) -> date | None:
    """The day on which the first goes on whose automatic reply's pause ends."""
    away = Enrollment.objects.filter(sequence=sequence, state=Enrollment.PAUSED, pause_reason=AUTO_REPLY)
    found: date | None = away.aggregate(first=Min("resume_on"))["first"]
    return found
