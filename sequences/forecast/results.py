"""What a forecast comes to: plain values that go through the cache as JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from typing import Any

from django.db import connection
from django.db.models import Exists, OuterRef

from sequences.models import Enrollment, Run, Sequence, StepRun
from tenants.localtime import local_date

ON_DAY = "COALESCE(r.local_day, (r.scheduled_for AT TIME ZONE %(zone)s)::date)"
"""The local day of a run; of an adaptive sequence that of its instant."""

FIRST_MAILS = f"""
    SELECT max(first.on_day), count(*) FROM (
        SELECT min({ON_DAY}) AS on_day FROM sequences_steprun s
        JOIN sequences_run r ON r.id = s.run_id JOIN sequences_enrollment e ON e.id = s.enrollment_id
        WHERE e.sequence_id = %(sequence)s AND s.state = 'executed' AND s.kind = 'email' GROUP BY s.enrollment_id
        HAVING min(r.ordinal) > %(after)s) first"""

DONE = f"""
    SELECT {ON_DAY}, s.key, count(*) FROM sequences_steprun s JOIN sequences_run r ON r.id = s.run_id
    WHERE r.sequence_id = %(sequence)s AND r.ordinal > %(after)s AND s.state <> 'skipped' GROUP BY 1, 2"""

HAD = f"""
    SELECT {ON_DAY}, s.key, s.state, s.reason FROM sequences_steprun s JOIN sequences_run r ON r.id = s.run_id
    JOIN sequences_enrollment e ON e.id = s.enrollment_id
    WHERE e.sequence_id = %(sequence)s AND e.contact_id = %(contact)s AND r.ordinal > %(after)s
    ORDER BY r.ordinal, s.id"""


@dataclass(frozen=True)
class Day:
    """The runs of one local day. ``executed`` is by key of the step, the others by reason."""

    on: date
    at: datetime
    entered: int
    executed: dict[str, int]
    skipped: dict[str, int]
    held: dict[str, int]
    exited: dict[str, int]


@dataclass(frozen=True)
class Had:
    """A step of the chosen contact: what it was on which day."""

    on: date
    key: str
    state: str
    reason: str


@dataclass(frozen=True)
class Forecast:
    """``people`` were lived through, ``left_out`` more are concerned. ``until`` is the last instant that was lived.

    ``first_mails``: how many get their first automatic e-mail, the last of them on ``first_mails_until``; the limits
    still keep ``unreached`` from theirs at the end. ``inside``: how many are inside then. ``beside`` other sequences of
    the same senders were lived along, but for ``others_left_out`` of their people. ``cut``: why it ended before its
    time: "time", or empty. ``had``: of the chosen contact.
    """

    people: int
    left_out: int
    until: datetime
    days: list[Day] = field(default_factory=list)
    first_mails: int = 0
    first_mails_until: date | None = None
    inside: int = 0
    unreached: int = 0
    beside: int = 0
    others_left_out: int = 0
    cut: str = ""
    had: list[Had] = field(default_factory=list)

    @property
    def by_step(self) -> dict[str, int]:
        """How often each step is executed in all, by its key."""
        return _sum(day.executed for day in self.days)

    @property
    def exited(self) -> dict[str, int]:
        """Who left, by reason."""
        return _sum(day.exited for day in self.days)

    @property
    def skipped(self) -> dict[str, int]:
        return _sum(day.skipped for day in self.days)

    @property
    def held(self) -> dict[str, int]:
        """Held people by reason, each counted on each day."""
        return _sum(day.held for day in self.days)

    def as_json(self) -> dict[str, Any]:
        """Values that JSON has."""
        return _plain(asdict(self))

    @classmethod
    def of_json(cls, raw: dict[str, Any]) -> Forecast:
        days = [
            Day(**{**one, "on": date.fromisoformat(one["on"]), "at": datetime.fromisoformat(one["at"])})
            for one in raw["days"]
        ]
        had = [Had(**{**one, "on": date.fromisoformat(one["on"])}) for one in raw["had"]]
        last = raw["first_mails_until"]
        return cls(
            **{
                **raw,
                "days": days,
                "had": had,
                "until": datetime.fromisoformat(raw["until"]),
                "first_mails_until": date.fromisoformat(last) if last else None,
            }
        )


def days_of(sequence: Sequence, *, after: int) -> list[Day]:
    """The days of the runs after the one with an ordinal, as they stand in the scratch tenant in use."""
    done: dict[date, dict[str, int]] = {}
    for on, key, number in _rows(DONE, sequence, after):
        done.setdefault(on, {})[key] = number
    days: dict[date, list[Run]] = {}
    for run in Run.objects.filter(sequence=sequence, ordinal__gt=after).order_by("ordinal"):
        on = run.local_day or local_date(run.scheduled_for, sequence.timezone)
        days.setdefault(on, []).append(run)
    return [
        Day(
            on=on,
            at=runs[0].scheduled_for,
            entered=sum(run.entered for run in runs),
            executed=done.get(on, {}),
            **{
                kind: _sum(run.reasons.get(kind, {}) for run in runs)
                for kind in ("skipped", "held", "exited")
            },
        )
        for on, runs in days.items()
    ]


def had_by(sequence: Sequence, contact_id: int, *, after: int) -> list[Had]:
    """What the steps of one contact came to."""
    return [Had(*row) for row in _rows(HAD, sequence, after, contact=contact_id)]


def first_mails(sequence: Sequence, *, after: int) -> tuple[date | None, int]:
    """The day of the last first e-mail, and how many get one."""
    ((day, number),) = _rows(FIRST_MAILS, sequence, after)
    return day, number


def unreached(sequence: Sequence) -> int:
    """How many wait for their first automatic e-mail, held by a daily limit."""
    had = StepRun.objects.filter(enrollment=OuterRef("pk"), kind="email", state=StepRun.EXECUTED)
    held = Enrollment.objects.filter(sequence=sequence.pk, state=Enrollment.ACTIVE, held_reason="limit")
    return held.filter(~Exists(had)).count()


def _rows(sql: str, sequence: Sequence, after: int, **params: Any) -> list[tuple[Any, ...]]:
    given = {"sequence": sequence.pk, "after": after, "zone": sequence.timezone.key, **params}
    with connection.cursor() as cursor:
        cursor.execute(sql, given)
        return cursor.fetchall()


def _sum(parts: Iterable[dict[str, int]]) -> dict[str, int]:
    total: Counter[str] = Counter()
    for part in parts:
        total.update(part)
    return dict(total.most_common())


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_plain(one) for one in value]
    return value.isoformat() if isinstance(value, date) else value
