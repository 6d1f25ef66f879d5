"""The people of a sequence as its page lists them: state, reason, next step and its date, a page at a time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from collections.abc import Sequence as Ordered
from dataclasses import dataclass
from datetime import date, datetime
from itertools import islice
from typing import Any

from django.db.models import Exists, Max, OuterRef, Q, QuerySet

from audience.models import Contact
from messaging import evidence
from messaging.barred import OFF_THE_LIST
from messaging.lifecycle import NOT_LEFT
from messaging.models import Message
from messaging.outbox import RESENT
from messaging.waits import Wait, why_waits
from sequences.calendar import Occurrence
from sequences.models import Addition, Enrollment, Sequence, StepRun
from sequences.reading.figures import days_behind
from sequences.reading.happened import WITH_REASONS, with_what_happened
from sequences.reading.wanted import Filter
from steps.models import Step
from steps.titles import title_of
from tenants.models import Member
from tenants.policy import scope, visible
from tenants.roles import ALL

PAGE = 50
MOST_RUNS = 1000
INSIDE = (Enrollment.ACTIVE, Enrollment.PAUSED)

STATES: dict[str, Q] = {
    "all": Q(),
    "active": Q(state=Enrollment.ACTIVE, held_reason=""),
    "held": Q(state=Enrollment.ACTIVE) & ~Q(held_reason=""),
    "paused": Q(state=Enrollment.PAUSED),
    "exited": Q(state=Enrollment.EXITED),
}
"""What the list can be filtered by; additions that wait are a list of their own."""

MAILS: dict[str, Q] = {
    **{state: Q(state=state) for state in evidence.UNSENT},
    "trial": OFF_THE_LIST,
    "waits": Q(state__in=NOT_LEFT),
}
"""The same by a message of theirs: one that did not leave, was not on the trial list, or waits to leave."""


@dataclass(frozen=True)
class PersonRow:
    """One stay as it is listed. ``next_at`` is None where nothing is to come, or nobody can say.

    ``left``: of a smart sequence, how many steps they have not had; the next run takes the first that matches.
    """

    stay: Enrollment
    state: str
    reason: str
    day: int
    done: int
    next_step: Step | None
    next_at: datetime | None
    last_at: datetime | None
    left: int = 0
    waiting: Message | None = None
    wait: Wait | None = None
    unsent: Message | None = None

    @property
    def why_unsent(self) -> str:
        """Why a mail did not leave, or why nobody knows."""
        return evidence.why(self.unsent) if self.unsent else ""

    @property
    def heard(self) -> str:
        """What its server said."""
        return evidence.heard(self.unsent) if self.unsent else ""

    @property
    def said_of_left(self) -> str:
        """What the next run of a smart sequence may take."""
        return (
            "The last step, if it matches"
            if self.left == 1
            else f"The first of {self.left} steps that matches"
        )

    @property
    def next_title(self) -> str:
        return title_of(self.next_step) if self.next_step else ""


def people(sequence: Sequence, wanted: Filter, *, reader: Member) -> QuerySet[Enrollment]:
    """Those asked for whom the reader may see, the latest first."""
    found = Enrollment.objects.filter(STATES.get(wanted.state, Q()), _seen_by(reader), sequence=sequence)
    if wanted.reason and wanted.did not in WITH_REASONS:
        found = found.filter(Q(exit_reason=wanted.reason) | Q(held_reason=wanted.reason))
    if wanted.q:
        found = found.filter(wanted.named)
    if is_so := MAILS.get(wanted.mail):
        mails = Message.objects.filter(is_so, enrollment_id=OuterRef("pk"))
        found = found.filter(Exists(mails.exclude(resolved_by=RESENT)))
    return with_what_happened(found, sequence, wanted).order_by("-pk")


def additions(sequence: Sequence, wanted: Filter, *, reader: Member) -> QuerySet[Addition]:
    """Those who wait to be added, of whom the reader may see."""
    found = Addition.objects.filter(wanted.named, _seen_by(reader), sequence=sequence)
    return found.select_related("contact__account", "by__user").order_by("-pk")


def _seen_by(reader: Member) -> Q:
    """On rows that have a contact: those whose contact the reader may see. Of who may see all nothing is asked."""
    if scope(reader, "record.view") == ALL:
        return Q()
    return Q(contact__in=visible(reader, "record.view", Contact.objects.all()).values("pk"))


def rows_of(
    stays: Ordered[Enrollment],
    steps: Ordered[Step],
    *,
    last_ordinal: int,
    coming: Iterable[Occurrence],
    now: datetime,
) -> list[PersonRow]:
    """What is said about each of a page of people: three statements. ``coming`` are the runs to come, none if none are.

    Classic: the day to come is the first that is not behind them; its date that many runs ahead (semantics 3.2).
    Smart: how many steps they have not had, and the next run. Adaptive: the step before which they stand, and its
    moment where it has one.
    """
    in_trees = {(None, step.key): step for step in steps} | _pinned(stays)
    steps = [step for step in steps if not step.is_off]
    had, last = _had(stays)
    mails = _mails(stays)
    days = max((step.day or 0 for step in steps), default=0)
    back = max((stay.resume_on for stay in stays if stay.resume_on), default=date.min)
    runs = enough(coming, back, days + 1)
    return [
        _row(
            stay,
            steps,
            had.get(stay.pk, set()),
            last.get(stay.pk),
            last_ordinal,
            runs,
            mails.get(stay.pk, []),
            now,
            in_trees,
        )
        for stay in stays
    ]


def _pinned(stays: Ordered[Enrollment]) -> dict[tuple[int | None, str], Step]:
    """The steps of plans to which people are pinned (semantics 5.14)."""
    plans = {stay.plan_id for stay in stays if stay.plan_id}
    found = Step.objects.filter(plan__in=plans).select_related("template") if plans else ()
    return {(step.plan_id, step.key): step for step in found}


def _row(
    stay: Enrollment,
    steps: Ordered[Step],
    had: set[str],
    last_at: datetime | None,
    last_ordinal: int,
    runs: list[Occurrence],
    mails: list[Message],
    now: datetime,
    in_trees: Mapping[tuple[int | None, str], Step],
) -> PersonRow:
    day = days_behind(stay.day1_run, stay.paused_after, last_ordinal)
    if stay.step_key is None:
        step = next((s for s in steps if (s.day or 0) > day and s.key not in had), None)
    else:
        step = in_trees.get((stay.plan_id, stay.step_key))
    step = step if stay.state in INSIDE else None
    in_a_tree = None if stay.stopped_at else stay.due_at  # a pause moves it by its length (semantics 5.13)
    at = due_at(stay, step, day, runs) if step and stay.step_key is None else in_a_tree
    waiting = next((mail for mail in mails if mail.state in NOT_LEFT), None)
    wait = why_waits(waiting, now=now) if waiting else None
    unsent = next((mail for mail in mails if mail.state not in NOT_LEFT), None)
    left = 0
    if stay.state in INSIDE and stay.day1_run is not None:
        left = sum(s.day is None and s.key not in had for s in steps)
        at = at or (_run_ahead(stay, 0, runs) if left else None)
    return PersonRow(stay, *_state(stay), day, len(had), step, at, last_at, left, waiting, wait, unsent)


def due_at(stay: Enrollment, step: Step, day: int, runs: list[Occurrence]) -> datetime | None:
    """When the step is due if nothing is held or missed. A pause by hand has no end; another ends on its day."""
    return _run_ahead(stay, (step.day or 0) - day - 1, runs)


def _run_ahead(stay: Enrollment, ahead: int, runs: list[Occurrence]) -> datetime | None:
    if stay.state == Enrollment.PAUSED:
        if stay.resume_on is None:
            return None
        runs = _from(runs, stay.resume_on)
    return runs[ahead].at if 0 <= ahead < len(runs) else None


def enough(coming: Iterable[Occurrence], back: date, count: int) -> list[Occurrence]:
    """The runs to come, until so many of them are on or after a day."""
    found: list[Occurrence] = []
    for run in islice(coming, MOST_RUNS):
        found.append(run)
        count -= run.day >= back
        if count <= 0:
            break
    return found


def _from(runs: list[Occurrence], day: date) -> list[Occurrence]:
    return [run for run in runs if run.day >= day]


def _state(stay: Enrollment) -> tuple[str, str]:
    """State and reason as they are shown."""
    if stay.state == Enrollment.EXITED:
        return ("completed", "") if stay.exit_reason == "completed" else ("exited", stay.exit_reason)
    if stay.state == Enrollment.PAUSED:
        return "paused", stay.pause_reason
    return ("held", stay.held_reason) if stay.held_reason else ("active", "")


def _mails(stays: Ordered[Enrollment]) -> dict[int, list[Message]]:
    """The messages of each stay that wait or did not leave, the latest first."""
    ids = [stay.pk for stay in stays]
    found: dict[int, list[Message]] = {}
    asked = Q(state__in=[*NOT_LEFT, *evidence.UNSENT]) | OFF_THE_LIST
    mails = Message.objects.filter(asked, enrollment_id__in=ids).exclude(resolved_by=RESENT)
    for mail in mails.select_related("mailbox", "sender__user", "sender__tenant").order_by("-pk"):
        found.setdefault(mail.enrollment_id or 0, []).append(mail)
    return found


def _had(stays: Ordered[Enrollment]) -> tuple[dict[int, set[str]], dict[int, datetime]]:
    """Keys that ran, and when something was last sent, of each stay."""
    ids = [stay.pk for stay in stays]
    had: dict[int, set[str]] = {}
    rows: Any = StepRun.objects.filter(enrollment__in=ids)
    for pk, key in rows.values_list("enrollment_id", "key"):
        had.setdefault(pk, set()).add(key)
    sent = rows.filter(sent_at__isnull=False).values_list("enrollment_id").annotate(at=Max("sent_at"))
    return had, dict(sent.order_by())
