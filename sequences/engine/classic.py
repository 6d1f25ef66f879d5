"""Classic: steps by day (semantics 3). Days counted before run n are n − day1_run; going on a day updates nothing."""

from __future__ import annotations

from django.db.models import Count, QuerySet

from sequences.engine.due import Work
from sequences.engine.verdicts import Due
from sequences.models import Enrollment


def due(work: Work) -> list[Due]:
    """The steps of exactly the day of each stay (semantics 3.3)."""
    active = Enrollment.objects.filter(sequence=work.sequence, state=Enrollment.ACTIVE)
    by_day1 = active.values("day1_run").annotate(number=Count("pk")).order_by()
    found = by_day1.values_list("day1_run", "number")
    numbers = {work.ordinal - day1 + 1: number for day1, number in found if day1 is not None}
    return [
        Due(
            step,
            active.filter(day1_run=work.ordinal - (step.row.day or 0) + 1),
            number=numbers[step.row.day],
            is_new=step.row.day == 1,
        )
        for step in work.steps
        if step.row.day in numbers
    ]


def completed(work: Work) -> QuerySet:
    """The stays that have counted all days of the plan of this moment (semantics 3.4)."""
    active = Enrollment.objects.filter(sequence=work.sequence, state=Enrollment.ACTIVE)
    return active.filter(day1_run__lte=_last_day1(work))


def may_have_completed(work: Work, first_day1: int | None) -> bool:
    """Whether anybody can have, the active ones having begun at this run or later ones."""
    return first_day1 is not None and first_day1 <= _last_day1(work)


def _last_day1(work: Work) -> int:
    """Who began at this run or before has counted all days of the plan."""
    return work.ordinal - max((step.row.day or 0 for step in work.steps), default=0)
