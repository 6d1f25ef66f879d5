"""Handing people over to another sequence (semantics 5.10)."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Exists, OuterRef, Q, Value
from django.db.models.expressions import RawSQL

from audience.models import Contact
from sequences import agenda, enrollment
from sequences.engine.adaptive.forest import Forest
from sequences.engine.due import PlannedStep, Work
from sequences.engine.refusals import may_come_again
from sequences.engine.sql import compiled, execute
from sequences.engine.verdicts import RUNS, Due
from sequences.models import Enrollment, Sequence, Status
from tenants.fields import Lowered
from tenants.localtime import local_date


def due(work: Work, forest: Forest, step: PlannedStep, number: int, *, is_first: bool) -> Due:
    """Those whose turn it is."""
    return Due(step, forest.at(step), number=number, is_new=True)


def hand_over(work: Work, steps: Iterable[PlannedStep]) -> int:
    """End the stays for which these steps run, and have the other sequences decide on them as if added by hand."""
    ended = 0
    for step in steps:
        leaving = f"SELECT v.enrollment_id FROM engine_verdict v WHERE {RUNS} AND v.step = %s"
        ended += enrollment.leave(
            work.sequence, (leaving, (step.number,)), reason=enrollment.ADVANCED, now=work.now
        )
        name = str(step.settings.get("sequence"))
        other = Sequence.objects.filter(name_norm=Lowered(Value(name))).first()
        if other is not None and other.status in (Status.ACTIVE, Status.PAUSED):
            _add(work, step, other)
    return ended


def _add(work: Work, step: PlannedStep, other: Sequence) -> None:
    """Not who was there before, unless it takes people again; an exit of this instant is too near in any case."""
    meant = RawSQL("SELECT v.contact_id FROM engine_verdict v WHERE v.step = %s", (step.number,))
    just_left = Enrollment.objects.filter(sequence=other, contact=OuterRef("pk"), exited_at=work.now)
    may_come = may_come_again(other, local_date(work.now, other.timezone), "pk")
    sql, params = compiled(
        Contact.objects.filter(Q(pk__in=meant), may_come, ~Exists(just_left)).order_by("pk").values("id")
    )
    added = execute(
        "INSERT INTO sequences_addition (sequence_id, contact_id, at) "
        f"SELECT %s, id, %s FROM ({sql}) AS c ON CONFLICT (tenant_id, sequence_id, contact_id) DO NOTHING",
        [other.pk, work.now, *params],
    )
    if added:
        agenda.wake([other.pk], now=work.now)
