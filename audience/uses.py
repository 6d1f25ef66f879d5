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


@dataclass(frozen=True)
class Listed:
    """Values of a list. ``fields``: the names, in full, of the fields that take them; ``settings``: of steps.

    ``step.outcome`` stands for the outcomes of all call steps.
    """

    fields: frozenset[str]
    values: frozenset[str]
    settings: frozenset[str] = frozenset()

    @classmethod
    def of(cls, fields: Iterable[str], values: Iterable[str], settings: Iterable[str] = ()) -> Listed:
        return cls(frozenset(fields), frozenset(map(_folded, values)), frozenset(settings))

    def is_asked(self, record: str, conditions: Iterable[Mapping[str, Any]]) -> bool:
        """Whether stored conditions, whose bare names are of ``record``, ask for one of them."""
        return any(
            self.is_of(record, str(row.get("field", ""))) and self.holds(row.get("value"))
            for row in conditions
        )

    def is_of(self, record: str, name: str) -> bool:
        """Whether a field takes them."""
        parts = name.split(".")
        if len(parts) == 3 and parts[0] == "step":
            return f"step.{parts[2]}" in self.fields
        return (name if "." in name else f"{record}.{name}") in self.fields

    def holds(self, value: Any) -> bool:
        """Whether a value, or one of several, is one of them."""
        each = value if isinstance(value, list) else [value]
        return any(isinstance(one, str) and _folded(one) in self.values for one in each)


def _folded(value: str) -> str:
    return value.strip().lower()


FieldUses = Callable[[Field], Iterable[Use]]
ViewUses = Callable[[int], Iterable[Use]]
ValueUses = Callable[[Listed], Iterable[Use]]

_of_fields: list[FieldUses] = []
_of_views: list[ViewUses] = []
_of_values: list[ValueUses] = []


def register(
    *,
    of_field: FieldUses | None = None,
    of_view: ViewUses | None = None,
    of_values: ValueUses | None = None,
) -> None:
    """Whoever keeps conditions, placeholders or views (the apps, when they are ready) answers from then on."""
    if of_field and of_field not in _of_fields:
        _of_fields.append(of_field)
    if of_view and of_view not in _of_views:
        _of_views.append(of_view)
    if of_values and of_values not in _of_values:
        _of_values.append(of_values)


def of_field(field: Field) -> list[Use]:
    """All that would be asked or written differently without the field."""
    return sorted({use for answer in _of_fields for use in answer(field)})


def of_view(pk: int) -> list[Use]:
    """All that lead through a saved view."""
    return sorted({use for answer in _of_views for use in answer(pk)})


def of_values(listed: Listed) -> list[Use]:
    """All that ask for one of these values, or give it."""
    if not listed.values:
        return []
    return sorted({use for answer in _of_values for use in answer(listed)})


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
