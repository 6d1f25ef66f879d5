"""Forms of the settings about fields, lists of values and tags."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from audience.commands.fields import LONGEST_LABEL
from audience.conditions.types import FieldType
from audience.fields import ACCOUNT, CONTACT, LONGEST, OPPORTUNITY

RECORD_NAMES = {CONTACT: "Contacts", ACCOUNT: "Companies", OPPORTUNITY: "Opportunities"}
TYPE_NAMES = {
    FieldType.TEXT: "Text",
    FieldType.CHOICE: "Choice",
    FieldType.NUMBER: "Number",
    FieldType.MONEY: "Money",
    FieldType.YES_NO: "Yes or no",
    FieldType.DATE: "Date",
    FieldType.DATE_TIME: "Date and time",
    FieldType.TAGS: "Tags",
}
"""What a field of one's own may be, as a person reads it."""

MOST_VALUES = 500


class Lines(forms.CharField):
    """A list, one entry a line; blank lines fall away, and an entry that differs only in case from one before it."""

    widget = forms.Textarea

    def to_python(self, value: Any) -> Any:
        text = "" if value is None else str(value).replace("\x00", "")
        entries: dict[str, str] = {}
        for line in text.splitlines():
            if entry := " ".join(line.split()):
                entries.setdefault(entry.casefold(), entry)
        return list(entries.values())

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, list | tuple) else value

    def validate(self, value: list[str]) -> None:
        if self.required and not value:
            raise ValidationError("One value is needed at least.")
        if len(value) > MOST_VALUES:
            raise ValidationError(f"At most {MOST_VALUES} values; these are {len(value)}.")
        for entry in value:
            if len(entry) > LONGEST:
                raise ValidationError(f"“{entry[:30]}…” is longer than {LONGEST} characters.")

    def run_validators(self, value: Any) -> None:
        """Those of a text do not suit a list."""


class FieldForm(forms.Form):
    """A field of the tenant's own. Record and type are chosen once."""

    label = forms.CharField(
        label="Name", max_length=LONGEST_LABEL, error_messages={"required": "A field needs a name."}
    )
    record = forms.ChoiceField(label="Of", choices=list(RECORD_NAMES.items()), initial=CONTACT)
    type = forms.ChoiceField(
        label="Type",
        choices=[(str(type_), name) for type_, name in TYPE_NAMES.items()],
        initial=str(FieldType.TEXT),
        help_text="It stays as it is chosen now.",
    )
    choices = Lines(
        label="Values to choose from",
        required=False,
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text="One a line, in this order. For a choice only. An import may add others.",
    )


class LabelForm(forms.Form):
    """What can be changed of a field."""

    label = FieldForm.declared_fields["label"]
    choices = Lines(
        label="Values to choose from",
        required=False,
        widget=forms.Textarea(attrs={"rows": 8}),
        help_text="One a line, in this order. Records keep a value that you take away.",
    )

    def __init__(self, type_: str, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if type_ != FieldType.CHOICE:
            del self.fields["choices"]
