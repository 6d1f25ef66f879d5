"""Writing a value into a record (semantics 5.9)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from django import forms

from audience.catalogue import choices_of
from audience.conditions.types import FieldType
from audience.conditions.values import Refused
from audience.fields import Field
from audience.imports.cells import read_labels, spelled_number
from audience.values import stored as read_value
from steps.forms.shape import Setting, StepForm, TreeSetting
from steps.models import Step

NOT_WRITTEN = (FieldType.REFERENCE, FieldType.DATE_TIME, FieldType.SEQUENCE)
"""Types of fields that the page does not offer to update; a file may name them all the same."""

MOST_DIGITS = 15
"""Of so many digits a number is kept as it was typed: in settings, in the column, and on the page."""


class UpdateForm(StepForm):
    """Writes a field of a record. The control of the value suits the field that is chosen."""

    kind = "update_field"

    field = forms.ChoiceField(
        label="Field",
        error_messages={
            "required": "Choose the field.",
            "invalid_choice": "“%(value)s” is no field to be updated.",
        },
    )
    value = forms.CharField(label="New value", required=False, max_length=2000)

    setting: TreeSetting

    def fill(self, setting: Setting) -> None:
        assert isinstance(setting, TreeSetting)
        current = str(self.initial.get("field", ""))
        if current not in setting.known and (bare := _bare(current, setting.known)):
            current = self.initial["field"] = bare
        groups = list(setting.fields)
        if current and current not in setting.known:
            groups.append(("From its file", [(current, current)]))
        self.fields["field"].choices = groups  # type: ignore[attr-defined]

    def stored(self, step: Step) -> dict[str, Any]:
        return super().stored(step) | {"value": _shown(step.settings.get("value"))}

    @property
    def chosen(self) -> Field | None:
        """The field that is shown as chosen."""
        return self.setting.known.get(str(self["field"].value() or ""))

    @property
    def values_to_pick(self) -> list[tuple[str, str]]:
        """The only values of the field: of a yes/no, a user and a closed list; else none."""
        chosen = self.chosen
        if chosen is None:
            return []
        if chosen.type is FieldType.YES_NO:
            return [("true", "Yes"), ("false", "No")]
        if chosen.type is FieldType.USER:
            return [choice for choice in self.setting.assignees if "@" in choice[0]]
        return [(one, one) for one in chosen.choices]

    @property
    def suggestions(self) -> list[str]:
        """Values that the field has elsewhere, of an open list."""
        chosen = self.chosen
        return choices_of(chosen) if chosen is not None and chosen.type is FieldType.CHOICE else []

    @property
    def control(self) -> str:
        """How the value is entered: pick, suggest, date, number, or text."""
        chosen = self.chosen
        if self.values_to_pick:
            return "pick"
        if chosen is None or chosen.type in (FieldType.TEXT, FieldType.TAGS):
            return "text"
        return {FieldType.CHOICE: "suggest", FieldType.DATE: "date"}.get(chosen.type, "number")

    def clean_value(self) -> Any:
        text = self.cleaned_data["value"].strip()
        chosen = self.setting.known.get(self.cleaned_data.get("field", ""))
        if chosen is None:
            kept = self.cleaned_data.get("field") == self.initial.get("field")
            return self.initial_value if kept else None
        if not text:
            return None
        try:
            value = _typed(chosen, text)
            read_value(chosen, value)
        except Refused as refused:
            raise forms.ValidationError(_sentence(str(refused))) from refused
        return value.isoformat() if isinstance(value, date) else value

    @property
    def initial_value(self) -> Any:
        """The stored value of a field that this page does not offer: it stays."""
        return self.initial.get("value") or None

    @property
    def settings(self) -> dict[str, Any]:
        found = {"field": self.cleaned_data["field"], "value": self.cleaned_data.get("value")}
        return {name: value for name, value in found.items() if value is not None}


def _bare(name: str, known: Mapping[str, Field]) -> str:
    """A field of the sequence's own record as the list names it: ``score`` of ``contact.score``; else empty."""
    bare = name.partition(".")[2]
    return bare if bare in known and known[bare].name == name else ""


def _typed(field: Field, text: str) -> Any:
    """What was typed as a value of settings; what cannot be read stays text, and is refused as such."""
    if field.type is FieldType.YES_NO:
        return {"true": True, "false": False}.get(text, text)
    if field.type in (FieldType.NUMBER, FieldType.MONEY):
        return _amount(text)
    if field.type is FieldType.DATE:
        try:
            return date.fromisoformat(text)
        except ValueError as error:
            raise Refused("a date is wanted: YYYY-MM-DD") from error
    return read_labels(text) if field.type is FieldType.TAGS else text


def _amount(text: str) -> int | float:
    """A number as JSON holds it, exactly what was typed; ``1,234.50``, ``71,5`` and ``€ 5`` are some, too."""
    try:
        number = Decimal(spelled_number(text))
    except Refused as refused:
        raise Refused("a number is wanted") from refused
    if len(number.normalize().as_tuple().digits) > MOST_DIGITS or abs(number.adjusted()) > MOST_DIGITS:
        raise Refused(f"a number of at most {MOST_DIGITS} digits is wanted")
    return int(number) if number == number.to_integral_value() else float(number)


def _shown(value: Any) -> str:
    """A stored value as it is typed."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return "" if value is None else str(value)


def _sentence(words: str) -> str:
    return f"{words[0].upper()}{words[1:]}{'' if words.endswith('.') else '.'}"
