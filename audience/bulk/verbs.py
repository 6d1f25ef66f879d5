"""What this floor can do to many records."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from django import forms
from django.db import connection
from django.db.models import Value
from django.utils.dateparse import parse_date, parse_datetime

from audience import records, signals
from audience.bulk.registry import CannotDo, Verb
from audience.catalogue import catalogue
from audience.conditions.types import FieldType
from audience.conditions.values import Refused
from audience.fields import ACCOUNT, CONTACT, Field
from audience.forms import CONTROLS, NOT_EDITED, TagsField, text_control
from audience.kinds import KINDS
from audience.models import Contact, Suppression
from audience.records import MODELS, TAGS
from audience.suppression import EMAIL, suppress_all
from tenants.fields import Lowered
from tenants.models import Member

NOT_IN_BULK = {
    "email",
    "first_name",
    "last_name",
    "name",
    "account",
    "contact",
    "owner",
    "tags",
    "phone",
    "mobile",
}
"""What is never the same for many, or has a verb of its own."""


class TagForm(forms.Form):
    """Labels between commas."""

    tags = TagsField(
        label="Tags", help_text="Separated by commas.", error_messages={"required": "Name a tag."}
    )

    def clean_tags(self) -> list[str]:
        found: list[str] = self.cleaned_data["tags"]
        if not found:
            raise forms.ValidationError("Name a tag.")
        return found


class AddTags(Verb):
    key, label, icon = "add_tag", "Add tags", "tag"
    records = (CONTACT, ACCOUNT)

    def form(self, record: str, by: Member, data: Any = None) -> forms.Form:
        return TagForm(data)

    def said(self, record: str, arguments: Mapping[str, Any]) -> str:
        return f"Add {_tags(arguments)}"

    def apply(
        self, record: str, ids: Sequence[int], arguments: Mapping[str, Any], *, by: Member, at: datetime
    ) -> int:
        records.add_tags(ids, record, arguments["tags"])
        return len(ids)


class RemoveTags(AddTags):
    key, label, icon = "remove_tag", "Remove tags", "tag"

    def said(self, record: str, arguments: Mapping[str, Any]) -> str:
        return f"Remove {_tags(arguments)}"

    def apply(
        self, record: str, ids: Sequence[int], arguments: Mapping[str, Any], *, by: Member, at: datetime
    ) -> int:
        folded = [Lowered(Value(label)) for label in arguments["tags"]]
        TAGS[record].objects.filter(record__in=ids, field=None, label_norm__in=folded).delete()
        return len(ids)


class OwnerForm(forms.Form):
    """A member, or nobody."""

    owner = forms.TypedChoiceField(label="Owner", coerce=int, empty_value=None, required=False)

    def __init__(self, data: Any = None) -> None:
        super().__init__(data)
        members = (
            Member.objects.filter(is_active=True).select_related("user").order_by("user__name", "user__email")
        )
        self.fields["owner"].choices = [("", "Nobody"), *((m.pk, m.name) for m in members)]  # type: ignore[attr-defined]


class SetOwner(Verb):
    key, label, icon = "set_owner", "Set owner", "user"

    def form(self, record: str, by: Member, data: Any = None) -> forms.Form:
        return OwnerForm(data)

    def said(self, record: str, arguments: Mapping[str, Any]) -> str:
        owner = Member.objects.select_related("user").filter(pk=arguments["owner"]).first()
        return f"Give them to {owner.name}" if owner else "Take the owner away"

    def apply(
        self, record: str, ids: Sequence[int], arguments: Mapping[str, Any], *, by: Member, at: datetime
    ) -> int:
        return MODELS[record].objects.filter(pk__in=ids).update(owner=arguments["owner"])


class FieldValueForm(forms.Form):
    """A field, and then its value; the control of the value is that of the field's type."""

    field = forms.ChoiceField(label="Field")

    def __init__(self, record: str, data: Any = None) -> None:
        super().__init__(data)
        self.known = {field.key: field for field in settable(record)}
        options = [(key, field.label[:1].upper() + field.label[1:]) for key, field in self.known.items()]
        self.fields["field"].choices = [("", "Choose a field"), *options]  # type: ignore[attr-defined]
        self.chosen = self.known.get(data.get("field", "")) if data else None
        if self.chosen:
            control = CONTROLS.get(self.chosen.type, text_control)(self.chosen)
            control.required, control.label = False, "Value"
            if not control.help_text:
                control.help_text = "Leave it empty to empty the field."
            self.fields["value"] = control


