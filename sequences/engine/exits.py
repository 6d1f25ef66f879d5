"""Exits by condition, of paused stays, too (semantics 2.18)."""

from __future__ import annotations

from sequences import enrollment
from sequences.engine.due import Work
from sequences.engine.questions import INSIDE, Asked
from sequences.engine.sql import compiled
from sequences.models import Enrollment


def exit_by_condition(work: Work) -> int:
    """End the stays that match now; how many. An exit group without conditions never matches."""
    sequence = work.sequence
    if not sequence.exit_conditions:
        return 0
    asked = exit_question(work)
    stays = Enrollment.objects.filter(sequence=sequence, state__in=INSIDE)
    found = asked.joined(stays, work.questions.aliases).filter(asked.q)
    return enrollment.leave(sequence, compiled(found.values("pk")), reason=enrollment.CONDITION, now=work.now)


def exit_question(work: Work) -> Asked:
    """The exit group of a sequence that has one."""
    raw = {"match": work.sequence.exit_match, "conditions": work.sequence.exit_conditions}
    return work.questions.of_stays(work.questions.read(raw, default_match="any"))
