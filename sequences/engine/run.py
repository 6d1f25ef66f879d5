"""One run of a classic or smart sequence: a handful of set operations at one instant (semantics 2.4).

    exits by condition → automatic resumes → completions → entries → steps → counters

All of it in the caller's transaction, which sees the rows of one tenant: it happens whole or not at all.
"""

from __future__ import annotations

from collections import Counter
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import date, datetime
from types import ModuleType

from django.db.models import Count, Exists, Min, OuterRef, Q, QuerySet

from messaging.lifecycle import NOT_LEFT
from messaging.models import Message
from messaging.stops import advisory_key
from sequences import enrollment
from sequences.engine import classic, counters, entry, smart
from sequences.engine.due import Work, work_of
from sequences.engine.exits import exit_by_condition
from sequences.engine.planning import MANY, as_sets
from sequences.engine.questions import INSIDE
from sequences.engine.results import Tally, carry_out
from sequences.engine.scratch import prepare
from sequences.engine.sql import compiled, rows
from sequences.engine.verdicts import decide
from sequences.models import Enrollment, Run, Sequence
from tenants.wall import current_id

KINDS: dict[str, ModuleType] = {"classic": classic, "smart": smart}
"""What differs between the kinds: which steps are due for whom, and who has had everything."""


def lock_tenant() -> None:
    """Wait until no other run of the tenant is at work, and keep others waiting until the transaction ends (2.3)."""
    rows("SELECT pg_advisory_xact_lock(%s)", [advisory_key(current_id(), "runs", "")])


def work_through(sequence: Sequence, *, scheduled_for: datetime, day: date, now: datetime) -> Run:
    """One run. The caller holds the lock of the tenant and the sequence's row (``enrollment.hold_rows``)."""
    run = Run.objects.create(
        sequence=sequence,
        scheduled_for=scheduled_for,
        local_day=day,
        ordinal=enrollment.last_ordinal(sequence.pk) + 1,
        started_at=now,
    )
    work, kind = work_of(sequence, run, now=now), KINDS[sequence.kind]
    prepare()
    exits: Counter[str] = Counter()
    inside = inside_of(work)
    if inside.number:
        with as_sets() if inside.number >= MANY else nullcontext():
            exits["condition"] = exit_by_condition(work)
            run.resumed = resume_those_back(work) if inside.back else 0
            if run.resumed or kind.may_have_completed(work, inside.first_day1):
                exits["completed"] = complete(work)
    run.entered = entry.admit(work)
    due = kind.due(work)
    decide(work, due)
    tally = carry_out(work, is_anything_due=bool(due))
    keep(run, tally, +exits)
    counters.refresh(sequence, now=now)
    return run


@dataclass(frozen=True)
class Inside:
    """Who is inside when a run begins; ``back``: whose pause ends; ``first_day1``: the smallest of the active ones."""

    number: int
    back: int
    first_day1: int | None


def inside_of(work: Work) -> Inside:
    """One look at everybody, which spares a run the statements that would find nobody."""
    inside = Enrollment.objects.filter(sequence=work.sequence, state__in=INSIDE)
    found = inside.aggregate(
        number=Count("pk"),
        back=Count("pk", filter=is_back(work)),
        first_day1=Min("day1_run", filter=Q(state=Enrollment.ACTIVE)),
    )
    return Inside(**found)


def is_back(work: Work) -> Q:
    """Of somebody whom an automatic reply paused until this day or an earlier one (semantics 2.24)."""
    paused = Q(state=Enrollment.PAUSED, pause_reason=enrollment.AUTO_REPLY)
    return paused & Q(resume_on__lte=work.today)


def resume_those_back(work: Work) -> int:
    """Those go on whose automatic reply's pause is over."""
    back = Enrollment.objects.filter(is_back(work), sequence=work.sequence)
    stays = compiled(back.values("pk"))
    return enrollment.resume(work.sequence, stays, now=work.now, after=work.ordinal - 1)


def complete(work: Work) -> int:
    """Those leave who have been through all steps (semantics 2.19)."""
    if not work.sequence.exit_all_steps:
        return 0
    done = compiled(through(work).values("pk"))
    return enrollment.leave(work.sequence, done, reason=enrollment.COMPLETED, now=work.now)


def through(work: Work) -> QuerySet:
    """The stays that have been through all steps and have no message that still waits to be sent."""
    waiting = Message.objects.filter(enrollment_id=OuterRef("pk"), state__in=NOT_LEFT)
    return KINDS[work.sequence.kind].completed(work).filter(~Exists(waiting))


def keep(run: Run, tally: Tally, exits: Counter[str]) -> None:
    """What the run did, on its row, which says of itself that it did nothing."""
    if not (run.entered or run.resumed or exits or tally.executed or tally.skipped or tally.held):
        return
    run.executed, run.skipped = tally.executed.total(), tally.skipped.total()
    run.held, run.exited = tally.held.total(), exits.total()
    run.reasons = {"skipped": dict(tally.skipped), "held": dict(tally.held), "exited": dict(exits)}
    run.save()
