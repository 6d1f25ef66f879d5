"""Smart: the first step that matches and was not had, one a run (semantics 4)."""

from __future__ import annotations

from django.db.models import BooleanField, Count, QuerySet
from django.db.models.expressions import RawSQL

from sequences.engine.due import Work
from sequences.engine.verdicts import Due
from sequences.models import Enrollment, StepRun

UNDECIDED = "NOT EXISTS (SELECT 1 FROM engine_verdict v WHERE v.enrollment_id = sequences_enrollment.id)"


def due(work: Work) -> list[Due]:
    """Every step in its order, each for those who have no verdict yet."""
    active = Enrollment.objects.filter(sequence=work.sequence, state=Enrollment.ACTIVE)
    undecided = active.filter(RawSQL(UNDECIDED, (), output_field=BooleanField()))
    return [Due(step, undecided, if_matching=True) for step in work.steps]


def completed(work: Work) -> QuerySet:
    """The stays that have had every step of the plan of this moment (semantics 4.4)."""
    active = Enrollment.objects.filter(sequence=work.sequence, state=Enrollment.ACTIVE)
    had = StepRun.objects.filter(enrollment__in=active, key__in=[step.key for step in work.steps])
    counted = had.values("enrollment").annotate(steps=Count("pk")).filter(steps__gte=len(work.steps))
    return active.filter(pk__in=counted.values("enrollment"))
