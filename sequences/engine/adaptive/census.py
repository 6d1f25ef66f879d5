"""Who of a sequence stands where, counted in one query."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Count, Min, Q

from sequences.engine.questions import INSIDE
from sequences.enrollment import AUTO_REPLY
from sequences.models import Enrollment, Sequence

Place = tuple[int, str]
"""A plan and the key of a step in it; an empty key: the path has ended."""

HELD = ~Q(held_reason="")
IN_TURN = Q(state=Enrollment.ACTIVE, is_waiting=False)


@dataclass
class Here:
    """Those before one step whom no pause keeps: how many, of how many it is the turn, and who of them is held."""

    everyone: int = 0
    in_turn: int = 0
    held: int = 0

    def due(self, *, with_held: bool) -> int:
        return self.in_turn if with_held else self.in_turn - self.held


@dataclass
class Census:
    """``away`` are paused by an automatic reply; ``moment`` is the first to come; ``pinned`` are other plans."""

    places: dict[Place, Here] = field(default_factory=dict)
    inside: int = 0
    away: int = 0
    moment: datetime | None = None
    pinned: set[int] = field(default_factory=set)

    @property
    def held(self) -> int:
        return sum(here.held for here in self.places.values())

    def ended(self) -> bool:
        """Whether somebody's path has ended."""
        return any(here.in_turn for (_, key), here in self.places.items() if not key)


def census(sequence: Sequence, *, now: datetime) -> Census:
    """Everyone inside."""
    inside = Enrollment.objects.filter(sequence=sequence, state__in=INSIDE).order_by()
    due = IN_TURN | Q(state=Enrollment.ACTIVE, due_at__lte=now)
    counted = inside.values_list("plan_id", "step_key").annotate(
        everyone=Count("pk"),
        going=Count("pk", filter=Q(state=Enrollment.ACTIVE)),
        in_turn=Count("pk", filter=due),
        held=Count("pk", filter=IN_TURN & HELD),
        away=Count("pk", filter=Q(state=Enrollment.PAUSED, pause_reason=AUTO_REPLY)),
        moment=Min("due_at", filter=Q(state=Enrollment.ACTIVE, due_at__gt=now)),
    )
    found = Census()
    for plan, key, everyone, going, in_turn, held, away, moment in counted:
        here = found.places.setdefault((plan or sequence.plan_id, key or ""), Here())
        here.everyone, here.in_turn, here.held = (
            here.everyone + going,
            here.in_turn + in_turn,
            here.held + held,
        )
        found.inside, found.away = found.inside + everyone, found.away + away
        found.moment = min(filter(None, (found.moment, moment)), default=None)
        if plan and plan != sequence.plan_id:
            found.pinned.add(plan)
    return found
