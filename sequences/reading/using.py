"""Which sequences use a field, a value of a list or a saved view: those that admit people or have some inside."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from audience.fields import Field
from audience.uses import Listed, Use, is_named, names
from messaging.using import is_written
from sequences.models import Enrollment, Sequence, SequenceView, Status
from steps.models import Step

INSIDE = (Enrollment.ACTIVE, Enrollment.PAUSED)
TEXTS = ("title", "script", "description", "text")
"""Settings of a step that may hold placeholders."""


def sequences_of_field(field: Field) -> Iterator[Use]:
    """Those whose audience, exit criteria or steps name a field, pinned plans of people inside included."""
    plans = _plans()
    asked = {
        pk for pk, steps in plans.items() if any(_step_names(field, step, record) for step, record in steps)
    }
    for sequence in _alive():
        groups = [*sequence.entry_conditions, *sequence.exit_conditions]
        if sequence.pk in asked or is_named(field, sequence.record, groups):
            yield Use("sequence", sequence.name, f"/sequences/{sequence.pk}/")


def sequences_of_values(listed: Listed) -> Iterator[Use]:
    """Those whose audience, exit criteria or steps ask for values of a list, or give them."""
    plans = _plans()
    asked = {pk for pk, steps in plans.items() if any(_step_holds(listed, s, record) for s, record in steps)}
    for sequence in _alive():
        groups = [*sequence.entry_conditions, *sequence.exit_conditions]
        if sequence.pk in asked or listed.is_asked(sequence.record, groups):
            yield Use("sequence", sequence.name, f"/sequences/{sequence.pk}/")


def sequences_of_view(pk: int) -> Iterator[Use]:
    """Those into which a saved view leads."""
    for row in SequenceView.objects.filter(view=pk).select_related("sequence"):
        yield Use("sequence", row.sequence.name, f"/sequences/{row.sequence_id}/")


def sequences_with(kind: str) -> list[Sequence]:
    """Those with a step of a kind that somebody may still come to, by name."""
    plans = _plans()
    found = {pk for pk, steps in plans.items() if any(step.kind == kind for step, _ in steps)}
    return list(Sequence.objects.filter(pk__in=found).order_by("name"))


def _alive() -> QuerySet[Sequence]:
    inside = Enrollment.objects.filter(sequence=OuterRef("pk"), state__in=INSIDE)
    return Sequence.objects.filter(~Q(status=Status.ARCHIVED) | Q(Exists(inside)))


def _plans() -> dict[int, list[tuple[Step, str]]]:
    """Sequence → the steps that somebody may still come to, with the record of its bare names."""
    where: dict[int, list[Sequence]] = defaultdict(list)
    alive = {sequence.pk: sequence for sequence in _alive()}
    for sequence in alive.values():
        for plan in {sequence.plan_id, sequence.draft_id}:
            if plan is not None:
                where[plan].append(sequence)
    pinned = Enrollment.objects.filter(state__in=INSIDE, plan__isnull=False)
    for pk, plan in pinned.order_by().values_list("sequence_id", "plan_id").distinct():
        if plan is not None:
            where[plan].append(alive[pk])
    found: dict[int, list[tuple[Step, str]]] = defaultdict(list)
    for step in Step.objects.filter(plan__in=where):
        for sequence in where[step.plan_id]:
            found[sequence.pk].append((step, sequence.record))
    return found


def _step_holds(listed: Listed, step: Step, record: str) -> bool:
    settings: dict[str, Any] = step.settings
    groups = [*step.conditions, *(settings.get("conditions") or [])]
    gives = listed.is_of(record, str(settings.get("field", ""))) and listed.holds(settings.get("value"))
    return (
        gives
        or listed.is_asked(record, groups)
        or any(listed.holds(settings.get(name)) for name in listed.settings)
    )


def _step_names(field: Field, step: Step, record: str) -> bool:
    settings: dict[str, Any] = step.settings
    groups = [*step.conditions, *(settings.get("conditions") or [])]
    texts = [str(settings.get(name, "")) for name in TEXTS]
    return (
        is_named(field, record, groups)
        or names(field, record, str(settings.get("field", "")))
        or any(is_written(field, text) for text in texts)
    )
