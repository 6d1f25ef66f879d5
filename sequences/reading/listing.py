"""The list of sequences: which, with what numbers. A fixed number of statements, however many there are."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Case, Count, Exists, OuterRef, Q, QuerySet, When

from sequences.commands.editing import owned
from sequences.models import Enrollment, Schedule, Sequence, SequenceShare, Status
from sequences.reading.figures import Figures, figures_of
from steps.models import Step
from tenants.models import Member
from tenants.policy import visible

TABS = ("all", "mine", "shared", "archived")
PAGE = 100
ORDER = {Status.ACTIVE: 0, Status.PAUSED: 1, Status.DRAFT: 2, Status.ARCHIVED: 3}


@dataclass(frozen=True)
class Line:
    """One sequence as it is listed."""

    sequence: Sequence
    kinds: list[str]
    days: int
    figures: Figures
    next_run_at: datetime | None
    is_shared: bool = False
    may_edit: bool = False
    may_share: bool = False


def of_tab(tab: str, member: Member) -> Q:
    """Which sequences a tab holds, of those that the member may see."""
    archived = Q(status=Status.ARCHIVED)
    return {
        "mine": Q(owner=member) & ~archived,
        "shared": (Q(is_shared=True) | Sequence.shared_with(member)) & ~Q(owner=member) & ~archived,
        "archived": archived,
    }.get(tab, ~archived)


def listed(
    member: Member,
    *,
    tab: str = "all",
    q: str = "",
    status: str = "",
    owner: int | None = None,
    troubled: bool = False,
    tag: str = "",
    record: str = "",
) -> QuerySet[Sequence]:
    """The sequences of a tab, filtered; ``q`` is looked for in name and description. Active ones first.

    ``troubled``: only those whose last run failed, or that hold somebody.
    """
    found = visible(member, "sequence.view", Sequence.objects.filter(of_tab(tab, member)))
    for word in q.lower().split()[:5]:
        found = found.filter(Q(name_norm__contains=word) | Q(description__icontains=word))
    if status:
        found = found.filter(status=status)
    if owner is not None:
        found = found.filter(owner=owner)
    if tag:
        found = found.filter(tags__contains=[tag])
    if record:
        found = found.filter(record=record)
    if troubled:
        held = Enrollment.objects.filter(~Q(held_reason=""), sequence=OuterRef("pk"), state=Enrollment.ACTIVE)
        found = found.filter(~Q(problem="") | Q(Exists(held)))
    rank = Case(*[When(status=status, then=place) for status, place in ORDER.items()])
    return found.select_related("owner__user", "owner__team").order_by(rank, "-edited_at", "-pk")


def counts(member: Member) -> dict[str, int]:
    """How many each tab holds: one statement."""
    seen = visible(member, "sequence.view", Sequence.objects.all()).order_by()
    return seen.aggregate(**{tab: Count("pk", filter=of_tab(tab, member)) for tab in TABS})


def tags(member: Member) -> list[str]:
    """The tags of the sequences that the member may see, for the filter."""
    seen = visible(member, "sequence.view", Sequence.objects.exclude(tags=[])).order_by()
    found = {tag for row in seen.values_list("tags", flat=True) for tag in row}
    return sorted(found, key=str.casefold)


def lines_of(sequences: Iterable[Sequence]) -> list[Line]:
    """What the list says of each, in their order."""
    found = list(sequences)
    ids = [sequence.pk for sequence in found]
    figures, due = figures_of(found), _next_runs(ids)
    shapes = _shapes([sequence.plan_id for sequence in found])
    shared = set(SequenceShare.objects.filter(sequence__in=ids).values_list("sequence_id", flat=True))
    return [
        Line(
            s,
            *shapes.get(s.plan_id, ([], 0)),
            figures=figures[s.pk],
            next_run_at=due.get(s.pk),
            is_shared=s.is_shared or s.pk in shared,
        )
        for s in found
    ]


def _shapes(plans: list[int]) -> dict[int, tuple[list[str], int]]:
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


def owners(member: Member) -> list[tuple[int, str]]:
    """Those who own a sequence that the member may see, for the filter."""
    seen = visible(member, "sequence.view", Sequence.objects.all()).order_by()
    rows = Member.objects.filter(pk__in=seen.values("owner")).select_related("user")
    return sorted(((row.pk, row.name) for row in rows), key=lambda pair: pair[1].casefold())
