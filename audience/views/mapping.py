"""Columns of a file and the fields they go into, as the page of an import shows and posts them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from audience.catalogue import catalogue
from audience.conditions.types import FieldType
from audience.imports.cells import suggested_type
from audience.imports.jobs import NewField
from audience.imports.matching import importable, key_for, match_columns
from audience.models import ImportJob

SAMPLES = 3
NEW = "new:"
TYPES = [
    (FieldType.TEXT, "text"),
    (FieldType.NUMBER, "number"),
    (FieldType.DATE, "date"),
    (FieldType.DATE_TIME, "date and time"),
    (FieldType.YES_NO, "yes or no"),
    (FieldType.CHOICE, "choice from a list"),
    (FieldType.TAGS, "tags"),
]


@dataclass(frozen=True)
class Column:
    """A column: the first values in it, and what was chosen for it (a field's key, ``new:<type>`` or nothing)."""

    index: int
    name: str
    samples: list[str]
    target: str
    auto: bool
    suggested: FieldType = FieldType.TEXT
    error: str = ""

    @property
    def key(self) -> str:
        """What a new field of this column is called in conditions."""
        return key_for(self.name, f"column_{self.index + 1}")

    @property
    def new(self) -> list[tuple[str, str]]:
        """The types that a new field for this column can have, the one that its cells suggest first."""
        types = sorted(TYPES, key=lambda each: each[0] != self.suggested)
        return [
            (f"{NEW}{type_}", f"New field: {name}{', as its values are' if self._fits(type_) else ''}")
            for type_, name in types
        ]

    def _fits(self, type_: FieldType) -> bool:
        return type_ is self.suggested and type_ is not FieldType.TEXT


@dataclass(frozen=True)
class Mapping:
    """All columns of an import with what was chosen for each."""

    kind: str
    columns: list[Column]
    makes_fields: bool

    @classmethod
    def of(cls, job: ImportJob, *, makes_fields: bool) -> Mapping:
        """As the columns were matched by themselves, or chosen before."""
        new = {field["key"]: f"{NEW}{field['type']}" for field in job.new_fields}
        return cls._made(job, lambda n: new.get(job.columns[n], job.columns[n]), makes_fields)

    @classmethod
    def posted(
        cls, job: ImportJob, data: Any, *, makes_fields: bool, is_matched_anew: bool = False
    ) -> Mapping:
        """As a page posted them: ``column-<n>``; after ``is_matched_anew`` the match stands for what was left out."""
        chosen = [data.get(f"column-{n}", "").strip() for n in range(len(job.header))]
        if is_matched_anew:
            chosen = [
                key or (match if match not in chosen else "")
                for key, match in zip(chosen, job.columns, strict=True)
            ]
        return cls._made(job, chosen.__getitem__, makes_fields)

    @classmethod
    def _made(cls, job: ImportJob, target: Callable[[int], str], makes_fields: bool) -> Mapping:
        matched = match_columns(job.kind, job.header, catalogue()).keys
        columns = []
        for n, name in enumerate(job.header):
            cells = [row[n] for row in job.sample]
            filled = [cell.strip() for cell in cells if cell.strip()]
            columns.append(
                Column(
                    index=n,
                    name=name or f"(column {n + 1})",
                    samples=filled[:SAMPLES],
                    target=target(n),
                    auto=bool(matched[n]) and matched[n] == target(n),
                    suggested=suggested_type(name, cells),
                )
            )
        return cls(job.kind, columns, makes_fields)

    @property
    def keys(self) -> list[str]:
        """The key of a field for each column, those of new fields included."""
        return [column.key if column.target.startswith(NEW) else column.target for column in self.columns]

    @property
    def new_fields(self) -> list[NewField]:
        """The fields to be made."""
        types = {f"{NEW}{type_}": type_ for type_, _ in TYPES}
        return [
            NewField(column.key, column.name, types[column.target])
            for column in self.columns
            if column.target in types
        ]

    @property
    def options(self) -> list[tuple[str, list[tuple[str, str]]]]:
        """What a column can go into, in groups."""
        fields = importable(self.kind, catalogue())
        groups = [
            ("Fields", [(f.key, _title(f.label)) for f in fields if not f.is_custom]),
            ("Your own fields", [(f.key, _title(f.label)) for f in fields if f.is_custom]),
        ]
        return [(label, options) for label, options in groups if options]


def _title(label: str) -> str:
    return label[:1].upper() + label[1:]
