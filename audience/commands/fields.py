"""Verbs on the tenant's own fields and on lists of values."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import partial

from django.db import transaction

from audience import indexes, uses
from audience.catalogue import CannotMakeField, as_field, catalogue, column_of, lowered, make_field
from audience.conditions.parse import is_custom_key
from audience.conditions.types import FieldType
from audience.fields import RECORDS, Catalogue, Field
from audience.models import Choice, CustomField
from audience.tasks import build_index
from tenants.commands import audit
from tenants.models import Member, Tenant
from tenants.policy import require
from tenants.wall import current_id

LONGEST_LABEL = 60


class FieldInUse(ValueError):
    """The field cannot be retired: ``found`` says what uses it. The message is fit for a person."""

    def __init__(self, found: Sequence[uses.Use]) -> None:
        super().__init__(f"It is used by {uses.named(found)}. Take it out there first.")
        self.found = found


@transaction.atomic
def make_custom(
    *, by: Member, record: str, label: str, type_: FieldType, at: datetime, choices: Iterable[str] = ()
) -> CustomField:
    """Add a field; its key follows from the label. Raises CannotMakeField."""
    require(by, "admin.manage")
    label = _free_label(record, label)
    made = make_field(record, _free_key(record, label), type_, label)
    if type_ is FieldType.CHOICE:
        _set_values(record, made.key, choices)
    audit(by=by, verb="field.make", obj=made, at=at, record=record, label=label, type=str(type_))
    return made


@transaction.atomic
def change_custom(
    *, by: Member, field: CustomField, label: str, at: datetime, choices: Iterable[str] | None = None
) -> list[str]:
    """Give a field another label, or other values to choose from; which of those are taken away.

    Its key stays. Raises CannotMakeField.
    """
    require(by, "admin.manage")
    before = field.label
    field.label = _free_label(field.record, label, but=field)
    field.save(update_fields=["label"])
    is_list = choices is not None and field.type == FieldType.CHOICE
    gone = _set_values(field.record, field.key, choices or ()) if is_list else []
    audit(by=by, verb="field.change", obj=field, at=at, before=before, after=field.label, taken_away=gone)
    return gone


@transaction.atomic
def retire(*, by: Member, field: CustomField, at: datetime) -> None:
    """Take a field out of use; its values stay where they are. Raises FieldInUse."""
    require(by, "admin.manage")
    if found := uses.of_field(as_field(field)):
        raise FieldInUse(found)
    field.retired_at = at
    field.save(update_fields=["retired_at"])
    audit(by=by, verb="field.retire", obj=field, at=at, label=field.label)


@transaction.atomic
def bring_back(*, by: Member, field: CustomField, at: datetime) -> None:
    """Use a retired field again, with the values it had. Raises CannotMakeField where another has its label now."""
    require(by, "admin.manage")
    _free_label(field.record, field.label, but=field)
    field.retired_at = None
    field.save(update_fields=["retired_at"])
    audit(by=by, verb="field.bring_back", obj=field, at=at, label=field.label)


@transaction.atomic
def set_values(*, by: Member, record: str, key: str, values: Iterable[str], at: datetime) -> list[str]:
    """The values to choose from of a field, in this order; those taken away, which records keep."""
    require(by, "admin.manage")
    kept = list(values)
    gone = _set_values(record, key, kept)
    rows = Choice.objects.filter(record=record, field=key)
    if (first := rows.first()) is not None:
        audit(by=by, verb="choices.set", obj=first, at=at, record=record, field=key, values=kept)
    return gone


@transaction.atomic
def ask_for_index(*, by: Member, field: Field, at: datetime) -> None:
    """Have an index of a field built, in the background. Raises indexes.TooMany."""
    require(by, "admin.manage")
    column = indexes.column_of(field, column_of(field))
    assert column, "no index serves this field"
    indexes.require_room(field.record, column)
    tenant = Tenant.objects.get(pk=current_id())
    audit(by=by, verb="field.index", obj=tenant, at=at, field=field.name)
    bell = partial(build_index.delay, field.record, column, field.is_custom)
    transaction.on_commit(bell, robust=True)


def _set_values(record: str, key: str, values: Iterable[str]) -> list[str]:
    wanted = [value for value in values if value.strip()]
    folded = lowered(wanted)
    known = {row.value_norm: row for row in Choice.objects.filter(record=record, field=key)}
    gone = sorted(known[norm].value for norm in known.keys() - set(folded.values()))
    for norm in known.keys() - set(folded.values()):
        known[norm].delete()
    for position, value in enumerate(wanted):
        row = known.get(folded[value]) or Choice(record=record, field=key)
        row.value, row.position = value, position
        row.save()
    return gone


def _free_label(record: str, label: str, but: CustomField | None = None) -> str:
    """The label in one line. Raises CannotMakeField where it is empty, or that of another field of the record."""
    found = " ".join(label.split())
    if not found:
        raise CannotMakeField("A field needs a name.")
    if len(found) > LONGEST_LABEL:
        raise CannotMakeField(f"A name may have {LONGEST_LABEL} characters.")
    taken = {f.label.casefold() for f in catalogue().of(record) if but is None or f.key != but.key}
    if found.casefold() in taken:
        raise CannotMakeField(f"There is a field “{found}” already.")
    return found


def _free_key(record: str, label: str) -> str:
    plain = unicodedata.normalize("NFKD", label.casefold()).encode("ascii", "ignore").decode()
    stem = re.sub(r"[^a-z0-9]+", "_", plain).strip("_") or "field"
    stem = f"field_{stem}" if stem[0].isdigit() else stem
    taken = {f.key for f in Catalogue().of(record)} | set(RECORDS) | {"owner", "sender"}
    taken |= set(CustomField.objects.filter(record=record).values_list("key", flat=True))
    key, number = stem, 2
    while key in taken or not is_custom_key(key):
        key, number = f"{stem}_{number}", number + 1
    return key
