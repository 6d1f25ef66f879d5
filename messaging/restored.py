"""A database that was restored from a backup sends nothing before a person has said so (reliability R-024).

PostgreSQL numbers each cluster, and each database in it; a dump takes neither number along. Where they differ from
those of the last sending, the original may go on beside the copy, or have sent since the backup what waits in it.
So all sending of each workspace is stopped as by a person, and is let go on as after any such stop.
"""

from __future__ import annotations

from datetime import datetime

import structlog
from django.db import connection, transaction

from messaging import halts
from messaging.models import Origin
from tenants.commands import audit
from tenants.models import Tenant
from tenants.wall import use

log = structlog.get_logger()

REASON = (
    "this database was restored from a backup. Resume when the one it comes from sends nothing any more; what that one "
    "sent since the backup is not known here"
)
PLACE = """
    SELECT system_identifier || ':' || (SELECT oid FROM pg_database WHERE datname = current_database())
    FROM pg_control_system()
"""


def look(*, now: datetime) -> bool:
    """Stop all sending if this database sends from another place than before; whether it does.

    The first look of an installation notes where it is. Outside of any tenant.
    """
    place = _place()
    noted = Origin.objects.values_list("place", flat=True).first()
    if noted is None:
        Origin.objects.bulk_create([Origin(pk=1, place=place)], ignore_conflicts=True)
        return False
    if noted == place:
        return False
    with transaction.atomic():
        origin = Origin.objects.select_for_update().get()
        if origin.place == place:  # somebody else has seen it meanwhile
            return False
        for tenant in Tenant.objects.filter(is_scratch=False).order_by("pk"):
            _stop(tenant, now)
        origin.place = place
        origin.save()
    log.error("this database was restored elsewhere: all sending is stopped", was=noted, place=place)
    return True


def _stop(tenant: Tenant, now: datetime) -> None:
    with use(tenant):
        stop = halts.begin(None, by=None, reason=REASON, at=now)
        if stop is not None:
            audit(by=None, verb="sending.stop", obj=stop, at=now, of="all", reason=REASON)


def _place() -> str:
    with connection.cursor() as cursor:
        cursor.execute(PLACE)
        return str(cursor.fetchone()[0])
