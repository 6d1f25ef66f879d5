"""Numbers of sequences and of their steps, counted set-wise (screens §4: a person counts once per step).

What nobody knows to have arrived counts in no rate, and so not as sent, before something comes back (reliability §2).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field, replace
from itertools import accumulate
from typing import Any

from django.db.models import Count, IntegerField, Q, QuerySet, Value
from django.db.models.expressions import RawSQL
from django.db.models.functions import Cast

from messaging.sent import IN_DOUBT
from sequences.engine.sql import rows
from sequences.models import Addition, Enrollment, Sequence, StepRun

LARGE = 5_000
"""People. So many are counted anew for a page; beyond them stands what the last run counted."""
STATES = 20_000
"""People of one sequence whose states are counted anew for its own pages: that costs a tenth of what their steps do."""
NEVER_PAUSED = Cast(Value(None), IntegerField())
MARKS = ("sent", "opened", "clicked", "replied", "bounced")
BY_MACHINE = ("machine_opened", "machine_clicked")


@dataclass(frozen=True)
class Figures:
    """What a sequence has done so far. ``contacted`` are people with at least one message sent."""

    waiting: int = 0
    active: int = 0
    held: int = 0
    paused: int = 0
    exited: int = 0
    contacted: int = 0
    sent: int = 0
    opened: int = 0
    clicked: int = 0
    replied: int = 0
    bounced: int = 0
    is_kept: bool = False
    """Whether they are as of the last run."""
    are_people_kept: bool = False
    """Whether this is so of who is active, held, paused, exited, too."""

    @property
    def inside(self) -> int:
        return self.active + self.paused

    @property
    def entered(self) -> int:
        return self.inside + self.exited

    @property
    def delivered(self) -> int:
        return self.sent - self.bounced

    def plus(self, other: Figures) -> Figures:
        """Both together."""
        return Figures(*(a + b for a, b in zip(vars(self).values(), vars(other).values(), strict=True)))


@dataclass(frozen=True)
class StepFigures:
    """What a step has done so far. ``skipped`` by reason; waits and conditions were ``passed``.

    What scanners and proxies did stands apart.
    """

    executed: int = 0
    skipped: dict[str, int] = field(default_factory=dict)
    cancelled: int = 0
    passed: int = 0
    sent: int = 0
    opened: int = 0
    clicked: int = 0
    replied: int = 0
    bounced: int = 0
    machine_opened: int = 0
    machine_clicked: int = 0

    @property
    def delivered(self) -> int:
        return self.sent - self.bounced


def figures_of(sequences: Collection[Sequence]) -> dict[int, Figures]:
    """The figures of these sequences: three statements, however many there are.

    The smallest, with LARGE people together, are counted as they are now; those of the others are as of their last run.
    """
    large = {sequence.pk: _kept(sequence) for sequence in _beyond(sequences)}
    small = [sequence.pk for sequence in sequences if sequence.pk not in large]
    found: dict[int, dict[str, Any]] = {**{pk: {} for pk in small}, **large}
    for counted in (_people(small), _waiting([*small, *large]), _marks(small)):
        for row in counted:
            found[row.pop("sequence_id")].update(row)
    return {pk: Figures(**values) for pk, values in found.items()}


def figures_of_one(sequence: Sequence) -> Figures:
    """The figures of a sequence for its own pages: who is paused or removed there is seen in the numbers at once."""
    found = figures_of([sequence])[sequence.pk]
    if not found.is_kept or _entered(sequence) > STATES:
        return found
    counted: dict[str, Any] = next(iter(_people([sequence.pk])), {})
    counted.pop("sequence_id", None)
    return replace(found, are_people_kept=False, **counted)


def _beyond(sequences: Collection[Sequence]) -> list[Sequence]:
    """Those that it would take too long to count anew, too."""
    by_size = sorted(sequences, key=_entered)
    sums = accumulate(map(_entered, by_size))
    return [sequence for sequence, people in zip(by_size, sums, strict=True) if people > LARGE]


def _entered(sequence: Sequence) -> int:
    return int(sequence.counters.get("entered", 0))


def is_large(sequence: Sequence) -> bool:
    """Whether counting it anew for a page would take too long."""
    return _entered(sequence) > LARGE


def _kept(sequence: Sequence) -> dict[str, Any]:
    """What the last run counted (sequences.engine.counters)."""
    kept = sequence.counters
    steps = list(kept["steps"].values())
    people = {name: kept[name] for name in ("active", "paused", "held")}
    marks = {mark: sum(step[mark] for step in steps) for mark in MARKS}
    contacted = max((step["sent"] for step in steps), default=0)
    return (
        people
        | marks
        | {
            "exited": sum(kept["exited"].values()),
            "contacted": contacted,
            "is_kept": True,
            "are_people_kept": True,
        }
    )


def _people(sequences: Collection[int]) -> Any:
    stays = Enrollment.objects.filter(sequence__in=sequences).order_by().values("sequence_id")
    active = Q(state=Enrollment.ACTIVE)
    return stays.annotate(
        active=Count("pk", filter=active),
        held=Count("pk", filter=active & ~Q(held_reason="")),
        paused=Count("pk", filter=Q(state=Enrollment.PAUSED)),
        exited=Count("pk", filter=Q(state=Enrollment.EXITED)),
    )


def _waiting(sequences: Collection[int]) -> Any:
    rows = Addition.objects.filter(sequence__in=sequences).order_by().values("sequence_id")
    return rows.annotate(waiting=Count("pk"))


def _marks(sequences: Collection[int]) -> list[dict[str, int]]:
    """People and marks of step runs; a reply counts a person once, also when it answers two steps."""
    return [dict(zip(OF_SEQUENCE, row, strict=True)) for row in rows(BY_STAY, [list(sequences)])]


OF_SEQUENCE = ("sequence_id", "contacted", "sent", "opened", "clicked", "replied", "bounced")
BY_STAY = f"""
    SELECT e.sequence_id, count(*) FILTER (WHERE did.sent > 0), sum(did.sent)::bigint, sum(did.opened)::bigint,
           sum(did.clicked)::bigint, count(*) FILTER (WHERE did.replied > 0), sum(did.bounced)::bigint
    FROM sequences_enrollment e CROSS JOIN LATERAL (
        SELECT count(r.sent_at) AS sent, count(r.opened_at) AS opened, count(r.clicked_at) AS clicked,
               count(r.replied_at) AS replied, count(r.bounced_at) AS bounced
        FROM sequences_steprun r
        WHERE r.enrollment_id = e.id AND r.sent_at IS NOT NULL AND r.id NOT IN ({IN_DOUBT})) did
    WHERE e.sequence_id = ANY(%s) GROUP BY e.sequence_id
