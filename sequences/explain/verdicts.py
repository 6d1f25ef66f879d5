"""What the engine would decide about one stay at its next run: its own decision table, filled and thrown away.

The decision is about the one stay alone, unless the last e-mails of a sender's day may go to others before them
(semantics 2.28, 2.29): then about everyone whose turn it is, or, of too many, not at all, and the limit stays open.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from functools import reduce
from math import inf
from operator import or_
from typing import Any

from django.db.models import F, Q, QuerySet

from sequences.engine import smart
from sequences.engine.adaptive import conditions, updates
from sequences.engine.adaptive.forest import in_turn, planted
from sequences.engine.due import PlannedStep, Work
from sequences.engine.exits import exit_question
from sequences.engine.questions import INSIDE
from sequences.engine.scratch import prepare
from sequences.engine.senders import CONTACT_OWNER
from sequences.engine.sql import rows
from sequences.engine.verdicts import Due, decide
from sequences.enrollment import AUTO_REPLY, HELD
from sequences.explain.alone import Decided, decided_alone
from sequences.hours import is_quarter
from sequences.models import Enrollment, Sequence
from sequences.schedule import BY_CALENDAR
from tenants.models import Member

MOST = 2_000
"""People. The turns of so many are worked out to say of one whether the limit of a day reaches them."""

TABLES = ("engine_sender", "engine_verdict", "engine_held")
"""What deciding fills."""


@dataclass(frozen=True)
class Verdict:
    """A step would run, unless something skips it (semantics 2.26) or holds the whole stay (2.27).

    ``who``: from whom its message comes, or who is given its reminder; ``address``: where a message goes. ``answer``:
    of a condition. ``crowd``: so many people may come before them, and the sender's day has no room for all.
    """

    skip: str = ""
    hold: str = ""
    who: Member | None = None
    address: str = ""
    answer: bool | None = None
    crowd: int = 0

    @property
    def runs(self) -> bool:
        return not self.skip and not self.hold


def verdicts_on(
    stay: Enrollment, work: Work, candidates: Collection[str], *, current: Work
) -> dict[str, Verdict]:
    """Key → verdict, of the steps that the run would take. Of a smart sequence at most one.

    ``work`` is of the stay's plan, ``current`` of the published one. In the caller's transaction, in whose temporary
    tables the turns of others are worked out.
    """
    one = Enrollment.objects.filter(pk=stay.pk)
    steps = [step for step in work.steps if step.key in candidates and step.kind.name != "wait"]
    alone = decided_alone(work, [_due(work, step, one) for step in steps])
    found, crowd = _told(work, stay, alone), 0
    if any(one.runs and work_step.kind.is_email for work_step, one in _with_steps(work, found)):
        room = min(one.room for one in alone if one.room is not None and one.skip is None)
        crowd = 0 if room > inside_at_most(current.sequence) else _crowd(_others(stay, current), room)
        if 0 < crowd <= MOST and (together := _in_turn(stay, current)):
            found, crowd = together, 0
    return {key: replace(one, crowd=crowd if one.runs and one.address else 0) for key, one in found.items()}


def _in_turn(stay: Enrollment, work: Work) -> dict[str, Verdict]:
    """The verdicts with everybody whose turn it is; nothing of who stands before a wait that is over then."""
    prepare(*TABLES)
    whom = _but_leaving(_others(stay, work), work)
    wide, due = _of_all(work, Q(pk=stay.pk) | Q(pk__in=whom.values("pk")))
    decide(wide, due)
    return _told(wide, stay, _read(stay))


def leaves_by_condition(stay: Enrollment, work: Work) -> bool:
    """Whether the exit conditions hold for the stay, as the run of ``work`` would ask them."""
    if not work.sequence.exit_conditions:
        return False
    asked = exit_question(work)
    one = Enrollment.objects.filter(pk=stay.pk)
    return asked.joined(one, work.questions.aliases).filter(asked.q).exists()


def _due(work: Work, step: PlannedStep, stays: QuerySet) -> Due:
    if work.sequence.kind == "smart":
        return Due(step, stays, number=1, if_matching=True)
    answer = conditions.answer_of(work, step) if step.kind.name == "condition" else None
    record = updates.path_of(work, step) if step.kind.name == "update_field" else ""
    return Due(step, stays, number=1, answer=answer, record=record)


def _others(stay: Enrollment, work: Work) -> QuerySet:
    """Everyone else inside who may get an e-mail at the run, who is away until then, too."""
    back = Q(state=Enrollment.PAUSED, pause_reason=AUTO_REPLY, resume_on__lte=work.today)
    inside = Enrollment.objects.filter(Q(state=Enrollment.ACTIVE) | back, sequence=work.sequence)
    if work.sequence.kind == "classic":
        days = {step.row.day or 0 for step in work.steps if step.kind.is_email}
        inside = inside.filter(reduce(or_, (_on_day(work, day) for day in sorted(days)), Q(pk__in=[])))
    elif work.sequence.kind == "adaptive":
        inside = inside.filter(in_turn(work.now, with_held=True))
    return inside.exclude(pk=stay.pk)


def _but_leaving(others: QuerySet, work: Work) -> QuerySet:
    """Without those who leave by condition before."""
    if not work.sequence.exit_conditions:
        return others
    asked = exit_question(work)
    leaving = asked.joined(Enrollment.objects.filter(sequence=work.sequence), work.questions.aliases)
    return others.exclude(pk__in=leaving.filter(asked.q).values("pk"))


def inside_at_most(sequence: Sequence) -> float:
    """So many are inside at most: since the last run counted them, nobody came in."""
    counted = sequence.counters
    return counted["active"] + counted["paused"] if counted else inf


def _crowd(others: QuerySet, room: int) -> int:
    """How many others there are, as far as it matters, where the sender has no room for all; else 0."""
    number = others.order_by()[: max(MOST, room) + 1].count()
    return number if number + 1 > room else 0


def _of_all(work: Work, whom: Q) -> tuple[Work, list[Due]]:
    """Every step that may take from a sender's day, with all of them whose turn it is."""
    people = Enrollment.objects.filter(whom)
    if work.sequence.kind == "smart":
        turns = [(step, smart.undecided(people)) for step in work.steps]
    elif work.sequence.kind in BY_CALENDAR:
        turns = [(step, people.filter(_on_day(work, step.row.day or 0))) for step in work.steps]
    else:
        plans = Enrollment.objects.filter(sequence=work.sequence, state__in=INSIDE).exclude(plan=None)
        pinned = set(plans.exclude(plan=work.sequence.plan_id).order_by().values_list("plan", flat=True))
        forest, work = planted(work, pinned)
        now = in_turn(work.now, with_held=is_quarter(work.now, work.sequence.timezone))
        turns = [
            (step, people.filter(forest.on(step.row.plan_id), now, step_key=step.key))
            for step in work.steps
            if step.kind.is_email
        ]
    return work, [replace(_due(work, step, some), number=MOST) for step, some in turns]


