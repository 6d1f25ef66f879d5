"""What a forecast comes to: plain values that go through the cache as JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from typing import Any

from sequences.engine.sql import rows
from sequences.models import Run, Sequence

FIRST_MAILS = """
    SELECT max(first.on_day), count(*) FROM (
        SELECT min(run.local_day) AS on_day FROM sequences_steprun s
        JOIN sequences_run run ON run.id = s.run_id JOIN sequences_enrollment e ON e.id = s.enrollment_id
        WHERE e.sequence_id = %s AND s.state = 'executed' AND s.kind = 'email' GROUP BY s.enrollment_id
        HAVING min(run.ordinal) > %s) first"""


@dataclass(frozen=True)
class Day:
    """One run. ``executed`` is by key of the step, the others by reason."""

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

    ``first_mails``: how many get their first automatic e-mail, the last of them on ``first_mails_until``.
    ``inside``: how many are inside at the end. ``cut``: why it ended before its time: "time", or empty. ``had``: of
    the chosen contact.
    """

    people: int
    left_out: int
    until: datetime
    days: list[Day] = field(default_factory=list)
    first_mails: int = 0
    first_mails_until: date | None = None
    inside: int = 0
    cut: str = ""
    had: list[Had] = field(default_factory=list)

    @property
    def by_step(self) -> dict[str, int]:
        """How often each step is executed in all, by its key."""
        return _sum(day.executed for day in self.days)

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
    """The runs after the one with an ordinal, as they stand in the scratch tenant in use."""
    done: dict[int, dict[str, int]] = {}
    counted = """SELECT s.run_id, s.key, count(*) FROM sequences_steprun s JOIN sequences_run r ON r.id = s.run_id
                 WHERE r.sequence_id = %s AND r.ordinal > %s AND s.state <> 'skipped' GROUP BY 1, 2"""
    for run, key, number in rows(counted, [sequence.pk, after]):
        done.setdefault(run, {})[key] = number
    found = Run.objects.filter(sequence=sequence, ordinal__gt=after).order_by("ordinal")
    return [
        Day(
            on=run.local_day or run.scheduled_for.date(),
            at=run.scheduled_for,
            entered=run.entered,
            executed=done.get(run.pk, {}),
            **{kind: run.reasons.get(kind, {}) for kind in ("skipped", "held", "exited")},
        )
        for run in found
    ]


def had_by(sequence: Sequence, contact_id: int, *, after: int) -> list[Had]:
    """What the steps of one contact came to."""
    found = rows(
        """SELECT r.local_day, s.key, s.state, s.reason FROM sequences_steprun s JOIN sequences_run r ON r.id = s.run_id
           JOIN sequences_enrollment e ON e.id = s.enrollment_id
           WHERE e.sequence_id = %s AND e.contact_id = %s AND r.ordinal > %s ORDER BY r.ordinal, s.id""",
        [sequence.pk, contact_id, after],
    )
    return [Had(*row) for row in found]


def first_mails(sequence: Sequence, *, after: int) -> tuple[date | None, int]:
    """The day of the last first e-mail, and how many get one."""
    ((day, number),) = rows(FIRST_MAILS, [sequence.pk, after])
    return day, number


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
