"""Facts of the timeline that a set of rows gives: one statement, however many people it concerns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.backends.postgresql.psycopg_any import Jsonb


def record(
    kind: str,
    stays: tuple[str, Sequence[Any]],
    *,
    at: datetime,
    member_id: int | None = None,
    data: Mapping[str, Any] | None = None,
) -> int:
    """Write down that this happened to each of these stays; how many. ``stays`` selects (contact_id, enrollment_id)."""
    sql, params = stays
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO activities_fact (kind, at, contact_id, account_id, enrollment_id, member_id, data) "
            "SELECT %s, %s, s.contact_id, c.account_id, s.enrollment_id, %s, %s "
            f"FROM ({sql}) AS s (contact_id, enrollment_id) JOIN audience_contact c ON c.id = s.contact_id "
            "ORDER BY s.enrollment_id",
            [kind, at, member_id, Jsonb(dict(data or {})), *params],
        )
        return int(cursor.rowcount)
