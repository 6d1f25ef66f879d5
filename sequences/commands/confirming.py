"""The number of people that is typed before a change of a sequence lets in many (semantics 2.1).

A change of a sequence that runs is asked about where it lets in more than would come in anyway: who is not asked twice
about the same people.
"""

from __future__ import annotations

from datetime import datetime

from sequences.engine.questions import Unreadable
from sequences.models import Sequence, Status
from sequences.reading.audience import newcomers
from sequences.reading.resuming import reached_at_once
from sequences.refusals import TooMany
from steps.models import Plan
from tenants.confirming import is_confirmed


def refuse_many(row: Sequence, confirmed: int | None, *, now: datetime) -> int:
    """How many the first run of a draft would let in; raises TooMany where that has to be confirmed first."""
    people = newcomers(row, now=now)
    if not is_confirmed(people, confirmed):
        raise TooMany(people, f"{people:,} people would come in at the first run: confirm their number.")
    return people


def refuse_many_at_once(row: Sequence, confirmed: int | None, *, now: datetime) -> int:
    """How many would get mail at once if a paused sequence went on; raises TooMany where that is to be confirmed."""
    try:
        people = reached_at_once(row, now=now)
    except Unreadable:
        people = 0
    if not is_confirmed(people, confirmed):
        words = f"Up to {people:,} people would get mail at once: those waiting, and those of the next run."
        raise TooMany(people, words)
    return people


def coming_in(row: Sequence, *, now: datetime, plan: Plan | None = None) -> int:
    """How many the next run lets in, with ``plan`` if it were published; 0 where none admits anybody by now.

    To be asked before a change and given to ``refuse_more`` after it.
    """
    if row.status not in (Status.ACTIVE, Status.PAUSED):
        return 0
    try:
        return newcomers(row, now=now, plan=plan or row.plan)
    except Unreadable:
        return 0


def refuse_more(
    row: Sequence, before: int, confirmed: int | None, *, now: datetime, plan: Plan | None = None
) -> None:
    """Raises TooMany where a change lets in more than the ``before`` of them, and so many that it is to be confirmed.

    Nothing of the change must be kept then: it is the caller's transaction that ends.
    """
    people = coming_in(row, now=now, plan=plan)
    if people > before and not is_confirmed(people, confirmed):
        words = f"With this, {people:,} people come in at the next run. Type their number to go on."
        raise TooMany(people, words)
