"""What ends a stay at the next look at it, or keeps it before a condition of a tree."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from messaging.lifecycle import NOT_LEFT
from messaging.models import Message
from sequences.calendar import Occurrence
from sequences.engine.adaptive.tree import END
from sequences.engine.due import Work
from sequences.engine.questions import MARKS
from sequences.enrollment import COMPLETED, CONDITION
from sequences.explain.ahead import Ahead
from sequences.explain.coming import Pending, moment_on_a_path
from sequences.explain.verdicts import leaves_by_condition
from sequences.hours import Duration
from sequences.models import Enrollment, StepRun
from sequences.reading.figures import days_behind
from sequences.schedule import BY_CALENDAR, hours_of
from steps.models import Step
from tenants.localtime import local_date


@dataclass(frozen=True)
class Leaving:
    """The stay ends for ``reason`` at ``at``, as things stand."""

    reason: str
    at: datetime


def leaving_of(
    stay: Enrollment,
    work: Work,
    ahead: Ahead,
    look: Occurrence,
    *,
    now: datetime,
    has_open: bool,
    has_mail: bool,
) -> Leaving | None:
    """Whether the stay ends before its next step, or in place of it.

    ``work`` is of the published plan; ``look``: when everybody is asked next. ``has_open``: it has steps before it;
    ``has_mail``: one waits to leave (semantics 2.19).
    """
    at = _by_condition(stay, work, ahead, look)
    if at is not None:
        return Leaving(CONDITION, at)
    done = None if has_mail or not work.sequence.exit_all_steps else _through(stay, work, look, now, has_open)
    return Leaving(COMPLETED, done) if done else None


def _by_condition(stay: Enrollment, work: Work, ahead: Ahead, look: Occurrence) -> datetime | None:
    """Asked at the next look, and when their step is decided: dates may have come by then."""
    moments = [look.at, *([ahead.run_at] if ahead.run_at else [])]
    if work.sequence.kind not in BY_CALENDAR and ahead.run_at is not None and ahead.run_at < look.at:
        # Between the quarters it is asked of those alone whose step is a message (semantics 2.18).
        sending = [step for step in work.steps if step.key in ahead.candidates and step.kind.sends]
        moments = [ahead.run_at] if sending else []
    for at in moments:
        today = local_date(at, work.sequence.timezone)
        if leaves_by_condition(stay, replace(work, questions=replace(work.questions, today=today))):
            return at
    return None


def _through(
    stay: Enrollment, work: Work, look: Occurrence, now: datetime, has_open: bool
) -> datetime | None:
    """When they complete, having been through everything; None: they have not."""
    if work.sequence.kind not in BY_CALENDAR:
        has_ended = stay.step_key == END and not stay.is_waiting
        return moment_on_a_path(stay, now=now) if has_ended else None
    if stay.state == Enrollment.PAUSED:
        back = stay.resume_on
        if back is None or back > local_date(look.at, work.sequence.timezone):
            return None
    if work.sequence.kind == "smart":
        return None if has_open else look.at
    highest = max((step.row.day or 0 for step in work.steps), default=0)
    behind = days_behind(stay.day1_run, stay.paused_after, work.ordinal - 1)
    return look.at if behind >= highest else None


def pending_of(
    stay: Enrollment,
    open_steps: Collection[Step],
    had: Mapping[str, StepRun],
    mails: Mapping[int | None, Message],
) -> Pending | None:
    """The condition before which a stay stands in a tree; None: it stands before something else."""
    here = next((step for step in open_steps if step.key == stay.step_key), None)
    if here is None or here.kind != "condition":
        return None
    if "event" not in here.settings:
        return Pending(is_answered=True)
    run = had.get(here.settings["of"])
    if run is None or run.sent_at is None:
        mail = mails.get(run.pk) if run else None
        return Pending(is_answered=mail is None or mail.state not in NOT_LEFT)
    has_happened = getattr(run, MARKS[here.settings["event"]]) is not None
    limit = hours_of(stay.sequence).moment_after(run.sent_at, Duration(**here.settings["within"]))
    return Pending(has_happened and not here.settings.get("at_limit"), limit)
