"""The values of a record as its page shows them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from audience.catalogue import SLOTS, catalogue
from audience.conditions.types import FieldType
from audience.fields import Field
from audience.kinds import KINDS
from audience.models import CustomField
from audience.records import TAGS, Record


@dataclass(frozen=True)
class Shown:
    """A field of a record with its value; ``type`` says how it is written. ``is_own``: a field of the tenant's own."""

    label: str
    type: str
    value: Any
    is_own: bool = False

    @property
    def is_empty(self) -> bool:
        return self.value in (None, "", []) and self.type != FieldType.YES_NO


def facts_of(record: Record, kind: str) -> list[Shown]:
    """The standard fields that stand in no place of their own, and the tenant's own ones."""
    known = catalogue()
    standard = [f for key in KINDS[kind].shown if (f := known.get(kind, key))]
    facts = [Shown(_title(f), f.type, getattr(record, f.key)) for f in standard]
    columns = dict(CustomField.objects.filter(record=kind).values_list("key", "column"))
    own = [f for f in known.of(kind) if f.is_custom]
    facts += [
        Shown(_title(f), f.type, getattr(record, columns[f.key]), is_own=True) for f in own if f.type in SLOTS
    ]
    labels = own_labels_of(record, kind)
    facts += [
        Shown(_title(f), f.type, labels.get(f.key, []), is_own=True) for f in own if f.type is FieldType.TAGS
    ]
    return facts


def labels_of(record: Record, kind: str) -> list[str]:
    """The tags of a record."""
    rows = TAGS[kind].objects.filter(record=record, field=None).order_by("label_norm")
    return list(rows.values_list("label", flat=True))


def own_labels_of(record: Record, kind: str) -> dict[str, list[str]]:
    """The labels of the tenant's own fields of type tags, by key."""
    found: dict[str, list[str]] = {}
    rows = TAGS[kind].objects.filter(record=record).exclude(field=None).order_by("label_norm")
    for key, label in rows.values_list("field__key", "label"):
        found.setdefault(key, []).append(label)
    return found


def _title(field: Field) -> str:
    return field.label[:1].upper() + field.label[1:]
