"""Mappings that are kept: what was chosen for one file, for the next that has the same columns."""

from __future__ import annotations

from collections.abc import Container
from datetime import datetime

from audience.catalogue import catalogue, lowered
from audience.conditions.types import FieldType
from audience.imports.forming import fields_of
from audience.imports.jobs import MAKES_FIELDS
from audience.imports.matching import LINE, REASON, match_columns, simplified
from audience.models import ImportJob, ImportMapping
from tenants.models import Member
from tenants.policy import can

ALIKE = ("on_duplicate", "date_order", "decimal_sign")


class NotYours(ValueError):
    """The name is that of a mapping of somebody else; the message is fit for a person."""


def save(job: ImportJob, name: str, *, by: Member, at: datetime) -> ImportMapping:
    """Keep what was chosen for this import under a name; one of that name is replaced. Raises NotYours."""
    known = ImportMapping.objects.filter(kind=job.kind, name_norm__in=lowered([name]).values()).first()
    if known and not can(by, "import.run", known):
        raise NotYours(f"There is a mapping “{known.name}” of somebody else; choose another name.")
    kept = _filled(known or ImportMapping(kind=job.kind, name=name, owner=by), job)
    kept.saved_at = at
    kept.save()
    return kept


def _filled(kept: ImportMapping, job: ImportJob) -> ImportMapping:
    """With what was chosen for this import."""
    new = {field["key"]: f"{field['key']}:{field['type']}" for field in job.new_fields}
    kept.columns = {
        plain: new.get(key, key)
        for column, key in reversed(list(zip(job.header, job.columns, strict=True)))
        if (plain := simplified(column)) in _columns_of(job)
    }
    kept.constants = {new.get(key, key): text for key, text in job.constants.items()}
    for attribute in ALIKE:
        setattr(kept, attribute, getattr(job, attribute))
    return kept


def fitting(job: ImportJob) -> ImportMapping | None:
    """The mapping that knows exactly the columns of this file, the one that was saved last.

    Where none does, refused rows that were mended are matched as the file they came from was.
    """
    names = _columns_of(job)
    for kept in ImportMapping.objects.filter(kind=job.kind).order_by("-saved_at"):
        if set(kept.columns) == names:
            return kept
    if job.header[:2] != [LINE, REASON]:
        return None
    alike = ImportJob.objects.filter(kind=job.kind, owner=job.owner, header=job.header[2:])
    came_from = alike.exclude(state=ImportJob.MATCHING).order_by("-pk").first()
    if came_from is None:
        return None
    return _filled(ImportMapping(kind=job.kind, name=came_from.file_name), came_from)


def apply(kept: ImportMapping, job: ImportJob, *, by: Member) -> list[str]:
    """Choose for this import as the mapping says; returns what could not be, a sentence each.

    Columns that it does not know are matched by their names. Fields that are no more are left out, unless the mapping
    made them and the member may make fields.
    """
    assert job.state == ImportJob.MATCHING
    by_name = match_columns(job.kind, job.header, catalogue()).keys
    job.new_fields = []
    fields = fields_of(job)
    lost: list[str] = []
    keys: list[str] = []
    seen: set[str] = set()
    for column, matched in zip(job.header, by_name, strict=True):
        plain = simplified(column)
        told = kept.columns.get(plain, matched) if plain not in seen else ""
        seen.add(plain)
        keys.append(_key(job, told, column, fields.keys(), lost, by=by))
    job.columns = [key if key not in keys[:n] else "" for n, key in enumerate(keys)]
    constants = {
        _key(job, told, told.partition(":")[0].replace("_", " "), fields.keys(), lost, by=by): text
        for told, text in kept.constants.items()
    }
    job.constants = {key: text for key, text in constants.items() if key}
    for attribute in ALIKE:
        setattr(job, attribute, getattr(kept, attribute))
    job.save()
    return [f"“{name}” went into a field that there is no more; it is left out." for name in lost]


def _columns_of(job: ImportJob) -> set[str]:
    """The columns that matter to a mapping: without those that a file of refused rows has beside its own."""
    plain = {simplified(column) for column in job.header}
    return plain - {"", simplified(LINE), simplified(REASON)}


def _key(job: ImportJob, told: str, label: str, known: Container[str], lost: list[str], *, by: Member) -> str:
    """The key of a field that a mapping names, ``key`` or ``key:type`` of one that it made; empty where it is lost."""
    key, _, type_ = told.partition(":")
    if not key or key in known:
        return key
    if type_ in set(FieldType) and can(by, MAKES_FIELDS):
        job.new_fields.append({"key": key, "label": label, "type": type_})
        return key
    lost.append(label)
    return ""