def settable(record: str) -> list[Field]:
    """The fields that may be given one value for many records."""
    known = catalogue()
    keys = [key for key in KINDS[record].order if key not in NOT_IN_BULK | NOT_EDITED]
    standard = [field for key in keys if (field := known.get(record, key))]
    return standard + [field for field in known.of(record) if field.is_custom]


class SetField(Verb):
    key, label, icon = "set_field", "Set a field", "pencil-square"

    def form(self, record: str, by: Member, data: Any = None) -> forms.Form:
        return FieldValueForm(record, data)

    def arguments(self, cleaned: Mapping[str, Any]) -> dict[str, Any]:
        value = cleaned.get("value")
        return {"field": cleaned["field"], "value": value.isoformat() if isinstance(value, date) else value}

    def said(self, record: str, arguments: Mapping[str, Any]) -> str:
        field, value = catalogue().get(record, arguments["field"]), arguments["value"]
        label = field.label if field else arguments["field"]
        if value is None or value in ("", []):
            return f"Empty {label}"
        return f"Set {label} to “{_said(value, field.type if field else None)}”"

    def apply(
        self, record: str, ids: Sequence[int], arguments: Mapping[str, Any], *, by: Member, at: datetime
    ) -> int:
        field = catalogue().get(record, arguments["field"])
        if field is None:
            raise CannotDo("There is no such field any more.")
        value = arguments["value"]
        if field.type is FieldType.DATE and value:
            value = parse_date(value)
        elif field.type is FieldType.DATE_TIME and value:
            value = parse_datetime(value)
        try:
            records.set_field_of(MODELS[record].objects.filter(pk__in=ids), field.key, value, at=at)
        except Refused as refused:
            raise CannotDo(f"{refused}.") from refused
        return len(ids)


class StopMail(Verb):
    """Put their addresses on the suppression list (semantics 2.22)."""

    key, label, icon, permission = "suppress", "Stop all email", "no-symbol", "suppression.add"
    records = (CONTACT,)
    is_dangerous = True
    left_out = "without an email address"
    batch = 1000
    """The gates of a batch are shut until it is over, and each takes a place in the database's table of locks."""
    warning = "Nobody of the workspace writes to these addresses any more, as if they had unsubscribed."

    def apply(
        self, record: str, ids: Sequence[int], arguments: Mapping[str, Any], *, by: Member, at: datetime
    ) -> int:
        people = Contact.objects.filter(pk__in=ids).exclude(email_norm=None)
        addresses = list(people.values_list("email_norm", flat=True))
        suppress_all(
            EMAIL, {a for a in addresses if a}, reason=Suppression.UNSUBSCRIBED, source="person", at=at
        )
        return len(addresses)


BY_INDEXES = """
    SET LOCAL enable_seqscan = off; SET LOCAL plan_cache_mode = force_custom_plan; SET LOCAL jit = off
"""
"""Until the transaction ends. A foreign key asks for each row that goes who still names it, by a plan that its session
keeps. Made while a table was small, or after most of it was deleted, that plan reads the table whole, for each row:
32,000 companies whose contacts had just gone took twenty minutes.
"""


class Delete(Verb):
    key, label, icon, permission = "delete", "Delete", "trash", "record.delete"
    batch = 1000
    is_dangerous = True
    warning = "They are gone for good, with their history, and leave every sequence. This cannot be undone."

    def apply(
        self, record: str, ids: Sequence[int], arguments: Mapping[str, Any], *, by: Member, at: datetime
    ) -> int:
        signals.records_going.send(sender=MODELS[record], record=record, ids=list(ids), by=by, at=at)
        # What hangs on them goes by the references of the database, as sets: Django would fetch it row by row.
        with connection.cursor() as cursor:
            cursor.execute(BY_INDEXES)
            cursor.execute(f"DELETE FROM {MODELS[record]._meta.db_table} WHERE id = ANY(%s)", [list(ids)])
            return cursor.rowcount


def _said(value: Any, type_: FieldType | None) -> str:
    """A value of ``SetField.arguments`` as a person reads it."""
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if isinstance(value, float):
        return f"{value:.15g}"
    if type_ is FieldType.DATE_TIME:
        return f"{datetime.fromisoformat(value):%Y-%m-%d %H:%M}"
    return ", ".join(value) if isinstance(value, list) else str(value)


def _tags(arguments: Mapping[str, Any]) -> str:
    labels = [f"“{label}”" for label in arguments["tags"]]
    return f"the tag {labels[0]}" if len(labels) == 1 else f"the tags {', '.join(labels)}"
