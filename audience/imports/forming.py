"""How the rows of one import become entries: its columns, constants and ways of writing, with the tenant's fields."""

from __future__ import annotations

from audience.catalogue import catalogue
from audience.conditions.types import FieldType
from audience.fields import CONTACT, Field
from audience.imports.cells import Writing
from audience.imports.entries import Form
from audience.imports.matching import FULL_NAME, FURTHER, importable
from audience.models import ImportJob
from tenants.models import Member, Tenant
from tenants.wall import current_id


def fields_of(job: ImportJob) -> dict[str, Field]:
    """Every field that the import can fill by its key, those to be made included."""
    new = [
        Field(job.kind, new["key"], new["label"], FieldType(new["type"]), is_custom=True)
        for new in job.new_fields
    ]
    return {f.key: f for f in (*new, *importable(job.kind, catalogue()))}


def form_of(job: ImportJob) -> Form:
    """How the rows of the file become entries."""
    fields = fields_of(job)
    columns = [(n, job.header[n], fields[key]) for n, key in enumerate(job.columns) if key in fields]
    constants = [
        (fields[key].label, fields[key], text) for key, text in job.constants.items() if key in fields
    ]
    named = [field for _, _, field in columns] + [field for _, field, _ in constants]
    return Form(
        kind=job.kind,
        columns=columns,
        constants=constants,
        fields=_with_a_place(named, fields),
        writing=Writing(
            Tenant.objects.get(pk=current_id()).timezone,
            decimal_comma=(job.decimal_sign or ("," if job.delimiter == ";" else ".")) == ",",
            date_order=job.date_order,
        ),
        members=_members(),
    )


def _with_a_place(named: list[Field], fields: dict[str, Field]) -> list[Field]:
    """Those that stand in the record: a full name is the first and the last one."""
    found = {field.key: field for field in named if field not in (FULL_NAME, FURTHER)}
    if FULL_NAME in named:
        found |= {key: fields[key] for key in ("first_name", "last_name")}
    return [
        field for field in found.values() if field.record != CONTACT or field.type is not FieldType.SEQUENCE
    ]


def _members() -> dict[str, int]:
    """Who may be an owner, by lowered name and e-mail; of several of one name the first."""
    members: dict[str, int] = {}
    for member in Member.objects.filter(is_active=True).select_related("user").order_by("-pk"):
        members |= {name.lower(): member.pk for name in (member.name, member.email) if name}
    return members
