"""A condition group as the builder of a page shows it: rows as they were typed, each with its fault. Pure.

The page (templates/components/conditions.html) posts ``<prefix>-match``, for each row N ``<prefix>-N-field``, ``-op``,
``-value``, ``-value2`` and ``-find``, and the button pressed: ``<prefix>-add``, ``-remove`` with N, ``-refresh``. What
was typed is kept whatever it is; ``raw`` is the group as it is stored and checked.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
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
from audience.conditions.rows import Row, read_row, renamed
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

    def named(self, ref: FieldRef, find: str, chosen: Sequence[str]) -> Options:
        """Of a reference: the records chosen by their ids, then some of those that begin so, with their names."""


def called(lists: Lists, ref: FieldRef, value: str) -> str:
    """What a person calls a value of a condition: the name of a user or record, else the value."""
    if ref.type is FieldType.REFERENCE:
        return dict(lists.named(ref, "", [value])).get(value, value)
    return dict(lists.options(ref)).get(value, value) if ref.type is FieldType.USER else value


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
        prefix: str = "group",
        step_labels: Mapping[str, str] | None = None,
    ) -> None:
        self.scope, self.lists, self.prefix = scope, lists, prefix
        self.match = match if match in MATCHES else "all"
        self.typed = list(typed)
        self.step_labels = step_labels or {}
        self.checked = self.was_pressed = self.is_patient = False

    @classmethod
    def stored(
        cls, scope: Scope, lists: Lists, conditions: Iterable[Mapping], **options: Any
    ) -> ConditionForm:
        """The builder of a group as it is stored."""
        return cls(scope, lists, [as_typed(condition, scope) for condition in conditions], **options)

    @classmethod
    def posted(
        cls, scope: Scope, lists: Lists, data: Any, *, prefix: str = "group", **options: Any
    ) -> ConditionForm:
        """The builder of what a page posted (a QueryDict). The button that was pressed may add or remove a row."""
        pattern = re.compile(rf"{re.escape(prefix)}-([0-9]{{1,3}})-field")
        numbers = sorted({int(found[1]) for key in data if (found := pattern.fullmatch(key))})
        typed = [read_row(data, f"{prefix}-{n}") for n in numbers[: MOST_CONDITIONS + 1]]
        drawn_for = data.get(f"{prefix}-record", "") or scope.record
        typed = [replace(row, field=renamed(row.field, drawn_for, scope.record)) for row in typed]
        made = cls(scope, lists, typed, prefix=prefix, match=data.get(f"{prefix}-match", ""), **options)
        made._press(data)
        return made

    def _press(self, data: Any) -> None:
        """Do what the button of the builder says that sent the form, if one of them did."""
        add, remove, refresh = (f"{self.prefix}-{verb}" for verb in ("add", "remove", "refresh"))
        self.was_pressed = any(name in data for name in (add, remove, refresh))
        self.checked = not self.was_pressed
        if add in data and self.has_room:
            self.typed.append(Typed())
        number = data.get(remove, "")
        if number.isdecimal() and int(number) < len(self.typed):
            del self.typed[int(number)]
        if self.was_pressed:
            self._preset()

    def _preset(self) -> None:
        """A yes or no begins with yes."""
        self.typed = [self._begun(row) for row in self.typed]

    def _begun(self, row: Typed) -> Typed:
        ref = self._ref(row.field)
        is_open = ref is not None and ref.type in FLAGS and row.values[:1] not in (("true",), ("false",))
        return replace(row, op="is", values=("true",)) if is_open else row

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

    def glance(self) -> None:
        """Show the faults of rows that have a value already: somebody is typing still."""
        self.checked = self.is_patient = True
        self._preset()

    def is_valid(self) -> bool:
        """Whether it can be stored; from now on its rows show their faults."""
        self.checked = True
        return self.group is not None

    @property
    def english(self) -> str:
        """The group as a sentence; empty while it is empty or wrong."""
        return sentence(self.group, partial(called, self.lists), self.step_labels) if self.group else ""

    @property
    def error(self) -> str:
        """What is wrong with the group as a whole."""
        found = self.result if self.checked else []
        whole = [] if isinstance(found, Group) else [f.reason for f in found if place_of(f)[0] is None]
        return "; ".join(f"{words[0].upper()}{words[1:]}." for words in whole)

    @property
    def has_room(self) -> bool:
        return len(self.typed) < MOST_CONDITIONS

    @property
    def rows(self) -> list[Row]:
        """The rows to show, with the faults of those that were sent to be stored."""
        faults = self._faults_by_row() if self.checked else {}
        return [self._row(typed, faults.get(id(typed), {})) for typed in self.typed]

    def _filled(self) -> list[Typed]:
        return [typed for typed in self.typed if typed.field]

    def _faults_by_row(self) -> dict[int, dict[str, str]]:
        found, filled = self.result, self._filled()
        by_row: dict[int, dict[str, str]] = {}
        for fault in [] if isinstance(found, Group) else found:
            number, part = place_of(fault)
            if number is not None and number < len(filled) and not self._is_begun(filled[number]):
                by_row.setdefault(id(filled[number]), {})[part] = fault.reason
        return by_row

    def _is_begun(self, typed: Typed) -> bool:
        """Whether a row is still being filled in, so that its faults can wait."""
        return self.is_patient and not any(typed.values)

    def _row(self, typed: Typed, faults: Mapping[str, str]) -> Row:
        ref = self._ref(typed.field)
        if ref is None:
            return Row(typed, faults=faults)
        op = typed.op if typed.op in OPERATORS[ref.type] else next(iter(OPERATORS[ref.type]))
        typed = replace(typed, op=op)
        shape = OPERATORS[ref.type][op]
        entered, choices = self._input(ref, shape, typed)
        unit = "days" if shape is Shape.DAYS else ""
        is_searched = ref.type is FieldType.REFERENCE and shape is not Shape.NONE
        return Row(typed, operators_of(ref.type), entered, unit, choices, faults, is_searched)

    def _ref(self, name: str) -> FieldRef | None:
        try:
            return find_field(name, self.scope) if name else None
        except Refused:
            return None

    def _input(self, ref: FieldRef, shape: Shape, typed: Typed) -> tuple[str, Options]:
        """How the value is entered, and the values to pick from; one that is typed but in no list stays."""
        if shape in PLAIN_INPUTS:
            return PLAIN_INPUTS[shape], ()
        if ref.type in FLAGS:
            return "choice", YES_NO
        values = typed.values
        if ref.type is FieldType.REFERENCE:
            picked = [value for value in values if value]
            found = self.lists.named(ref, typed.find, picked)
            return ("choices" if shape is Shape.LIST else "choice"), found
        choices = list(self.lists.options(ref)) if ref.type in PICKED else []
        if choices:
            known = {value for value, _ in choices}
            choices += [(value, value) for value in values if value and value not in known]
            return ("choices" if shape is Shape.LIST else "choice"), choices
        return ("lines" if shape is Shape.LIST else INPUTS.get(ref.type, "text")), ()

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


FLAGS = (FieldType.YES_NO, FieldType.STEP_FACT)
PLAIN_INPUTS = {Shape.NONE: "none", Shape.RANGE: "between", Shape.DAYS: "number"}
INPUTS = {
    FieldType.NUMBER: "number",
    FieldType.MONEY: "number",
    FieldType.DATE: "date",
    FieldType.DATE_TIME: "date",
}
FACTS = {"email": STEP_FACTS, "email_reminder": STEP_FACTS, "call": (OUTCOME,)}
"""What may be asked of a step of each kind (semantics 2.30)."""
