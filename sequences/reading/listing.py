"""The list of sequences: in which order, which page of it, with what numbers. A fixed number of statements."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from typing import Any

from django.db.models import QuerySet

from sequences.commands.editing import owned
from sequences.models import Schedule, Sequence, SequenceShare, Status
from sequences.reading.figures import Figures, figures_of
from sequences.reading.filtering import with_stuck_mails
from steps.models import Step
from tenants.models import Member

PAGE = 50


@dataclass(frozen=True)
class Row:
    """A sequence with what the list can be sorted by."""

    sequence: Sequence
    figures: Figures
    next_run_at: datetime | None


@dataclass(frozen=True)
class Line(Row):
    """One sequence as it is listed."""

    kinds: list[str]
    days: int
    is_shared: bool = False
    may_edit: bool = False
    may_share: bool = False
    is_stuck: bool = False
    """Whether mails of it wait for a mailbox or a sender that does not work."""


@dataclass(frozen=True)
class Column:
    """A column of the list. ``by`` is what it sorts by, None last; without it the list cannot be sorted so."""

    name: str
    label: str
    is_number: bool = False
    by: Callable[[Row], Any] | None = None


def _rate(part: str, of: Callable[[Figures], int]) -> Callable[[Row], float | None]:
    def rate(row: Row) -> float | None:
        whole = of(row.figures)
        return getattr(row.figures, part) / whole if whole > 0 else None

    return rate


def _number(name: str) -> Callable[[Row], int]:
    return lambda row: int(getattr(row.figures, name))


COLUMNS = {
    column.name: column
    for column in (
        Column("steps", "Steps"),
        Column("waiting", "Pending", True, _number("waiting")),
        Column("active", "Active", True, lambda row: row.figures.active - row.figures.held),
        Column("paused", "Paused", True, _number("paused")),
        Column("held", "Blocked", True, _number("held")),
        Column("exited", "Exited", True, _number("exited")),
        Column("sent", "Sent", True, _number("sent")),
        Column("replied", "Replied", True, _rate("replied", lambda f: f.contacted - f.bounced)),
        Column("bounced", "Bounced", True, _rate("bounced", lambda f: f.sent)),
        Column("opened", "Opened", True, _rate("opened", lambda f: f.delivered)),
        Column("clicked", "Clicked", True, _rate("clicked", lambda f: f.delivered)),
        Column("next_run", "Next run", False, lambda row: row.next_run_at),
        Column("edited", "Edited", False, lambda row: row.sequence.edited_at),
        Column("owner", "Owner", False, lambda row: row.sequence.owner.name.casefold()),
        Column("record", "Audience", False, lambda row: row.sequence.record),
    )
}
"""All columns besides the name, in the order in which they are offered."""

USUAL = (
    *("steps", "waiting", "active", "paused", "held", "exited", "sent", "replied", "bounced"),
    *("next_run", "edited"),
)
NAME = Column("name", "Sequence", False, lambda row: row.sequence.name_norm)


@dataclass(frozen=True)
class Page:
    """One page of a list of sequences, and what is true of all that it asks for."""

    lines: list[Line]
    count: int
    total: Figures
    next_run_at: datetime | None
    is_as_of_run: bool
    """Whether some numbers are those of the last run."""
    older: int | None
    newer: int | None


def page_of(
    found: QuerySet[Sequence], sort: str = "", *, before: int | None = None, after: int | None = None
) -> Page:
    """The page behind the sequence ``before`` or ahead of the sequence ``after``; without either the first.

    ``sort`` is the name of a column, with ``-`` the greatest first; empty: as they come. Who owns hundreds of sequences
    still has few enough to put them in order here. A sequence that is gone leads to the first page.
    """
    rows = _sorted(rows_of(found), sort)
    place = {row.sequence.pk: n for n, row in enumerate(rows)}
    start = place[before] + 1 if before in place else 0
    if before is None and after in place:
        start = max(0, place[after] - PAGE)
    shown = rows[start : start + PAGE]
    return Page(
        lines_of(shown),
        count=len(rows),
        total=reduce(Figures.plus, (row.figures for row in rows), Figures()),
        next_run_at=min((row.next_run_at for row in rows if row.next_run_at), default=None),
        is_as_of_run=any(row.figures.is_kept for row in rows),
        older=shown[-1].sequence.pk if start + PAGE < len(rows) else None,
        newer=shown[0].sequence.pk if shown and start else None,
    )


def rows_of(found: Iterable[Sequence]) -> list[Row]:
    """What the list can be sorted by, of each."""
    sequences = list(found)
    going = [
        s.pk for s in sequences if s.status != Status.PAUSED
    ]  # of a paused one only exits are asked (5.13)
    figures, due = figures_of(sequences), _next_runs(going)
    return [Row(s, figures[s.pk], due.get(s.pk)) for s in sequences]


def _sorted(rows: list[Row], sort: str) -> list[Row]:
    name = sort.removeprefix("-")
    column = NAME if name == "name" else COLUMNS.get(name)
    if column is None or column.by is None:
        return rows
    by = {row.sequence.pk: column.by(row) for row in rows}
    filled = [row for row in rows if by[row.sequence.pk] is not None]
    filled.sort(key=lambda row: by[row.sequence.pk], reverse=sort.startswith("-"))
    return filled + [row for row in rows if by[row.sequence.pk] is None]


def lines_of(rows: list[Row]) -> list[Line]:
    """What the list says of each, in their order."""
    ids = [row.sequence.pk for row in rows]
    shapes = _shapes([row.sequence.plan_id for row in rows])
    stuck = with_stuck_mails()
    shared = set(SequenceShare.objects.filter(sequence__in=ids).values_list("sequence_id", flat=True))
    return [
        Line(
            row.sequence,
            row.figures,
            row.next_run_at,
            *shapes.get(row.sequence.plan_id, ([], 0)),
            is_shared=row.sequence.is_shared or row.sequence.pk in shared,
            is_stuck=row.sequence.pk in stuck,
        )
        for row in rows
    ]


def _shapes(plans: list[int]) -> Mapping[int, tuple[list[str], int]]:
    """Plan → the kinds of its steps in order, and its last day."""
    rows = Step.objects.filter(plan__in=plans, is_off=False).order_by("day", "position", "pk")
    found: dict[int, tuple[list[str], int]] = {}
    for plan, kind, day in rows.values_list("plan_id", "kind", "day"):
        kinds, last = found.get(plan, ([], 0))
        found[plan] = ([*kinds, kind], max(last, day or 0))
    return found


def _next_runs(ids: list[int]) -> dict[int, datetime]:
    rows = Schedule.objects.filter(sequence_id__in=ids).values_list("sequence_id", "next_run_at")
    return {pk: at for pk, at in rows if at is not None}


def quota_of(member: Member) -> tuple[int, int] | None:
    """How many sequences the member owns, of those that their role permits; None where it sets no limit (F-08)."""
    limit = member.role.sequences_per_user
    return None if limit is None else (owned(member), limit)
