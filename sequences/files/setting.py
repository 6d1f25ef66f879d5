"""What the parts of a file may refer to, and reading a value for a field. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from audience.conditions import values
from audience.conditions.faults import Fault, Place
from audience.conditions.parse import Group, Scope, parse_group
from audience.conditions.types import FieldType as T
from audience.conditions.values import Refused, label
from audience.fields import Catalogue, Field
from sequences.files import reading
from sequences.files.placeholders import check_template
from sequences.files.reading import Names


class TemplateCheck(Protocol):
    """Says why a text cannot be taken as a Liquid template (semantics 2.31): a sentence each, none if it can."""

    def __call__(self, source: str, *, html: bool) -> list[str]: ...


@dataclass
class Setting:
    """Names, zone and fields around the part that is read, and where its faults go.

    ``records`` are the ids known so far, by kind of record; it grows with the timeline.
    """

    timezone: ZoneInfo
    faults: list[Fault] = field(default_factory=list)
    catalogue: Catalogue = field(default_factory=Catalogue)
    is_open: bool = True
    users: Names = field(default_factory=lambda: Names("user", {}))
    sequences: Names = field(default_factory=lambda: Names("sequence", {}))
    templates: Names = field(default_factory=lambda: Names("template", {}))
    views: dict[str, str] = field(default_factory=dict)
    records: dict[str, set[str]] = field(default_factory=dict)
    references: dict[str, frozenset[str]] = field(default_factory=dict)
    check: TemplateCheck = check_template

    def scope(self, record: str, steps: dict[str, str] | None) -> Scope:
        """What conditions may name about a record and a plan."""
        return Scope(
            record=record,
            catalogue=self.catalogue,
            steps=steps,
            users=frozenset(self.users.known),
            sequences=frozenset(self.sequences.known),
            references=self.references,
            is_open=self.is_open,
        )

    def group(self, raw: dict[str, Any], scope: Scope, place: Place, default_match: str = "all") -> Group:
        """The condition group in a mapping; an empty one where it has faults."""
        found = parse_group(raw, scope, place=place, default_match=default_match)
        if isinstance(found, Group):
            return found
        self.faults.extend(found)
        return Group(default_match)

    def template(self, source: str, place: Place, *, html: bool) -> None:
        """Names what is wrong with a text that has placeholders."""
        self.faults.extend(Fault(place, reason) for reason in self.check(source, html=html))

    def field_value(self, field: Field, raw: Any) -> Any:
        """A record's value for a field, as RecordSpec has it; None when empty. Raises Refused."""
        if raw is None or (isinstance(raw, str) and not raw.strip()) or raw == []:
            return None
        value = self._readers()[field.type](raw, field)
        for text in value if field.type is T.TAGS else [value]:
            if isinstance(text, str) and len(text) > field.longest:
                raise Refused(f"a text may have {field.longest:,} characters, this one has {len(text):,}")
        return value

    def _readers(self) -> dict[T, Callable[[Any, Field], Any]]:
        return {
            T.TEXT: lambda raw, field: reading.text(raw),
            T.CHOICE: _choice,
            T.USER: lambda raw, field: self.users(raw),
            T.REFERENCE: self._reference,
            T.NUMBER: lambda raw, field: _amount(raw),
            T.MONEY: lambda raw, field: _amount(raw),
            T.YES_NO: lambda raw, field: reading.boolean(raw),
            T.TAGS: lambda raw, field: _tags(raw),
            T.DATE: lambda raw, field: reading.day(raw),
            T.DATE_TIME: self._moment,
        }

    def _reference(self, raw: Any, field: Field) -> str:
        found = label(raw)
        if found not in self.records.get(field.key, ()):
            raise Refused(f"there is no {field.key} “{found}”")
        return found

    def _moment(self, raw: Any, field: Field) -> datetime:
        if type(raw) is date:
            raw = f"{raw} 00:00"
        return reading.moment(self.timezone)(raw)


def _choice(raw: Any, field: Field) -> str:
    chosen = reading.text(raw)
    for choice in field.choices:
        if choice.casefold() == chosen.strip().casefold():
            return choice
    if field.choices:
        raise Refused(f"“{chosen}” is none of its values: {', '.join(field.choices)}")
    return chosen


def _amount(raw: Any) -> Decimal:
    values.number(raw)
    return Decimal(str(raw))


def _tags(raw: Any) -> tuple[str, ...]:
    if not isinstance(raw, list):
        raise Refused("a list of tags is wanted")
    return tuple(dict.fromkeys(label(item).strip() for item in raw))
