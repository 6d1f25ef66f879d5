"""What an edit will change for those inside, before it is kept or published (semantics 2.38, 3.5)."""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Sequence as Ordered
from copy import copy
from datetime import datetime
from typing import Any

from django.db.models import Count

from audience.conditions.parse import Group
from sequences import schedule
from sequences.calendar import Occurrence
from sequences.changes import ADDED, Change, Reach, reach, reach_by_had
from sequences.engine.due import plan_keys
from sequences.engine.questions import INSIDE, Questions
from sequences.enrollment import last_ordinal
from sequences.models import Enrollment, Sequence, StepRun
from sequences.reading.figures import days_done
from steps.models import Step
from tenants.localtime import local_date


def reached(sequence: Sequence, changes: Ordered[Change]) -> dict[str, Any]:
    """``changes``: pairs of a change and its Reach; ``inside``: how many are inside."""
    if sequence.kind == "smart":
        inside = _inside(sequence).count()
        had = _had(sequence)
        pairs = [(change, reach_by_had(change, inside, had.get(change.key, 0))) for change in changes]
        return {"changes": pairs, "inside": inside}
    done = days_done(sequence, last_ordinal(sequence.pk))
    return {"changes": [(change, reach(change, done)) for change in changes], "inside": sum(done.values())}


def of_day(sequence: Sequence, day: int) -> Reach:
    """Whom a step on a day reaches, if it is added there."""
    step = Step(day=day)
    return reach(Change(ADDED, "", step, day), days_done(sequence, last_ordinal(sequence.pk)))


def leaving(sequence: Sequence, group: Group, *, now: datetime) -> tuple[int, int]:
    """How many of those inside match exit conditions, and so leave at the next run; and how many there are.

    A group without conditions ends no stay (semantics 2.35).
    """
    inside = _inside(sequence)
    if not group.conditions:
        return 0, inside.count()
    questions = Questions(sequence, plan_keys(sequence), local_date(now, sequence.timezone))
    asked = questions.of_stays(group)
    return asked.joined(inside, questions.aliases).filter(asked.q).count(), inside.count()


def next_run_with(sequence: Sequence, values: Mapping[str, Any], *, now: datetime) -> Occurrence | None:
    """The next run with other settings of the schedule; None where none comes."""
    thought = copy(sequence)
    for name, value in values.items():
        setattr(thought, name, value)
    return schedule.next_occurrence(thought, since=now) if schedule.runs(thought) else None


def _inside(sequence: Sequence) -> Any:
    return Enrollment.objects.filter(sequence=sequence, state__in=INSIDE)


def _had(sequence: Sequence) -> dict[str, int]:
    runs = StepRun.objects.filter(enrollment__in=_inside(sequence).values("pk")).order_by()
    return dict(runs.values_list("key").annotate(n=Count("pk")))
