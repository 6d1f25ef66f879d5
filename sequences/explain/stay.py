"""Somebody who is inside, or was: what each step was for them, will be, and what the next run would decide."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

from activities.models import Reminder
from audience.conditions.form import called
from messaging.lifecycle import NOT_LEFT
from messaging.models import Message
from sequences.calendar import Occurrence
from sequences.engine.due import Work
from sequences.engine.questions import INSIDE
from sequences.explain.ahead import Ahead, ahead_of, ahead_on_path, past_a_wait
from sequences.explain.answers import Answered, Put, of_stay, put
from sequences.explain.leaving import Leaving, leaving_of, pending_of
from sequences.explain.met import Person
from sequences.explain.verdicts import Verdict, verdicts_on
from sequences.models import Enrollment, StepRun
from sequences.reading.material import Material
from sequences.reading.thought import thought_of
from steps.kinds import KINDS
from steps.models import Step
from tenants.localtime import local_date

NEXT, LATER, PASSED, OFF, NEVER, ASIDE, BEHIND = "next", "later", "passed", "off", "never", "aside", "behind"
"""Of a step that was not had: its day was behind them already, it is switched off, they left before it, it stands in
an arm that is not theirs, it stands before their place and came into the plan when they were past it."""


@dataclass(frozen=True)
class StepTold:
    """One step for one person. ``state``: executed, skipped, cancelled, or one of those above.

    ``at``: when that was, or when it is due. ``message``: the last one it made. ``asked``: its conditions as they stand
    now, of a step to come; ``verdict``: what the next run would do with it. ``reminder``: what somebody has to do.
    """

    step: Step
    state: str
    at: datetime | None = None
    run: StepRun | None = None
    message: Message | None = None
    asked: Answered | None = None
    verdict: Verdict | None = None
    reminder: Reminder | None = None


@dataclass(frozen=True)
class Told:
    """The steps in their order, and the exit conditions, of somebody inside and where there are any.

    ``run_at``: when the engine decides about their next step. ``leaves``: they leave before or instead.
    ``stands_before``: the key of the step of a tree where the stay is. ``waits_for_mail``: a mail of theirs has yet to
    leave before they can go on.
    """

    steps: list[StepTold] = field(default_factory=list)
    exit: Answered | None = None
    stands_before: str | None = None
    run_at: datetime | None = None
    leaves: Leaving | None = None
    waits_for_mail: bool = False

    @property
    def next(self) -> list[StepTold]:
        """What the next run decides."""
        return [told for told in self.steps if told.state == NEXT]

    @property
    def waits_for(self) -> StepTold | None:
        """What a person has been asked to do, and the path waits for (adaptive)."""
        return next((told for told in self.steps if told.run and told.step.key == self.stands_before), None)

    @property
    def later(self) -> list[StepTold]:
        """What is to come after that, or when a pause is over."""
        return [told for told in self.steps if told.state == LATER]


def told_of(
    stay: Enrollment,
    material: Material,
    *,
    now: datetime,
    look: Occurrence | None,
    runs: Iterator[Occurrence],
) -> Told:
    """What a stay was and will be, by the plan of the material.

    ``look``: when everybody is asked next; ``runs``: those to come of a sequence that runs by its calendar.

    Raises sequences.engine.questions.Unreadable for stored conditions that cannot be read.
    """
    steps = material.steps
    had = {run.key: run for run in StepRun.objects.filter(enrollment=stay)}
    made = made_of(stay, had.values())
    mails = made.mails
    if stay.state not in INSIDE:
        return Told([_had(step, had.get(step.key), made) for step in steps])
    open_steps = [step for step in material.working_steps if step.key not in had]
    pending = pending_of(stay, open_steps, had, mails)
    dates = ahead_of(stay, open_steps, now=now, runs=runs, pending=pending)
    ahead = past_a_wait(dates, stay, open_steps)
    at = ahead.run_at or (look.at if look else now)
    work = current = thought_of(stay.sequence, now=at, rows=None if stay.is_pinned else material.rows)
    if stay.is_pinned:
        work = thought_of(stay.sequence, now=at, plan=material.plan, rows=material.rows)
    verdicts = verdicts_on(stay, work, ahead.candidates, current=current) if ahead.run_at else {}
    person = Person(stay.contact, bare_account=stay.account, opportunity=stay.opportunity, step_runs=had)
    name = partial(called, material.lists)
    asked = of_stay(stay, _puts(steps, ahead, work), person, name, material.labels)
    exit = of_stay(stay, _exit(current), person, name, material.labels).get(EXIT)
    # Of a smart sequence the next step is the one that was decided, else it is decided about all of them.
    next_ones = tuple(verdicts) if stay.sequence.kind == "smart" else ahead.candidates
    reachable = ahead_on_path(stay, steps)
    told = [
        StepTold(step, _off_the_path(step, steps, had))
        if step.key not in had and reachable is not None and step.key not in reachable
        else _ahead(step, ahead, next_ones, asked.get(step.key), verdicts.get(step.key))
        if step.key not in had
        else _had(step, had[step.key], made)
        for step in steps
    ]
    waiting = any(mail.state in NOT_LEFT for mail in mails.values())
    leaves = None
    if look is not None:
        leaves = leaving_of(stay, current, ahead, look, now=now, has_open=bool(open_steps), has_mail=waiting)
    is_kept = pending is not None and not pending.is_answered and pending.limit is None
    return Told(told, exit, stay.step_key, ahead.run_at, leaves, is_kept)


EXIT = ""
"""The key of the exit conditions among those of the steps."""


@dataclass(frozen=True)
class Made:
    """What the steps that were had made, by their step runs."""

    mails: Mapping[int | None, Message]
    reminders: Mapping[int | None, Reminder]


def made_of(stay: Enrollment, had: Collection[StepRun]) -> Made:
    """Read only as far as the page may tell of it: of most mails, that they left."""
    mails, asked_of = [], []
    if any(KINDS[run.kind].sends or KINDS[run.kind].is_manual for run in had):
        found = Message.objects.filter(enrollment_id=stay.pk).order_by("pk")
        mails = list(found)
        if any(mail.state in NOT_LEFT for mail in mails):
            mails = list(found.select_related("mailbox", "sender__user", "sender__tenant"))
    if any(KINDS[run.kind].is_manual for run in had):
        reminders = Reminder.objects.filter(enrollment_id=stay.pk).order_by("pk")
        asked_of = list(reminders.select_related("assignee__user", "closed_by__user"))
    return Made({mail.step_run_id: mail for mail in mails}, {one.step_run_id: one for one in asked_of})


def _off_the_path(step: Step, steps: list[Step], had: dict[str, StepRun]) -> str:
    """Why they do not come to a step of a tree: a condition above it was answered otherwise, or they were past it."""
    by_pk = {one.pk: one for one in steps}
    here = step
    while (above := by_pk.get(here.parent_id or 0)) is not None:
        if above.key in had and had[above.key].reason != here.arm:
            return ASIDE
        here = above
    return BEHIND


def _had(step: Step, run: StepRun | None, made: Made) -> StepTold:
    if run is None:
        return StepTold(step, NEVER)
    return StepTold(step, run.state, run.at, run, made.mails.get(run.pk), reminder=made.reminders.get(run.pk))


def _ahead(
    step: Step, ahead: Ahead, next_ones: Collection[str], asked: Answered | None, verdict: Verdict | None
) -> StepTold:
    if step.key not in ahead.dates:
        return StepTold(step, OFF if step.is_off else PASSED)
    if step.key in next_ones:
        return StepTold(step, NEXT, ahead.run_at, asked=asked, verdict=verdict)
    return StepTold(step, LATER, ahead.dates[step.key], asked=asked)


def _puts(steps: list[Step], ahead: Ahead, work: Work) -> dict[str, Put]:
    """The conditions of the steps to come, each on the day on which it will be asked."""
    found = {}
    for step in steps:
        if step.key in ahead.dates and step.conditions:
            at = ahead.dates[step.key]
            on = local_date(at, work.sequence.timezone) if at else work.today
            found[step.key] = put(work.questions, {"match": step.match, "conditions": step.conditions}, on=on)
    return found


def _exit(work: Work) -> dict[str, Put]:
    """The exit conditions, which know the steps of the published plan, whatever plan a stay is on."""
    sequence = work.sequence
    if not sequence.exit_conditions:
        return {}
    raw = {"match": sequence.exit_match, "conditions": sequence.exit_conditions}
    return {EXIT: put(work.questions, raw, on=work.today, default_match="any")}
