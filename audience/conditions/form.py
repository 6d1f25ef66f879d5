"""A condition group as the builder of a page shows it: rows as they were typed, each with its fault. Pure.

The page posts, for row N, ``<prefix>N-field``, ``<prefix>N-op`` and one or more ``<prefix>N-value``, and once
``<prefix>match``. What was typed is kept whatever it is; ``raw`` is the group as it is stored and checked.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from audience.conditions.english import sentence
from audience.conditions.faults import Fault
from audience.conditions.parse import (
    MATCHES,
    MOST_CONDITIONS,
    FieldRef,
    Group,
    Scope,
    find_field,
    parse_group,
)
from audience.conditions.typed import YES_NO, Options, Typed, as_stored, as_typed, operators_of, place_of
from audience.conditions.types import OPERATORS, OUTCOME, STEP_FACTS, FieldType, Shape
from audience.conditions.values import Refused
from audience.fields import RECORDS, SEQUENCE

GROUPS = {"contact": "Contact", "account": "Company", "opportunity": "Opportunity"}
PICKED = {FieldType.CHOICE, FieldType.USER, FieldType.TAGS, FieldType.SEQUENCE, FieldType.STEP_OUTCOME}
"""Types whose values are picked from a list, where there is one."""


class Lists(Protocol):
    """Where the values of a field that one picks from come from."""

    def options(self, ref: FieldRef) -> Options:
        """Its values; none where it has no list."""


@dataclass(frozen=True)
class Row:
    """One row as it is shown. ``widget``: none, text, lines, number, range, days, date, select, multi."""

    n: int
    typed: Typed
    operators: Options = ()
    widget: str = "none"
    options: Options = ()
    faults: Mapping[str, str] = field(default_factory=dict)

    @property
    def fault(self) -> str:
        """What is wrong with it, at whichever of its three parts."""
        return "; ".join(self.faults.values())

    @property
    def value(self) -> str:
        return self.typed.values[0] if self.typed.values else ""

    @property
    def upper(self) -> str:
        """The second value of a range."""
        return self.typed.values[1] if len(self.typed.values) > 1 else ""

    @property
    def lines(self) -> str:
        return "\n".join(self.typed.values)


class ConditionForm:
    """The builder of one group. ``step_labels`` maps keys of steps to what screens call them."""

    most = MOST_CONDITIONS

    def __init__(
        self,
        scope: Scope,
        lists: Lists,
        typed: Iterable[Typed],
        *,
        match: str = "all",
        prefix: str = "",
        step_labels: Mapping[str, str] | None = None,
    ) -> None:
        self.scope, self.lists, self.prefix = scope, lists, prefix
        self.match = match if match in MATCHES else "all"
        self.typed = list(typed)
        self.step_labels = step_labels or {}
        self.checked = False

    @classmethod
    def stored(
        cls, scope: Scope, lists: Lists, conditions: Iterable[Mapping], **options: Any
    ) -> ConditionForm:
        """The builder of a group as it is stored."""
        return cls(scope, lists, [as_typed(condition, scope) for condition in conditions], **options)

    @classmethod
    def posted(
        cls, scope: Scope, lists: Lists, data: Any, *, prefix: str = "", **options: Any
    ) -> ConditionForm:
        """The builder of what a page posted (a QueryDict). The button that was pressed may add or remove a row."""
        numbers = sorted(
            {int(m[1]) for key in data if (m := re.fullmatch(rf"{re.escape(prefix)}(\d+)-field", key))}
        )
        typed = [
            Typed(
                data.get(f"{prefix}{n}-field", "").strip(),
                data.get(f"{prefix}{n}-op", "").strip(),
                tuple(data.getlist(f"{prefix}{n}-value")),
            )
            for n in numbers[: MOST_CONDITIONS + 1]
        ]
        found = cls(scope, lists, typed, prefix=prefix, match=data.get(f"{prefix}match", ""), **options)
        found._press(data.get(f"{prefix}do", ""))
        found.checked = f"{prefix}do" not in data
        return found

    def _press(self, button: str) -> None:
        verb, _, number = button.partition(":")
        if verb == "add" and len(self.typed) < MOST_CONDITIONS:
            self.typed.append(Typed())
        if verb == "remove" and number.isdigit() and int(number) < len(self.typed):
            del self.typed[int(number)]

    @property
    def raw(self) -> dict[str, Any]:
        """``{match, conditions}`` as they are stored; rows without a field are left out."""
        return {"match": self.match, "conditions": [self._raw_row(row) for row in self._filled()]}

    @property
    def result(self) -> Group | list[Fault]:
        """The group, or what is wrong with it."""
        return parse_group(self.raw, self.scope, default_match=self.match)

    @property
    def group(self) -> Group | None:
        """The group, None while something is wrong with it."""
        found = self.result
        return found if isinstance(found, Group) else None

    def is_valid(self) -> bool:
        """Whether it can be stored; from now on its rows show their faults."""
        self.checked = True
        return self.group is not None

    @property
    def english(self) -> str:
        """The group as a sentence; empty while it is empty or wrong."""
        words = sentence(self.group) if self.group else ""
        for key, label in sorted(self.step_labels.items(), key=lambda pair: -len(pair[0])):
            words = re.sub(rf"\bstep {re.escape(key)}\b", label[0].lower() + label[1:], words)
        return words

    @property
    def faults(self) -> list[str]:
        """What is wrong with the group as a whole."""
        found = self.result if self.checked else []
        whole = [] if isinstance(found, Group) else [f for f in found if place_of(f)[0] is None]
        return [fault.reason for fault in whole]

    @property
    def has_room(self) -> bool:
        return len(self.typed) < MOST_CONDITIONS

    @property
    def rows(self) -> list[Row]:
        """The rows to show, with the faults of those that were sent to be stored."""
        faults = self._faults_by_row() if self.checked else {}
        return [self._row(n, typed, faults.get(id(typed), {})) for n, typed in enumerate(self.typed)]

    def _filled(self) -> list[Typed]:
        return [typed for typed in self.typed if typed.field]

    def _faults_by_row(self) -> dict[int, dict[str, str]]:
        found, filled = self.result, self._filled()
        by_row: dict[int, dict[str, str]] = {}
        for fault in [] if isinstance(found, Group) else found:
            number, part = place_of(fault)
            if number is not None and number < len(filled):
                by_row.setdefault(id(filled[number]), {})[part] = fault.reason
        return by_row

    def _row(self, n: int, typed: Typed, faults: Mapping[str, str]) -> Row:
        ref = self._ref(typed.field)
        if ref is None:
            return Row(n, typed, faults=faults)
        op = typed.op if typed.op in OPERATORS[ref.type] else next(iter(OPERATORS[ref.type]))
        typed = Typed(typed.field, op, typed.values)
        widget, options = self._widget(ref, OPERATORS[ref.type][op], typed.values)
        return Row(n, typed, operators_of(ref.type), widget, options, faults)

    def _ref(self, name: str) -> FieldRef | None:
        try:
            return find_field(name, self.scope) if name else None
        except Refused:
            return None

    def _widget(self, ref: FieldRef, shape: Shape, values: Sequence[str]) -> tuple[str, Options]:
        """How the value is entered, and the values to pick from; one that is typed but in no list stays."""
        if shape in (Shape.NONE, Shape.RANGE, Shape.DAYS):
            return str(shape), ()
        if ref.type in (FieldType.YES_NO, FieldType.STEP_FACT):
            return "select", YES_NO
        options = list(self.lists.options(ref)) if ref.type in PICKED else []
        if options:
            known = {value for value, _ in options}
            options += [(value, value) for value in values if value and value not in known]
            return ("multi" if shape is Shape.LIST else "select"), options
        if shape is Shape.LIST:
            return "lines", ()
        return WIDGETS.get(ref.type, "text"), ()

    def _raw_row(self, typed: Typed) -> dict[str, Any]:
        ref = self._ref(typed.field)
        raw: dict[str, Any] = {"field": typed.field, "op": typed.op}
        if ref is None or typed.op not in OPERATORS[ref.type]:
            return raw | {"value": typed.values[0] if typed.values else None}
        shape = OPERATORS[ref.type][typed.op]
        return raw if shape is Shape.NONE else raw | {"value": as_stored(ref.type, shape, typed.values)}

    @property
    def fields(self) -> list[tuple[str, Options]]:
        """All fields, in groups, as the first part of a row offers them."""
        record = self.scope.record
        order = [record, *(other for other in RECORDS if other != record)]
        groups: list[tuple[str, Options]] = [(GROUPS[name], self._fields_of(name)) for name in order]
        groups.append(("Sequences", [("sequence", "Sequence")]))
        if self.scope.steps:
            groups.append(("Steps of this sequence", self._step_fields()))
        return groups

    def _fields_of(self, record: str) -> Options:
        prefix = "" if record == self.scope.record else f"{record}."
        found = [f for f in self.scope.catalogue.of(record) if f != SEQUENCE]
        return [(prefix + f.key, f.label[:1].upper() + f.label[1:]) for f in found]

    def _step_fields(self) -> Options:
        assert self.scope.steps is not None
        return [
            (f"step.{key}.{fact}", f"{self.step_labels.get(key, key)}: {fact}")
            for key, kind in self.scope.steps.items()
            for fact in FACTS.get(kind, ())
        ]


WIDGETS = {
    FieldType.NUMBER: "number",
    FieldType.MONEY: "number",
    FieldType.DATE: "date",
    FieldType.DATE_TIME: "date",
}
FACTS = {"email": STEP_FACTS, "email_reminder": STEP_FACTS, "call": (OUTCOME,)}
"""What may be asked of a step of each kind (semantics 2.30)."""
