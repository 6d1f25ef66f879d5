"""Forms of records and the suppression list."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from audience.addresses import normalise_address
from audience.catalogue import catalogue, choices_of, column_of
from audience.conditions.types import FieldType
from audience.conditions.values import Refused
from audience.fields import CONTACT, LONGEST, Field
from audience.imports.cells import read_addresses, read_labels
from audience.imports.matching import KEPT_BY_EVENTS
from audience.kinds import KINDS
from audience.models import Contact, ContactAddress, CustomField
from audience.picking import Unclear, contact_meant
from audience.records import TAGS, Record
from audience.suppression import EMAIL, SMS
from tenants.localtime import UnknownZone, zone_named
from tenants.models import Member
from tenants.policy import visible
from tenants.seen import marks, merged, who_changed

NOT_EDITED = KEPT_BY_EVENTS | {"created_at"}


class RecordForm(forms.Form):
    """A record with all its fields, the tenant's own ones included.

    ``changed_values`` has typed values by key of what differs from the record (of a new one, of what is filled).
    """

    def __init__(self, kind: str, data: Any = None, *, record: Record | None = None, member: Member) -> None:
        super().__init__(data)
        self.kind, self.record, self.member = kind, record, member
        known = catalogue()
        self.edited = [f for key in KINDS[kind].order if (f := known.get(kind, key))]
        self.edited += [f for f in known.of(kind) if f.is_custom]
        for field in self.edited:
            self.fields[field.key] = self._control(field)
            self.initial[field.key] = self._shown(field) if record else None
        if kind == CONTACT:
            control = forms.CharField(required=False, help_text="Mail from them is this contact's, too.")
            self.fields["further"] = control
            control.label = "Further emails"
            self.initial["further"] = ", ".join(self._further())
        if record is None:
            self.initial["owner"] = member.pk
        self.untouched: frozenset[str] = frozenset()
        self.seen: str = marks(_as_shown(self.initial)) if data is None else data.get("seen", "")

    @property
    def suggestions(self) -> dict[str, list[str]]:
        """Values to suggest, by key of a choice field."""
        return {f.key: choices_of(f) for f in self.edited if f.type is FieldType.CHOICE}

    @property
    def lines(self) -> list[list[str]]:
        """The names of the controls of the standard fields, those of one line together."""
        lines = [[name for name in line if name in self.fields] for line in KINDS[self.kind].form]
        return [line for line in lines if line]

    @property
    def custom(self) -> list[Any]:
        """The controls of the tenant's own fields."""
        return [self[f.key] for f in self.edited if f.is_custom]

    def _control(self, field: Field) -> forms.Field:
        made = CONTROLS.get(field.type, text_control)(field)
        if field.type is FieldType.REFERENCE and field.key == CONTACT:
            made.help_text = "Their email address, or first and last name."
        kind = KINDS[self.kind]
        made.required, made.label = (
            kind.identified_by == (field.key,),
            field.label[:1].upper() + field.label[1:],
        )
        made.error_messages["required"] = f"Fill in {kind.identity}."
        return made

    def _shown(self, field: Field) -> Any:
        record = self.record
        assert record is not None
        if field.type is FieldType.TAGS:
            own = (
                CustomField.objects.filter(record=self.kind, key=field.key).first()
                if field.is_custom
                else None
            )
            labels = TAGS[self.kind].objects.filter(record=record, field=own).order_by("pk")
            return ", ".join(labels.values_list("label", flat=True))
        if field.type is FieldType.REFERENCE:
            meant = getattr(record, field.key)
            return (isinstance(meant, Contact) and meant.email) or str(meant or "")
        value = getattr(record, column_of(field))
        return int(value) if isinstance(value, float) and value.is_integer() else value

    def _further(self) -> list[str]:
        found = ContactAddress.objects.filter(contact=self.record.pk if self.record else None).order_by("pk")
        return list(found.values_list("email", flat=True))

    def clean_email(self) -> str:
        email: str = self.cleaned_data["email"].strip()
        unchanged = self.record is not None and email == self.initial["email"]
        if email and not unchanged and normalise_address(email) is None:
            raise ValidationError("This is no email address.")
        return email

    def clean_contact(self) -> Contact | None:
        text: str = self.cleaned_data["contact"]
        if "contact" not in self.changed_data and self.record is not None:
            return getattr(self.record, CONTACT, None)
        try:
            seen = visible(self.member, "record.view", Contact.objects.all())
            return contact_meant(text, seen)
        except Unclear as unclear:
            raise ValidationError(str(unclear)) from unclear

    def clean_further(self) -> list[str]:
        try:
            return read_addresses(self.cleaned_data["further"])
        except Refused as refused:
            raise ValidationError(f"This {refused}.") from refused

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        kind = KINDS[self.kind]
        if not self.errors and not any(cleaned.get(name) for name in kind.identified_by):
            raise ValidationError(f"Fill in {kind.identity}.")
        if self.record is not None:
            self._look_at_others(cleaned)
        return cleaned

    def _look_at_others(self, cleaned: dict[str, Any]) -> None:
        """What others have saved meanwhile is not overwritten unseen."""
        stored = {name: self.initial[name] for name in cleaned}
        found = merged(self.seen, stored=_as_shown(stored), typed=_as_shown(cleaned))
        self.seen, self.untouched = found.seen, found.untouched
        for name, value in found.contested.items():
            what = f"“{value}”" if value and name != "owner" else "something else"
            who = who_changed(self.record, self.member)  # type: ignore[arg-type]
            said = f"{who} saved {what} here after you had opened this. Save again to replace it with yours."
            self.add_error(name, said)

    @property
    def changed_values(self) -> dict[str, Any]:
        """Typed values by key; of a reference the name that was typed."""
        keys = [key for key in self.changed_data if key not in ("further", *self.untouched)]
        if self.record is None:
            keys = [f.key for f in self.edited if self.cleaned_data[f.key] not in (None, "", [], False)]
        return {key: self.cleaned_data[key] for key in keys}


