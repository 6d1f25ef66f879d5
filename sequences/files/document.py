"""YAML text as plain values with the lines they stand on (semantics 6.10). Pure.

Scalars are stricter than YAML 1.1: only ``true`` and ``false`` are booleans, only YYYY-MM-DD is a date, only decimal
digits are a number; nothing, ``null`` and ``~`` are nothing; everything else that looks odd is text. Keys are text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

import yaml

from audience.conditions.faults import Fault, Place

MOST_CHARACTERS = 5_000_000
MOST_VALUES = 200_000
MOST_DEPTH = 120

INTEGER = re.compile(r"-?(0|[1-9][0-9]{0,17})\Z")
DECIMAL = re.compile(r"-?(0|[1-9][0-9]{0,17})\.[0-9]{1,17}\Z")
DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}\Z")
WORDS: dict[str, Any] = {"true": True, "false": False, "null": None, "~": None, "": None}


class NotYaml(Exception):
    """The text is no YAML document that can be read. ``line`` is counted from 1, 0 where none is meant."""

    def __init__(self, reason: str, line: int = 0) -> None:
        super().__init__(reason)
        self.reason = reason
        self.line = line


@dataclass
class Document:
    """What a file says: plain values, the line of each by its place, and what is wrong with the YAML itself."""

    value: Any = None
    lines: dict[Place, int] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)

    def line_of(self, place: Place) -> int:
        """The line of a value, or of the nearest thing around it that has one."""
        while place and place not in self.lines:
            place = place[:-1]
        return self.lines.get(place, 1)


def scalar(text: str) -> Any:
    """What an unquoted scalar means: text, bool, int, Decimal, date or None."""
    if text in WORDS:
        return WORDS[text]
    if INTEGER.match(text):
        return int(text)
    if DECIMAL.match(text):
        return Decimal(text)
    if DATE.match(text):
        try:
            return date.fromisoformat(text)
        except ValueError:
            return text
    return text


def read_document(text: str) -> Document:
    """One YAML document. Raises NotYaml; a key that stands twice is a fault of the document."""
    if len(text) > MOST_CHARACTERS:
        raise NotYaml(f"the file is longer than {MOST_CHARACTERS:,} characters")
    refuse_forbidden(text.removeprefix("\ufeff"))
    loader = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
    try:
        return _Builder(yaml.parse(text, Loader=loader)).document()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        said = " ".join(part for part in (error.context, error.problem) if part)
        raise NotYaml(f"this is no YAML: {said}", mark.line + 1 if mark else 0) from None
    except yaml.YAMLError as error:
        raise NotYaml(f"this is no YAML: {' '.join(str(error).split())}") from None


FORBIDDEN = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that no YAML has (YAML 1.1, 5.1), but for a mark of the byte order at the beginning."""


def refuse_forbidden(text: str) -> None:
    """The parser's own words on them name no line."""
    if found := FORBIDDEN.search(text):
        line = text.count("\n", 0, found.start()) + 1
        raise NotYaml(f"the character U+{ord(found.group()):04X} cannot stand in a file", line)


def refuse_zero(event: Any) -> None:
    """Written with a backslash YAML has it, a database does not."""
    if "\0" in event.value:
        raise NotYaml("a text cannot have the character U+0000", _line(event))


def _line(event: Any) -> int:
    return int(event.start_mark.line) + 1


class _Builder:
    """Builds a document from the parser's events, which need no recursion that a file could exhaust."""

    def __init__(self, events: Iterator[Any]) -> None:
        self.events = events
        self.found = Document()
        self.anchors: dict[str, tuple[Any, int]] = {}
        self.count = 0

    def document(self) -> Document:
        for event in self.events:
            if isinstance(event, yaml.DocumentStartEvent):
                if self.count:
                    raise NotYaml("one document is wanted, here begins a second", _line(event))
                self.found.value = self.value(next(self.events), ())
        return self.found

    def value(self, event: Any, place: Place) -> Any:
        line = _line(event)
        self.found.lines[place] = line
        self.grow(1, place, line)
        if isinstance(event, yaml.AliasEvent):
            return self.alias(event, place, line)
        if event.tag not in (None, "!"):
            raise NotYaml(f"tags such as {event.tag} are not understood", line)
        before = self.count
        made = self.made(event, place)
        if event.anchor:
            self.anchors[event.anchor] = (made, self.count - before + 1)
        return made

    def made(self, event: Any, place: Place) -> Any:
        if isinstance(event, yaml.ScalarEvent):
            refuse_zero(event)
            return event.value if event.style in ("'", '"', "|", ">") else scalar(event.value)
        if isinstance(event, yaml.SequenceStartEvent):
            return self.items(place)
        return self.mapping(place)

    def items(self, place: Place) -> list[Any]:
        items: list[Any] = []
        while not isinstance(event := next(self.events), yaml.SequenceEndEvent):
            items.append(self.value(event, (*place, len(items))))
        return items

    def mapping(self, place: Place) -> dict[str, Any]:
        pairs: dict[str, Any] = {}
        while not isinstance(event := next(self.events), yaml.MappingEndEvent):
            line = _line(event)
            if not isinstance(event, yaml.ScalarEvent):
                raise NotYaml("a key must be a plain text", line)
            refuse_zero(event)
            key = event.value
            value = self.value(next(self.events), (*place, key))
            self.found.lines[(*place, key)] = line
            if key in pairs:
                self.found.faults.append(Fault((*place, key), "the key stands twice"))
            pairs.setdefault(key, value)
        return pairs

    def alias(self, event: Any, place: Place, line: int) -> Any:
        if event.anchor not in self.anchors:
            raise NotYaml(f"there is no anchor &{event.anchor} before *{event.anchor}", line)
        value, size = self.anchors[event.anchor]
        self.grow(size, place, line)
        return value

    def grow(self, size: int, place: Place, line: int) -> None:
        """Keeps a small file from growing into a great document."""
        self.count += size
        if self.count > MOST_VALUES:
            raise NotYaml(f"the file has more than {MOST_VALUES:,} values", line)
        if len(place) > MOST_DEPTH:
            raise NotYaml(f"the file is nested deeper than {MOST_DEPTH}", line)
