"""What an edit will change for those inside, before it is kept or published (semantics 2.38, 3.5)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from collections.abc import Sequence as Ordered
from copy import copy
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count

from audience.conditions.parse import Group
from messaging.lifecycle import NOT_LEFT
from messaging.models import Message
from sequences import schedule
from sequences.calendar import Occurrence
from sequences.changes import ADDED, Change, Place, Reach, reach
from sequences.engine import run
from sequences.engine.due import plan_keys, work_of
from sequences.engine.questions import INSIDE, Questions
from sequences.enrollment import last_ordinal
from sequences.models import Enrollment, Run, Sequence, StepRun
from sequences.reading.figures import by_days, days_done
from steps.models import Plan, Step
from tenants.localtime import local_date


def reached(sequence: Sequence, changes: Ordered[Change]) -> dict[str, Any]:
    """``changes``: pairs of a change and its Reach; ``inside``: how many are inside."""
    inside = _counted(sequence, _inside(sequence), "")
    pairs = []
    for change in changes:
        runs = StepRun.objects.filter(enrollment__in=_inside(sequence).values("pk"), key=change.key)
        had = _counted(sequence, runs, "enrollment__")
        pairs.append((change, reach(change, inside - had, had.total())))
    return {"changes": pairs, "inside": inside.total()}


def waiting_mails(sequence: Sequence) -> dict[str, int]:
    """Key of a step → how many of its mails were made and have not left. They leave as they were made (2.32, 3.5)."""
    stays = Enrollment.objects.filter(sequence=sequence).values("pk")
    mails = Message.objects.filter(enrollment_id__in=stays, state__in=NOT_LEFT).order_by()
    return dict(mails.values_list("mailing__step_key").annotate(n=Count("pk")))


def of_day(sequence: Sequence, day: int) -> Reach:
    """Whom a step on a day reaches, if it is added there."""
    step = Step(day=day)
    return reach(Change(ADDED, "", step, Place(day)), days_done(sequence, last_ordinal(sequence.pk)))


def ending(sequence: Sequence, plan: Plan, *, now: datetime) -> int:
    """How many of those inside have steps ahead of them now and none in ``plan``: they are completed by the next run.

    Who is paused is not counted.
    """
    if not sequence.exit_all_steps:
        return 0
    through, already = (_through(sequence, of, now) for of in (plan, sequence.plan))
    return through.exclude(pk__in=already.values("pk")).count()


@dataclass(frozen=True)
class Leaving:
    """How many of those ``inside`` match exit conditions, and how many are through all steps (else those stay)."""

    inside: int
    matching: int
    through: int


def leaving(sequence: Sequence, group: Group, *, all_steps: bool, now: datetime) -> Leaving:
    """Whom exit conditions end at the next run, and whom the switch of all steps, where it is off now.

    A group without conditions ends no stay (semantics 2.35).
    """
    inside, matching = _inside(sequence), 0
    if group.conditions:
        questions = Questions(sequence, plan_keys(sequence), local_date(now, sequence.timezone))
        asked = questions.of_stays(group)
        matching = asked.joined(inside, questions.aliases).filter(asked.q).count()
    is_new = all_steps and not sequence.exit_all_steps
    through = _through(sequence, sequence.plan, now).count() if is_new else 0
    return Leaving(inside.count(), matching, through)


def next_run_with(sequence: Sequence, values: Mapping[str, Any], *, now: datetime) -> Occurrence | None:
    """The next run with other settings of the schedule; None where none comes."""
    thought = copy(sequence)
    for name, value in values.items():
        setattr(thought, name, value)
    is_certain = thought.kind in schedule.BY_CALENDAR and schedule.runs(thought)
    return schedule.next_occurrence(thought, since=now) if is_certain else None


def _inside(sequence: Sequence) -> Any:
    return Enrollment.objects.filter(sequence=sequence, state__in=INSIDE)


def _through(sequence: Sequence, plan: Plan, now: datetime) -> Any:
    """The stays that the next run would complete with ``plan``."""
    thought = copy(sequence)
    thought.plan = plan
    ordinal = last_ordinal(sequence.pk) + 1
    work = work_of(thought, Run(sequence=thought, ordinal=ordinal), now=now)
    return run.through(work)


def _counted(sequence: Sequence, rows: Any, stay: str) -> Counter[int]:
    """The stays of these rows by the days behind them; smart sequences count no days."""
    found = by_days(rows.values_list(f"{stay}day1_run", f"{stay}paused_after"), last_ordinal(sequence.pk))
    return found if sequence.kind == "classic" else Counter({0: found.total()})
