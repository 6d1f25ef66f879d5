"""Making records and setting their fields, whatever their type: choices grow, new fields are made as they are met."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.db.models import Model, QuerySet, Value

from audience import derived
from audience.catalogue import as_field, catalogue, column_of, make_field, spelled, type_of
from audience.conditions.compile import Folded
from audience.conditions.types import FieldType
from audience.conditions.values import Refused
from audience.fields import ACCOUNT, CONTACT, OPPORTUNITY, Catalogue, Field
from audience.models import (
    Account,
    AccountTag,
    Contact,
    ContactTag,
    CustomField,
    Opportunity,
    OpportunityTag,
)
from audience.models.records import home_region
from audience.values import stored
from tenants.fields import Lowered

Record = Contact | Account | Opportunity

MODELS: dict[str, type[Record]] = {CONTACT: Contact, ACCOUNT: Account, OPPORTUNITY: Opportunity}
TAGS: dict[str, Any] = {CONTACT: ContactTag, ACCOUNT: AccountTag, OPPORTUNITY: OpportunityTag}


def create(record: str, values: Mapping[str, Any], *, at: datetime, known: Catalogue | None = None) -> Record:
    """A new contact, account or opportunity that arrives at ``at``, with typed values by key (audience.values.stored).

    ``known`` is the catalogue, where the caller has read it already. Raises Refused, naming the field, where a value
    does not suit, and CannotMakeField.
    """
    columns: dict[str, Any] = {"created_at": at}
    labels: list[tuple[Field, list[str]]] = []
    known = known or catalogue()
    for key, value in values.items():
        field = known.get(record, key) or _field(record, key, value)
        if field is None:
            continue
        found = _stored(field, value)
        if field.type is FieldType.TAGS:
            labels.append((field, found))
        else:
            columns[column_of(field)] = found
    made = MODELS[record](**columns)
    made.save()
    for field, found in labels:
        _set_tags(MODELS[record].objects.filter(pk=made.pk), field, found)
    return made


def set_field(record: Record, key: str, value: Any, *, at: datetime) -> None:
    """Set one field of a record that is stored, and of the object in hand. Raises as ``create``."""
    set_field_of(type(record).objects.filter(pk=record.pk), key, value, at=at)
    record.refresh_from_db()


def set_field_of(records: QuerySet[Any], key: str, value: Any, *, at: datetime) -> None:
    """Set one field of all these records to one value, as a set. ``at`` is when; no column keeps it yet.

    Raises as ``create``. The rows are asked for anew by each statement: let them not hang on the field that is set.
    """
    field = _field(kind_of(records.model), key, value)
    if field is None:
        return
    found = _stored(field, value)
    if field.type is FieldType.TAGS:
        _set_tags(records, field, found)
    elif field.record == CONTACT and key in derived.SOURCES["sms_number"]:
        _set_one_by_one(records, key, found)
    elif field.record == CONTACT and key == "email":
        records.update(email=found, email_norm=derived.email_norm(found))
    else:
        records.update(**{column_of(field): found})


def kind_of(model: type[Model]) -> str:
    """Which record a model holds."""
    return next(kind for kind, candidate in MODELS.items() if candidate is model)


def _field(record: str, key: str, value: Any) -> Field | None:
    """The field, made when it is met for the first time with a value that says its type (semantics 6.5)."""
    known = catalogue().get(record, key)
    if known:
        return known
    type_ = type_of(value)
    return as_field(make_field(record, key, type_)) if type_ else None


def _stored(field: Field, value: Any) -> Any:
    try:
        found = stored(field, value)
    except Refused as refused:
        raise Refused(f"{field.label}: {refused}") from refused
    if field.type is FieldType.CHOICE and found and not field.choices:
        return spelled(field, [found])[found]
    return found


def _set_one_by_one(contacts: QuerySet[Contact], key: str, value: str) -> None:
    """Where a number for SMS follows from several columns of a row, it is worked out for each."""
    region = home_region()
    changed = []
    for contact in contacts.only("pk", "mobile", "phone", "country").order_by("pk").iterator(2000):
        setattr(contact, key, value)
        contact.sms_number = derived.sms_number(contact.mobile, contact.phone, contact.country, region)
        changed.append(contact)
    Contact.objects.bulk_update(changed, [key, "sms_number"], batch_size=2000)


def _set_tags(records: QuerySet[Any], field: Field, labels: Iterable[str]) -> None:
    """Give all these records exactly these labels; a label that differs only in case stays as it is spelled."""
    model = TAGS[field.record]
    custom = CustomField.objects.get(record=field.record, key=field.key).pk if field.is_custom else None
    wanted = list(labels)
    mine = model.objects.filter(record__in=records.values("pk"), field=custom)
    mine.exclude(label_norm__in=[Lowered(Value(label)) for label in wanted]).delete()
    add_tags(records.values_list("pk", flat=True), field.record, wanted, custom=custom)


def add_tags(records: Iterable[int], kind: str, labels: Iterable[str], *, custom: int | None = None) -> None:
    """Add labels to records, given by their ids, to the field ``tags`` or a custom one."""
    wanted = list(labels)
    rows = (TAGS[kind](record_id=pk, field_id=custom, label=label) for pk in records for label in wanted)
    TAGS[kind].objects.bulk_create(rows, batch_size=5000, ignore_conflicts=True)


def folded(text: str) -> Folded:
    """A text as an expression, as the lowered twins compare."""
    return Folded(Value(text))
