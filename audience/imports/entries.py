"""A row of a file as an entry: typed values by field, or all that is wrong with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from audience.addresses import normalise_address
from audience.conditions.types import FieldType
from audience.conditions.values import Refused
from audience.fields import ACCOUNT, CONTACT, Field
from audience.imports.cells import Writing, read_addresses, read_cell, split_name
from audience.imports.matching import FULL_NAME, FURTHER
from audience.imports.reader import Row
from audience.values import stored

LONGEST_SHOWN = 80


@dataclass
class Entry:
    """What a row says of one record. ``values`` are stored values by field key, only those that the row fills.

    ``identity`` is the normalised e-mail of a contact, the name of a company; None where nothing tells whether it is
    known already. ``further`` are further e-mail addresses, ``labels`` tags by key of their field.
    """

    line: int
    identity: str | None = None
    values: dict[str, Any] = field(default_factory=dict)
    labels: dict[str, list[str]] = field(default_factory=dict)
    further: list[str] = field(default_factory=list)
    account: str = ""
    unknown_owner: str = ""

    def take(self, later: Entry) -> None:
        """A later row about the same record adds what it fills and goes before what was there (not the address)."""
        kept = {key: self.values[key] for key in ("email", "name", "created_at") if key in self.values}
        self.values |= later.values | kept
        for key, labels in later.labels.items():
            self.labels.setdefault(key, []).extend(labels)
        self.further.extend(later.further)
        self.account = later.account or self.account


@dataclass(frozen=True)
class Form:
    """How rows become entries: which column is which field, what is the same for all, who may be an owner."""

    kind: str
    columns: list[tuple[int, str, Field]]
    constants: list[tuple[str, Field, str]]
    writing: Writing
    members: Mapping[str, int]

    def entry(self, row: Row) -> Entry:
        """The entry of a row. Raises Refused with all its faults, each with the column and the value."""
        if row.fault:
            raise Refused(row.fault)
        entry, faults = Entry(row.line), []
        given = [(name, field, row.cells[n].strip()) for n, name, field in self.columns]
        for name, field_, text in (*given, *self.constants):
            if text:
                try:
                    self.read(entry, field_, text)
                except Refused as refused:
                    faults.append(f"{name}: “{_shown(text)}” {refused}")
        if not faults and not self._identify(entry):
            faults.append("no name" if self.kind == ACCOUNT else "neither email nor name")
        if faults:
            raise Refused("; ".join(faults))
        return entry

    def read(self, entry: Entry, field_: Field, text: str) -> None:
        """Give the entry what a cell says. Raises Refused."""
        if (field_.record, field_.key) == (CONTACT, "email"):
            entry.values["email"], *further = read_addresses(text)
            entry.further += further
        elif field_ == FURTHER:
            entry.further += read_addresses(text)
        elif field_ == FULL_NAME:
            names = zip(("first_name", "last_name"), split_name(text), strict=True)
            entry.values = {key: _fit(field_, name) for key, name in names if name} | entry.values
        elif field_.type is FieldType.REFERENCE:
            entry.account = _fit(FULL_NAME, text)  # the name, a text like any other
        elif field_.type is FieldType.USER:
            self._own(entry, field_, text)
        else:
            value = _fit(field_, read_cell(field_, text, self.writing))
            if field_.type is FieldType.TAGS:
                entry.labels.setdefault(field_.key, []).extend(value)
            else:
                entry.values[field_.key] = value

    def _own(self, entry: Entry, field_: Field, text: str) -> None:
        member = self.members.get(text.lower())
        if member is None:
            entry.unknown_owner = text
        else:
            entry.values[field_.key] = member

    def _identify(self, entry: Entry) -> bool:
        if self.kind == ACCOUNT:
            entry.identity = entry.values.get("name")
            return bool(entry.identity)
        if not entry.values.get("email") and entry.further:
            entry.values["email"], *entry.further = entry.further
        entry.identity = normalise_address(entry.values.get("email", ""))
        return bool(entry.identity or entry.values.get("first_name") or entry.values.get("last_name"))


def _shown(text: str) -> str:
    return (text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}…").replace("\x00", "\ufffd")


def _fit(field_: Field, value: Any) -> Any:
    """As ``stored``, in words that follow upon the value."""
    try:
        return stored(field_, value)
    except Refused as refused:
        raise Refused(f"does not suit: {refused}") from refused
