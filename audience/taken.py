"""The records that an import made or found, as a condition."""

from __future__ import annotations

from django.db.models import BooleanField, F, Func, Q
from django.db.models.expressions import RawSQL

from audience.models import ImportJob, ImportTaken


class IsOneOf(Func):
    """Whether a key stands in an array. As one value it leads straight into the index, where a join does not."""

    template, arg_joiner, output_field = "(%(expressions)s)", " = ANY", BooleanField()


def taken_by(job: ImportJob) -> Q:
    """Whether an import made or found a record."""
    ids = f"SELECT jsonb_array_elements_text(ids)::bigint FROM {ImportTaken._meta.db_table} WHERE job_id = %s"
    return Q(IsOneOf(F("pk"), RawSQL(f"ARRAY({ids})", [job.pk])))
