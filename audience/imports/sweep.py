"""What is left of imports when nobody wants it any more: files that were never imported, old refused rows."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction

from audience.imports.jobs import discard
from audience.models import ImportFile, ImportJob, ImportRefusal

UNBEGUN = timedelta(days=7)
"""So long a file that was uploaded waits to be imported; then it is thrown away, and the import with it."""

REFUSED = timedelta(days=90)
"""So long after an import its refused rows can be looked at and downloaded. Their number stays."""

AT_ONCE = 200


def sweep(*, now: datetime) -> tuple[int, int]:
    """Throw away what is old, of the tenant in use; how many imports, and how many refused rows.

    An import that somebody is working at this moment is left for the next time.
    """
    return _unbegun(now - UNBEGUN), _refused(now - REFUSED)


@transaction.atomic
def _unbegun(before: datetime) -> int:
    waiting = (ImportJob.MATCHING, ImportJob.CHECKING, ImportJob.CHECKED)
    found = ImportJob.objects.filter(state__in=waiting, made_at__lt=before).order_by("pk")
    jobs = list(found.select_for_update(skip_locked=True, of=("self",))[:AT_ONCE])
    for job in jobs:
        discard(job)
    return len(jobs)


@transaction.atomic
def _refused(before: datetime) -> int:
    over = ImportJob.objects.filter(state__in=(ImportJob.DONE, ImportJob.FAILED), finished_at__lt=before)
    ImportFile.objects.filter(job__in=over.values("pk")).delete()
    return ImportRefusal.objects.filter(job__in=over.values("pk")).delete()[0]
