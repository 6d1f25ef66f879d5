"""Whose turn it is: a forecast takes a worker for up to two minutes, and runs must not wait for it.

One at a time for each workspace, and as many as FORECASTS_AT_ONCE for all. Who gets no place asks again later; the
places are locks of the transaction, so that they are free again however the worker ends.
"""

from __future__ import annotations

from django.conf import settings
from django.db import connection

from messaging.stops import advisory_key
from tenants.wall import current_id

WORKSPACE, OTHERS = "workspace", "others"
NOBODY = 0
"""In the place of a tenant: the places that all workspaces share."""


def behind() -> str:
    """Take a place until the transaction ends: "". Where none is free, whom one waits for: WORKSPACE or OTHERS."""
    if not _taken(advisory_key(current_id(), "forecast", "")):
        return WORKSPACE
    places = range(max(settings.FORECASTS_AT_ONCE, 1))
    if any(_taken(advisory_key(NOBODY, "forecast", str(n))) for n in places):
        return ""
    return OTHERS


def is_made() -> bool:
    """Whether a forecast of the tenant in use is being made: its place is taken by a transaction that lives."""
    key = advisory_key(current_id(), "forecast", "")
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND granted AND objsubid = 1 "
            "AND classid::bigint = (%s >> 32) & 4294967295 AND objid::bigint = %s & 4294967295 "
            "AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))",
            [key, key],
        )
        (found,) = cursor.fetchone()
    return bool(found)


def _taken(number: int) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [number])
        (done,) = cursor.fetchone()
    return bool(done)
