"""Smart: the first step that matches and was not had, one a run (semantics 4)."""

from __future__ import annotations

from django.db.models import BooleanField, Count, OuterRef, QuerySet, Subquery
from django.db.models.expressions import RawSQL

from sequences.engine.due import Work
from sequences.engine.verdicts import Due
from sequences.models import Enrollment, StepRun

UNDECIDED = "NOT EXISTS (SELECT 1 FROM engine_verdict v WHERE v.enrollment_id = sequences_enrollment.id)"


def due(work: Work) -> list[Due]:
    """Every step in its order, each for those who have no verdict yet."""
    active = Enrollment.objects.filter(sequence=work.sequence, state=Enrollment.ACTIVE)
    number = active.count()
    return [Due(step, undecided(active), number=number, if_matching=True) for step in work.steps if number]


def undecided(stays: QuerySet) -> QuerySet:
    """Those of the stays that have no verdict in this run yet."""
    return stays.filter(RawSQL(UNDECIDED, (), output_field=BooleanField()))


def completed(work: Work) -> QuerySet:
    """The stays that have had every step of the plan of this moment (semantics 4.4)."""
    active = Enrollment.objects.filter(sequence=work.sequence, state=Enrollment.ACTIVE)
    keys = [step.key for step in work.steps]
    had = StepRun.objects.filter(enrollment=OuterRef("pk"), key__in=keys).order_by()
    number = had.values("enrollment").annotate(number=Count("pk")).values("number")
    return active.annotate(had=Subquery(number)).filter(had__gte=len(keys))


def may_have_completed(work: Work, first_day1: int | None) -> bool:
    """Whether anybody is active at all."""
    return first_day1 is not None
