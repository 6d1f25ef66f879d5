"""Why: where a contact stands in a sequence, what comes next and when, and why something has not happened.

The answers are the engine's own, asked of one person: its conditions, its refusals at the door, its decision table.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from itertools import tee

from audience.models import Contact
from sequences.calendar import Occurrence
from sequences.engine.questions import INSIDE
from sequences.explain.coming import next_look, runs_ahead
from sequences.explain.outside import Outside, outside_of
from sequences.explain.stay import Told, told_of
from sequences.models import Addition, Enrollment, Status
from sequences.reading.material import Material
from sequences.schedule import BY_CALENDAR


@dataclass(frozen=True)
class Explanation:
    """Of one contact and one sequence.

    ``material`` is of the plan that holds for them. ``stay`` is their latest, ``told`` what its steps were and will
    be; ``outside`` why they are not in, unless they are; ``addition``: they were added by hand and wait for
    ``next_run``, at which it is decided who comes in and who leaves; None if none is to come.
    """

    contact: Contact
    material: Material
    stay: Enrollment | None
    told: Told | None
    outside: Outside | None
    addition: Addition | None
    next_run: Occurrence | None

    @property
    def is_inside(self) -> bool:
        return self.stay is not None and self.stay.state in INSIDE

    @property
    def comes_in(self) -> bool:
        """Whether the next run lets them in, as things stand."""
        return bool(self.outside and not self.outside.reasons and self.next_run and self.admits)

    @property
    def admits(self) -> bool:
        """Whether the sequence lets anybody in at all (semantics 2.1)."""
        return self.material.sequence.status == Status.ACTIVE


def explain(material: Material, contact: Contact, *, now: datetime) -> Explanation:
    """Everything about a contact and the sequence of the material, as of ``now``. Nothing is changed.

    In a transaction of the caller's, which the engine's temporary tables live in. Raises
    sequences.engine.questions.Unreadable for stored conditions that cannot be read.
    """
    sequence, published = material.sequence, material
    stays = Enrollment.objects.filter(sequence=sequence, contact=contact).order_by("-pk")
    # A row of a record has over a hundred columns: only of what the stay can have come in through.
    through = () if sequence.record == "contact" else (sequence.record,)
    stay = (stays.select_related(*through) if through else stays).first()
    if stay is not None:
        stay.sequence, stay.contact = sequence, contact
        if stay.is_pinned:  # pinned (semantics 5.14)
            material = Material(sequence, material.member, stay.plan)
    is_inside = stay is not None and stay.state in INSIDE
    waiting = Addition.objects.filter(sequence=sequence, contact=contact).select_related("by__user")
    added = None if is_inside else waiting.first()
    first, runs = tee(runs_ahead(sequence, now=now))
    is_by_calendar = sequence.kind in BY_CALENDAR
    look = next(first, None) if is_by_calendar else next_look(sequence, now=now)
    next_run = look if is_by_calendar or added is None else next_look(sequence, now=now, by_hand=True)
    outside = None
    if not is_inside:
        at = next_run.at if next_run else now
        outside = outside_of(published, contact, now=at, is_added=added is not None)
    told = told_of(stay, material, now=now, look=look, runs=runs) if stay else None
    return Explanation(contact, material, stay, told, outside, added, next_run)
