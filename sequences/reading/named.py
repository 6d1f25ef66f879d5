"""Which other sequences a sequence names: in conditions and where people go on. A file without them cannot be read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from django.db.models import QuerySet, Value

from sequences.models import Sequence
from tenants.fields import Lowered


def with_named(sequence: Sequence, among: QuerySet[Sequence]) -> list[Sequence]:
    """The sequence, and those that it names, and those that they name, as far as they are among these."""
    found, todo = {sequence.pk: sequence}, [sequence]
    while todo:
        for name in sorted(set(_names(todo.pop()))):
            other = among.filter(name_norm=Lowered(Value(name))).first()
            if other is not None and other.pk not in found:
                found[other.pk] = other
                todo.append(other)
    return list(found.values())


def _names(sequence: Sequence) -> Iterator[str]:
    yield from _asked(sequence.entry_conditions)
    yield from _asked(sequence.exit_conditions)
    for link in sequence.sequence_views.select_related("view"):
        yield from _asked(link.view.conditions)
    for step in sequence.plan.steps.all():
        yield from _asked(step.conditions)
        if step.kind == "advance":
            yield str(step.settings.get("sequence", ""))


def _asked(conditions: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    for condition in conditions:
        if str(condition.get("field", "")).rpartition(".")[2] == "sequence":
            yield str(condition.get("value", ""))
