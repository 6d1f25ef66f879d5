"""The draft of an activated sequence before it is published: what it changes and whom that touches (semantics 2.38)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sequences.changes import Change, Reach, changes_between
from sequences.engine.questions import Unreadable
from sequences.models import Sequence, Status
from sequences.reading import effects
from sequences.reading.audience import newcomers
from sequences.reading.difference import Difference, difference
from sequences.reading.history import settings_between
from sequences.reading.material import Material
from sequences.reading.moving import Moving, Standing, moving, people_by_plan
from sequences.reading.trees import words_of
from sequences.reading.words import Was
from sequences.seen import mark_of_plan
from tenants.models import Member


def unpublished(sequence: Sequence) -> dict[str, Any] | None:
    """How many changes wait, and of one that is alone whom it reaches; None where there is no draft."""
    if sequence.draft is None:
        return None
    found = changes_between(sequence.plan.steps.all(), sequence.draft.steps.all())
    is_said = len(found) == 1 and sequence.kind != "adaptive"
    said = effects.reached(sequence, found if is_said else [])
    reach = said["changes"][0][1] if is_said else None
    return {
        "count": len(found),
        "inside": said["inside"],
        "reach": reach,
        "seen": mark_of_plan(sequence.draft),
    }


@dataclass(frozen=True)
class Line:
    """One change: whom it reaches, and how many of its mails were made and have not left."""

    said: Difference
    reach: Reach
    waiting: int


@dataclass(frozen=True)
class Draft:
    """What the page before publishing says. ``newcomers``: how many the next run would let in; None: not known.

    ``moving``: of a tree, who would be carried over; the lines then say whom each change reaches of those.
    ``settings``: what was changed since the version that runs was published, and holds already.
    """

    lines: list[Line]
    inside: int
    ending: int
    newcomers: int | None
    seen: str
    moving: Moving | None = None
    settings: list[tuple[str, list[Was]]] = field(default_factory=list)
    titles: Mapping[tuple[int, str], str] = field(default_factory=dict)

    def title_of(self, standing: Standing) -> str:
        """How the step is called at which some of those inside stand; it may hold placeholders."""
        return self.titles[standing.plan.pk, standing.step.key] if standing.step else ""


def draft_of(sequence: Sequence, by: Member, *, now: datetime) -> Draft:
    """The draft that there is, against the plan that holds."""
    assert sequence.draft is not None
    before, after = Material(sequence, by, sequence.plan), Material(sequence, by, sequence.draft)
    found = difference(before, after)
    changes = [one.change for one in found]
    tree = moving(sequence, sequence.draft, changes) if sequence.kind == "adaptive" else None
    reached = dict(tree.reaches) if tree else _reached(sequence, changes)
    waiting = effects.waiting_mails(sequence)
    return Draft(
        [Line(one, reached[one.change.key], waiting.get(one.change.key, 0)) for one in found],
        sum(people_by_plan(sequence).values()),
        0 if tree else effects.ending(sequence, sequence.draft, now=now),
        _newcomers(sequence, now=now),
        mark_of_plan(sequence.draft),
        tree,
        settings_between(sequence, by, sequence.plan.published_at, None),
        _titles(sequence, by, tree.standings) if tree else {},
    )


def _titles(sequence: Sequence, by: Member, standings: list[Standing]) -> dict[tuple[int, str], str]:
    materials = {one.plan.pk: Material(sequence, by, one.plan) for one in standings}
    return {
        (one.plan.pk, one.step.key): words_of(materials[one.plan.pk], one.step)
        for one in standings
        if one.step
    }


def _reached(sequence: Sequence, changes: list[Change]) -> dict[str, Reach]:
    return {change.key: reach for change, reach in effects.reached(sequence, changes)["changes"]}


def _newcomers(sequence: Sequence, *, now: datetime) -> int | None:
    """With the plan of the draft, by which somebody may be refused whom nothing could reach (semantics 2.10)."""
    if sequence.status != Status.ACTIVE:
        return 0
    try:
        return newcomers(sequence, now=now, plan=sequence.draft)
    except Unreadable:
        return None
