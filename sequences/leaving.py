"""What sequences have to say just before a message leaves (semantics 2.18, 2.33; reliability §3.2)."""

from __future__ import annotations

from datetime import datetime

from messaging.guards import register_guard, register_look
from sequences import enrollment
from sequences.engine.due import plan_keys
from sequences.engine.questions import INSIDE, Questions
from sequences.engine.sql import compiled
from sequences.models import Enrollment, Sequence
from tenants.localtime import local_date

MAY_LEAVE = """
    SELECT CASE WHEN e.state = 'paused' OR s.status = 'paused' THEN 'wait'
                WHEN e.state = 'active' OR e.exit_reason = 'completed' THEN 'go'
                ELSE e.exit_reason END
    FROM sequences_enrollment e JOIN sequences_sequence s ON s.id = e.sequence_id
    WHERE e.id = %(enrollment_id)s FOR NO KEY UPDATE OF e
"""
STOPPED_BY = """
    SELECT e.id, 'sequence', e.sequence_id::text FROM sequences_enrollment e WHERE e.id = ANY(%(enrollment_ids)s)
"""


def register() -> None:
    """Tell the gate; called when the app is ready."""
    register_guard("sequences", MAY_LEAVE, names=STOPPED_BY)
    register_look("exit conditions", look)


def look(enrollment_ids: list[int], now: datetime) -> None:
    """End those of these stays whose exit conditions match now; their messages are cancelled with them.

    A sequence's row is taken only where somebody leaves: a delivery does not wait for the run of that sequence else.
    """
    concerned = Enrollment.objects.filter(pk__in=enrollment_ids, state__in=INSIDE)
    found = Sequence.objects.filter(pk__in=concerned.values("sequence")).exclude(exit_conditions=[])
    for sequence in found.select_related("plan").order_by("pk"):
        questions = Questions(sequence, plan_keys(sequence), local_date(now, sequence.timezone))
        raw = {"match": sequence.exit_match, "conditions": sequence.exit_conditions}
        asked = questions.of_stays(questions.read(raw, default_match="any"))
        stays = (
            asked.joined(concerned.filter(sequence=sequence), questions.aliases).filter(asked.q).values("pk")
        )
        if stays.exists():
            (row,) = enrollment.hold_rows([sequence.pk])
            enrollment.leave(row, compiled(stays), reason=enrollment.CONDITION, now=now)
