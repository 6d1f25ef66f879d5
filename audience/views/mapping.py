"""Columns of a file and the fields they go into, as the page of an import shows and posts them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from audience.catalogue import catalogue
from audience.conditions.types import FieldType
from audience.fields import RECORDS
from audience.imports.cells import suggested_type
from audience.imports.jobs import NewField
from audience.imports.matching import importable
from audience.models import ImportJob

SAMPLES = 3
NEW = "new:"
TYPES = [
    (FieldType.TEXT, "text"),
    (FieldType.NUMBER, "number"),
    (FieldType.DATE, "date"),
    (FieldType.YES_NO, "yes or no"),
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
        plain = unicodedata.normalize("NFKD", self.name).encode("ascii", "ignore").decode()
        found = re.sub(r"\W+", "_", plain.lower()).strip("_") or f"column_{self.index + 1}"
        return f"{found}_" if found in RECORDS or found in ("id", "sequence", "step") else found


@dataclass(frozen=True)
class Mapping:
    """All columns of an import with what was chosen for each."""

    kind: str
    columns: list[Column]

    @classmethod
    def of(cls, job: ImportJob) -> Mapping:
        """As the columns were matched by themselves."""
        return cls._made(job, lambda n: job.columns[n])

    @classmethod
    def posted(cls, job: ImportJob, data: Any) -> Mapping:
        """As a page posted them: ``column-<n>``."""
        return cls._made(job, lambda n: data.get(f"column-{n}", "").strip())

    @classmethod
    def _made(cls, job: ImportJob, target: Callable[[int], str]) -> Mapping:
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
                    auto=bool(job.columns[n]) and job.columns[n] == target(n),
                    suggested=suggested_type(name, cells),
                )
            )
        return cls(job.kind, columns)

    @property
    def keys(self) -> list[str]:
        """The key of a field for each column, those of new fields included."""
        return [column.key if column.target.startswith(NEW) else column.target for column in self.columns]

    @property
    def new_fields(self) -> dict[str, NewField]:
        """The fields to be made."""
        types = {f"{NEW}{type_}": type_ for type_, _ in TYPES}
        return {
            column.key: NewField(column.key, column.name, types[column.target])
            for column in self.columns
            if column.target in types
        }

    @property
    def options(self) -> list[tuple[str, list[tuple[str, str]]]]:
        """What a column can go into, in groups."""
        fields = importable(self.kind, catalogue())
        groups = [
            ("Fields", [(f.key, _title(f.label)) for f in fields if not f.is_custom]),
            ("Your own fields", [(f.key, _title(f.label)) for f in fields if f.is_custom]),
            ("A new field", [(f"{NEW}{type_}", f"New field of {name}") for type_, name in TYPES]),
        ]
        return [(label, options) for label, options in groups if options]


def _title(label: str) -> str:
    return label[:1].upper() + label[1:]
