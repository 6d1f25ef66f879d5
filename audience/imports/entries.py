"""A row of a file as an entry: typed values by field, or all that is wrong with it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache, partial
from typing import Any

from audience.conditions.types import FieldType
from audience.conditions.values import Refused
from audience.fields import ACCOUNT, CONTACT, LONGEST, Field
from audience.imports.cells import (
    KNOWN,
    Writing,
    normalised,
    read_addresses,
    read_cell,
    read_labels,
    read_zone,
    split_name,
)
from audience.imports.matching import FULL_NAME, FURTHER
from audience.imports.reader import Row
from audience.values import stored

LONGEST_SHOWN = 80


@dataclass(slots=True)
class Entry:
    """What a row says of one record. ``values`` are stored values by field key, only those that the row fills.

    ``identity`` is the normalised e-mail of a contact, the name of a company; None where nothing tells whether it is
    known already. ``further`` are further e-mail addresses, ``labels`` tags by key of their field.
    """

    row: Row
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


Reader = Callable[[Entry, str], None]


class Form:
    """How rows become entries.

    ``columns`` has the number and name of each column that is taken and its field, ``constants`` the label, field and
    text of what is the same for all; ``fields`` are those that have a place in the record, ``members`` those who may be
    owners, by lowered name and e-mail.
    """

    def __init__(
        self,
        *,
        kind: str,
        columns: list[tuple[int, str, Field]],
        constants: list[tuple[str, Field, str]],
        fields: list[Field],
        writing: Writing,
        members: Mapping[str, int],
    ) -> None:
        self.kind, self.constants, self.fields = kind, constants, fields
        self.writing, self.members = writing, members
        self._columns = [(n, name, self.reader(field)) for n, name, field in columns]
        self._same = [(name, text, self.reader(field)) for name, field, text in constants if text]

    def entry(self, row: Row) -> Entry:
        """The entry of a row. Raises Refused with all its faults, each with the column and the value."""
        if row.fault:
            raise Refused(row.fault)
        entry, faults, cells = Entry(row), [], row.cells
        for n, name, read in self._columns:
            if text := cells[n].strip():
                try:
                    read(entry, text)
                except Refused as refused:
                    faults.append(f"{name}: “{_shown(text)}” {refused}")
        for name, text, read in self._same:
            try:
                read(entry, text)
            except Refused as refused:
                faults.append(f"{name}: “{_shown(text)}” {refused}")
        if not faults and not self._identify(entry):
            faults.append("no name" if self.kind == ACCOUNT else "neither email nor name")
        if faults:
            raise Refused("; ".join(faults))
        return entry

    def reader(self, field: Field) -> Reader:
        """What gives an entry the text of a cell that is not blank, as a value of this field; it raises Refused."""
        if (field.record, field.key) == (CONTACT, "email"):
            return _read_email
        if field == FURTHER:
            return lambda entry, text: entry.further.extend(read_addresses(text))
        if field == FULL_NAME:
            return _read_name
        if field.type is FieldType.REFERENCE:
            return _read_company
        if field.type is FieldType.USER:
            return partial(self._own, field.key)
        if field.type is FieldType.TAGS:
            return partial(_read_labels, field)
        if (field.key, field.is_custom) == ("timezone", False):
            return lambda entry, text: _read_text(field, entry, read_zone(text))
        if field.type is FieldType.TEXT:
            return partial(_read_text, field)
        if field.type is FieldType.CHOICE:
            return partial(_read_text, field) if not field.choices else partial(self._read, field)
        return partial(_read_known, field.key, lru_cache(maxsize=KNOWN)(partial(self._value, field)))

    def told(self, entry: Entry) -> list[tuple[str, str]]:
        """What an entry says, as label and text."""
        names = {pk: name for name, pk in self.members.items() if "@" in name}
        found = []
        for each in self.fields:
            value = entry.values.get(each.key)
            if each.type is FieldType.TAGS:
                value = ", ".join(entry.labels.get(each.key, ()))
            elif each.type is FieldType.REFERENCE:
                value = entry.account
            elif each.type is FieldType.USER:
                value = names.get(value or 0)
            if value not in (None, ""):
                found.append((each.label, self._told(value)))
        return [*found, (FURTHER.label, ", ".join(entry.further))] if entry.further else found

    def _told(self, value: Any) -> str:
        if isinstance(value, bool):
            return "Yes" if value else "No"
        if isinstance(value, datetime):
            return f"{value.astimezone(self.writing.zone):%Y-%m-%d %H:%M}"
        return f"{value:.15g}" if isinstance(value, float) else str(value)

    def _read(self, field: Field, entry: Entry, text: str) -> None:
        entry.values[field.key] = self._value(field, text)

    def _value(self, field: Field, text: str) -> Any:
        return _fit(field, read_cell(field, text, self.writing))

    def _own(self, key: str, entry: Entry, text: str) -> None:
        member = self.members.get(text.lower())
        if member is None:
            entry.unknown_owner = text
        else:
            entry.values[key] = member

    def _identify(self, entry: Entry) -> bool:
        if self.kind == ACCOUNT:
            entry.identity = entry.values.get("name")
            return bool(entry.identity)
        if not entry.values.get("email") and entry.further:
            entry.values["email"], *entry.further = entry.further
        email = entry.values.get("email")
        entry.identity = normalised(email) if email else None
        return bool(entry.identity or entry.values.get("first_name") or entry.values.get("last_name"))


def _read_known(key: str, value: Callable[[str], Any], entry: Entry, text: str) -> None:
    entry.values[key] = value(text)


def _read_email(entry: Entry, text: str) -> None:
    entry.values["email"], *further = read_addresses(text)
    entry.further += further


def _read_name(entry: Entry, text: str) -> None:
    """First and last name; those that have a column of their own go before."""
    names = zip(("first_name", "last_name"), split_name(text), strict=True)
    entry.values = {key: _fit(FULL_NAME, name) for key, name in names if name} | entry.values


def _read_company(entry: Entry, text: str) -> None:
    entry.account = _fit(FULL_NAME, text)  # the name, a text like any other


def _read_labels(field: Field, entry: Entry, text: str) -> None:
    entry.labels.setdefault(field.key, []).extend(_fit(field, read_labels(text)))


def _read_text(field: Field, entry: Entry, text: str) -> None:
    entry.values[field.key] = text if len(text) <= LONGEST and "\x00" not in text else _fit(field, text)


def _shown(text: str) -> str:
    return (text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}…").replace("\x00", "\ufffd")


def _fit(field_: Field, value: Any) -> Any:
    """As ``stored``, in words that follow upon the value."""
    try:
        return stored(field_, value)
    except Refused as refused:
        raise Refused(f"does not suit: {refused}") from refused
