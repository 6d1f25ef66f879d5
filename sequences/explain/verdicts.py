"""What the engine would decide about one stay at its next run: its own decision table, filled and thrown away."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sequences.engine import smart
from sequences.engine.due import PlannedStep, Work
from sequences.engine.scratch import prepare
from sequences.engine.senders import CONTACT_OWNER
from sequences.engine.sql import rows
from sequences.engine.verdicts import Due, decide
from sequences.enrollment import HELD
from sequences.models import Enrollment
from tenants.models import Member


@dataclass(frozen=True)
class Verdict:
    """A step would run, unless something skips it (semantics 2.26) or holds the whole stay (2.27).

    ``who``: from whom its message comes, or who is given its reminder; ``address``: where a message goes.
    """

    skip: str = ""
    hold: str = ""
    who: Member | None = None
    address: str = ""

    @property
    def runs(self) -> bool:
        return not self.skip and not self.hold


def verdicts_on(stay: Enrollment, work: Work, candidates: Collection[str]) -> dict[str, Verdict]:
    """Key → verdict, of the steps that the run would take. Of a smart sequence at most one.

    In the caller's transaction; nothing but its temporary tables is written.
    """
    one = Enrollment.objects.filter(pk=stay.pk)
    is_smart = stay.sequence.kind == "smart"
    due = [
        Due(step, smart.undecided(one) if is_smart else one, number=1, if_matching=is_smart)
        for step in work.steps
        if step.key in candidates and not step.kind.steers
    ]
    prepare()
    decide(work, due)
    found = rows(
        """SELECT v.step, v.skip, h.reason, v.address FROM engine_verdict v
           LEFT JOIN engine_held h ON h.enrollment_id = v.enrollment_id"""
    )
    return {
        work.steps[number].key: Verdict(
            skip or "",
            HELD[held] if held is not None else "",
            _who(work, work.steps[number], stay),
            address or "",
        )
        for number, skip, held, address in found
    }


def _who(work: Work, step: PlannedStep, stay: Enrollment) -> Member | None:
    settings: dict[str, Any] = step.settings
    who = work.senders.of_step(settings) if step.kind.sends else work.senders.assignee(settings)
    if who == CONTACT_OWNER:
        return stay.contact.owner or work.sequence.owner
    return Member.objects.select_related("user").filter(pk=who).first()
