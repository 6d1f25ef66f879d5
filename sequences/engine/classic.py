"""Classic: steps by day (semantics 3). Days counted before run n are n − day1_run; going on a day updates nothing."""

from __future__ import annotations

from django.db.models import QuerySet

from sequences.engine.due import Work
from sequences.engine.verdicts import Due
from sequences.models import Enrollment


def due(work: Work) -> list[Due]:
    """The steps of exactly the day of each stay (semantics 3.3)."""
    found = []
    for step in work.steps:
        assert step.row.day is not None
        first = work.ordinal - step.row.day + 1
        stays = Enrollment.objects.filter(sequence=work.sequence, state=Enrollment.ACTIVE, day1_run=first)
        found.append(Due(step, stays, is_new=step.row.day == 1))
    return found


def completed(work: Work) -> QuerySet:
    """The stays that have counted all days of the plan of this moment (semantics 3.4)."""
    highest = max((step.row.day or 0 for step in work.steps), default=0)
    active = Enrollment.objects.filter(sequence=work.sequence, state=Enrollment.ACTIVE)
    return active.filter(day1_run__lte=work.ordinal - highest)