def _on_day(work: Work, day: int) -> Q:
    here = Q(state=Enrollment.ACTIVE, day1_run=work.ordinal - day + 1)
    return here | Q(state=Enrollment.PAUSED, day1_run=F("paused_after") - day + 2)


def _with_steps(work: Work, found: dict[str, Verdict]) -> list[tuple[PlannedStep, Verdict]]:
    return [(step, found[step.key]) for step in work.steps if step.key in found]


def _read(stay: Enrollment) -> list[Decided]:
    """What stands in the decision table about the stay."""
    found = rows(
        """SELECT v.step, v.skip, h.reason, v.address, v.answer, NULL FROM engine_verdict v
           LEFT JOIN engine_held h ON h.enrollment_id = v.enrollment_id WHERE v.enrollment_id = %s""",
        [stay.pk],
    )
    return [Decided(*row) for row in found]


def _told(work: Work, stay: Enrollment, decided: Iterable[Decided]) -> dict[str, Verdict]:
    return {
        work.steps[one.step].key: Verdict(
            one.skip or "",
            HELD[one.held] if one.held is not None else "",
            _who(work, work.steps[one.step], stay),
            one.address or "",
            one.answer,
        )
        for one in decided
    }


def _who(work: Work, step: PlannedStep, stay: Enrollment) -> Member | None:
    if not step.kind.sends and not step.kind.is_manual:
        return None
    settings: dict[str, Any] = step.settings
    who = work.senders.of_step(settings) if step.kind.sends else work.senders.assignee(settings)
    if who == CONTACT_OWNER:
        return stay.contact.owner or work.sequence.owner
    if who == work.sequence.owner_id:
        return work.sequence.owner
    return Member.objects.select_related("user").filter(pk=who).first()