class ZoneName(forms.CharField):
    """The name of a time zone, or nothing."""

    def clean(self, value: Any) -> str:
        name = str(super().clean(value)).strip()
        try:
            return zone_named(name).key if name else ""
        except UnknownZone as unknown:
            raise ValidationError(f"{unknown}."[:1].upper() + f"{unknown}."[1:]) from unknown


def _as_shown(values: Mapping[str, Any]) -> dict[str, Any]:
    """As they stand in the page: lists with commas, instants to the minute; without the contact, who is picked."""
    return {name: _text(value) for name, value in values.items() if name != CONTACT}


def _text(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value))
    if isinstance(value, datetime):
        return f"{value.astimezone(UTC):%Y-%m-%d %H:%M}"
    if isinstance(value, float):
        return f"{value:g}"
    return "" if value in (None, False) else str(value).strip().replace("\r\n", "\n")


def text_control(field: Field) -> forms.Field:
    """A line of text, as long as the field holds."""
    if field.key == "timezone" and not field.is_custom:
        return ZoneName(max_length=LONGEST)
    return forms.CharField(max_length=field.longest)


def _owner_control(field: Field) -> forms.Field:
    members = (
        Member.objects.filter(is_active=True).select_related("user").order_by("user__name", "user__email")
    )
    choices = [(None, "Nobody"), *((member.pk, member.name) for member in members)]
    return forms.TypedChoiceField(choices=choices, coerce=int, empty_value=None)


class TagsField(forms.CharField):
    """Labels between commas."""

    def to_python(self, value: Any) -> Any:
        return list(dict.fromkeys(read_labels(super().to_python(value) or "")))

    def has_changed(self, initial: Any, data: Any) -> bool:
        return self.to_python(initial) != self.to_python(data)

    def validate(self, value: Any) -> None:
        for label in value:
            if len(label) > LONGEST:
                raise ValidationError(f"A tag may have {LONGEST} characters.")

    def run_validators(self, value: Any) -> None:
        """Those of a text do not suit a list."""


class PlainDate(forms.DateField):
    """A day as the browser's own control sends it."""

    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")

    def prepare_value(self, value: Any) -> Any:
        return value.isoformat() if isinstance(value, date) else value


CONTROLS: dict[FieldType, Callable[[Field], forms.Field]] = {
    FieldType.NUMBER: lambda field: forms.FloatField(),
    FieldType.MONEY: lambda field: forms.FloatField(),
    FieldType.DATE: lambda field: PlainDate(),
    FieldType.DATE_TIME: lambda field: forms.DateTimeField(
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
    ),
    FieldType.YES_NO: lambda field: forms.BooleanField(),
    FieldType.USER: _owner_control,
    FieldType.TAGS: lambda field: TagsField(help_text="Separated by commas."),
    FieldType.REFERENCE: lambda field: forms.CharField(
        max_length=LONGEST, help_text="Found by its name, or made."
    ),
}


class SuppressForm(forms.Form):
    """An address or number that nobody writes to any more."""

    channel = forms.ChoiceField(choices=[(EMAIL, "Email"), (SMS, "SMS")], initial=EMAIL)
    address = forms.CharField(max_length=LONGEST, label="Address or number")
