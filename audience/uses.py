"""Where fields and saved views are used: questions that each floor answers of what it keeps."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from audience.fields import Field


@dataclass(frozen=True, order=True)
class Use:
    """Something that uses a field or view: ``kind`` as a person reads it (sequence, template, view)."""

    kind: str
    name: str
    path: str = ""

    def __str__(self) -> str:
        return f"the {self.kind} “{self.name}”"


FieldUses = Callable[[Field], Iterable[Use]]
ViewUses = Callable[[int], Iterable[Use]]

_of_fields: list[FieldUses] = []
_of_views: list[ViewUses] = []


def register(*, of_field: FieldUses | None = None, of_view: ViewUses | None = None) -> None:
    """Whoever keeps conditions, placeholders or views (the apps, when they are ready) answers from then on."""
    if of_field and of_field not in _of_fields:
        _of_fields.append(of_field)
    if of_view and of_view not in _of_views:
        _of_views.append(of_view)


def of_field(field: Field) -> list[Use]:
    """All that would be asked or written differently without the field."""
    return sorted({use for answer in _of_fields for use in answer(field)})


def of_view(pk: int) -> list[Use]:
    """All that lead through a saved view."""
    return sorted({use for answer in _of_views for use in answer(pk)})


def named(uses: Iterable[Use], most: int = 5) -> str:
    """``the sequence “A”, the template “B” and 3 more``."""
    words = [str(use) for use in uses]
    if len(words) > most:
        words = [*words[:most], f"{len(words) - most} more"]
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def is_named(field: Field, record: str, conditions: Iterable[Mapping[str, Any]]) -> bool:
    """Whether stored conditions, whose bare names are of ``record``, name the field."""
    return any(names(field, record, str(row.get("field", ""))) for row in conditions)


def names(field: Field, record: str, name: str) -> bool:
    """Whether a name written where bare ones are of ``record`` means the field."""
    return name == field.name or (record == field.record and name == field.key)
