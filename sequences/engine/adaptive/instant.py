"""One instant of an adaptive sequence, inside its working hours (semantics 5.3).

    exits by condition → resumes that are due → additions and entries → passes → counters

Exits by condition and entries happen at full quarters only, and not a second time at one instant. All of it in the
caller's transaction.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime

from sequences import agenda, enrollment
from sequences.engine import counters, entry
from sequences.engine.adaptive.census import census
from sequences.engine.adaptive.forest import planted
from sequences.engine.adaptive.passes import Deliver, Done, go_through
from sequences.engine.due import Work, work_of
from sequences.engine.exits import exit_by_condition
from sequences.engine.scratch import prepare
from sequences.engine.sql import compiled
from sequences.hours import is_quarter
from sequences.models import Enrollment, Run, Sequence, Status
from sequences.schedule import hours_of, set_next
from tenants.localtime import local_date


def work_at(
    sequence: Sequence, *, at: datetime, now: datetime, deliver: Deliver, is_again: bool = False
) -> Run:
    """Work the instant ``at``, which is ``now`` or a little earlier; the caller holds the tenant's lock and the row.

    ``is_again``: it was worked already, and somebody was handed over since (semantics 5.4).
    Returns its Run, which has no key where nothing happened: then none is kept.
    """
    run = Run.objects.filter(sequence=sequence, scheduled_for=at).first() if is_again else None
    run = run or Run(sequence=sequence, scheduled_for=at, started_at=now)
    if not hours_of(sequence).are_open(at):  # it comes late, or the hours are others by now
        set_next(sequence, since=now)
        return run
    is_full = is_quarter(at, sequence.timezone) and not is_again
    work = work_of(sequence, run, now=now)
    prepare()
    agenda.answer_wakes(sequence.pk)
    seen = census(sequence, now=now)
    exits: Counter[str] = Counter()
    if is_full and seen.inside:
        exits["condition"] = exit_by_condition(work)
    if sequence.status == Status.PAUSED:
        return only_exits(run, exits, work=work, at=at)
    resumed = resume_those_back(work) if seen.away else 0
    forest, wide = planted(work, seen.pinned)
    entered = entry.admit(work, first_key=forest.first_key, only_by_hand=not is_full)
    has_changed = bool(exits.total() or resumed or entered)
    if has_changed:
        seen = census(sequence, now=now)
    done = go_through(
        wide,
        forest,
        seen,
        with_held=is_full,
        were_asked=is_full and not has_changed,
        deliver=deliver,
        begins=lambda: kept(run),
    )
    exits.update(done.exited)
    if has_changed or done.has_acted:
        keep(kept(run), done, +exits, entered=entered, resumed=resumed)
        counters.refresh(sequence, now=now)
    agenda.settle(sequence, census(sequence, now=now) if done.has_moved else seen, at=at, now=now)
    return run


def only_exits(run: Run, exits: Counter[str], *, work: Work, at: datetime) -> Run:
    """The instant of a paused sequence: exit conditions still end stays, nothing else happens (semantics 5.13)."""
    if exits.total():
        keep(kept(run), Done(), exits, entered=0, resumed=0)
        counters.refresh(work.sequence, now=work.now)
    agenda.settle(work.sequence, census(work.sequence, now=work.now), at=at, now=work.now)
    return run


def resume_those_back(work: Work) -> int:
    """Those go on whose automatic reply's pause is over: at the first opening on or after its date (semantics 2.24).

    That is now, or was, where the hours last opened on that date or later, and since they paused.
    """
    away = Enrollment.objects.filter(
        sequence=work.sequence, state=Enrollment.PAUSED, pause_reason=enrollment.AUTO_REPLY
    )
    opened, _ = next(hours_of(work.sequence).spans(work.now))
    back = away.filter(resume_on__lte=local_date(opened, work.sequence.timezone), paused_at__lte=opened)
    return enrollment.resume(work.sequence, compiled(back.values("pk")), now=work.now)


def is_kept(run: Run) -> bool:
    """Whether there is anything to be told of it."""
    return not run._state.adding


def kept(run: Run) -> Run:
    """A run of which something is to be kept."""
    if not is_kept(run):
        run.ordinal = enrollment.last_ordinal(run.sequence_id) + 1
        run.save()
    return run


def keep(run: Run, done: Done, exits: Counter[str], *, entered: int, resumed: int) -> None:
    """What was done, on its row, added to what was done at this instant before."""
    tally = done.tally
    run.entered += entered
    run.resumed += resumed
    run.executed += tally.executed.total()
    run.skipped += tally.skipped.total()
    run.held += tally.held.total()
    run.exited += exits.total()
    for name, counted in (("skipped", tally.skipped), ("held", tally.held), ("exited", exits)):
        run.reasons[name] = dict(Counter(run.reasons.get(name, {})) + counted)
    run.save()