"""
"""Stay by stay: a join would read the step runs of all sequences for those of a few people."""


def step_figures(sequence: Sequence) -> dict[str, StepFigures]:
    """The figures of every step that the sequence ever had, by key: one statement.

    Those of a very large sequence are as of its last run, without the reasons of skips.
    """
    if is_large(sequence):
        kept = sequence.counters["steps"].items()
        return {key: StepFigures(**(did | {"skipped": {"": did["skipped"]}})) for key, did in kept}
    rows = StepRun.objects.filter(enrollment__sequence=sequence).order_by().values("key", "state", "reason")
    known = ~Q(pk__in=RawSQL(IN_DOUBT, []))
    marks = (*MARKS, *BY_MACHINE)
    counted: Any = rows.annotate(n=Count("pk"), **{mark: Count(f"{mark}_at", filter=known) for mark in marks})
    found: dict[str, dict[str, Any]] = {}
    for row in counted:
        step = found.setdefault(row["key"], {"skipped": {}, **dict.fromkeys(marks, 0)})
        for mark in marks:
            step[mark] += row[mark]
        if row["state"] == StepRun.SKIPPED:
            step["skipped"][row["reason"]] = step["skipped"].get(row["reason"], 0) + row["n"]
        else:
            step[row["state"]] = step.get(row["state"], 0) + row["n"]
    return {key: StepFigures(**values) for key, values in found.items()}


def days_done(sequence: Sequence, last_ordinal: int) -> Counter[int]:
    """How many of those inside have how many days behind them."""
    stays = Enrollment.objects.filter(sequence=sequence)
    paused = stays.filter(state=Enrollment.PAUSED).values_list("day1_run", "paused_after")
    # Apart: nobody who is active is paused after anything, and of them an index alone tells.
    active = stays.filter(state=Enrollment.ACTIVE).values_list("day1_run", NEVER_PAUSED)
    return _by_days(_counted(active).union(_counted(paused), all=True), last_ordinal)


def by_days(stays: QuerySet[Any, Any], last_ordinal: int) -> Counter[int]:
    """Stays, given as their ``day1_run`` and ``paused_after``, counted by the days behind them."""
    return _by_days(_counted(stays), last_ordinal)


def _counted(stays: QuerySet[Any, Any]) -> QuerySet[Any, Any]:
    return stays.order_by().annotate(n=Count("pk"))


def _by_days(counted: QuerySet[Any, Any], last_ordinal: int) -> Counter[int]:
    found = Counter[int]()
    for day1, after, count in counted:
        found[days_behind(day1, after, last_ordinal)] += count
    return found


def days_behind(day1_run: int | None, paused_after: int | None, last_ordinal: int) -> int:
    """How many days are counted for a stay (semantics 3.2; architecture §3: n − day1_run + 1)."""
    if day1_run is None:
        return 0
    return max(0, (last_ordinal if paused_after is None else paused_after) - day1_run + 1)
