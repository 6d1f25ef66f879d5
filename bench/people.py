"""The people of the benchmarks: a tenant of 1,000,000 contacts among 1,200,000, and a sequence over 200,000 of them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from django.db import connection

from audience.models import Choice
from tenants.models import Tenant
from tenants.wall import use
from tests.factories import make_member, make_tenant

NOW = datetime(2026, 5, 4, 7, 0, tzinfo=UTC)
BIG, SMALL, SMALL_TENANTS = 1_000_000, 10_000, 20

#: matched by every fifth contact: 6 conditions on properties, 2 on e-mail activity
CONDITIONS = [
    {"field": "lifecycle_stage", "op": "in", "value": ["Lead", "Prospect"]},
    {"field": "country", "op": "is_not", "value": "Iceland"},
    {"field": "score", "op": ">=", "value": 10},
    {"field": "job_title", "op": "contains", "value": "manager"},
    {"field": "email", "op": "not_empty"},
    {"field": "city", "op": "starts_with", "value": "ber"},
    {"field": "last_opened_at", "op": "in_last_days", "value": 120},
    {"field": "last_replied_at", "op": "empty"},
]

FILL = """
INSERT INTO audience_contact (email, email_norm, first_name, last_name, job_title, country, city, lifecycle_stage,
                              score, owner_id, created_at, last_opened_at, last_sent_at, last_replied_at)
SELECT 'p' || i || '@bench.example', 'p' || i || '@bench.example', 'First' || i %% 1000, 'Last' || i %% 5000,
       CASE WHEN i %% 5 < 2 THEN 'Sales Manager' ELSE 'Engineer' END,
       CASE i %% 7 WHEN 0 THEN 'Germany' WHEN 1 THEN 'France' ELSE 'Spain' END,
       CASE WHEN i %% 5 IN (0, 2) THEN 'Berlin' ELSE 'Madrid' END,
       CASE i %% 5 WHEN 0 THEN 'Lead' WHEN 1 THEN 'Prospect' WHEN 2 THEN 'Lead' ELSE 'Customer' END,
       10 + i %% 90, %(owner)s, %(at)s::timestamptz - make_interval(hours => i %% 9000),
       CASE WHEN i %% 5 IN (0, 3) THEN %(at)s::timestamptz - make_interval(hours => i %% 2400) END,
       CASE WHEN i %% 3 = 0 THEN %(at)s::timestamptz - make_interval(hours => i %% 2400) END,
       CASE WHEN i %% 5 = 4 THEN %(at)s::timestamptz - make_interval(hours => i %% 5000) END
FROM generate_series(1, %(count)s) i
"""


def make_people(big: int = BIG, small: int = SMALL, tenants: int = SMALL_TENANTS) -> Tenant:
    """Fill the database; returns the big tenant. Its rows stand among those of the others, as in real life."""
    first = make_tenant("bench")
    for n in range(tenants // 2):
        _fill(make_tenant(f"small-{n}"), small)
    _fill(first, big)
    for n in range(tenants // 2, tenants):
        _fill(make_tenant(f"small-{n}"), small)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE audience_contact")
    return first


def _fill(tenant: Tenant, count: int) -> None:
    with use(tenant):
        owner = make_member("admin", email=f"owner@{tenant.slug}.example")
        for value in ("Lead", "Prospect", "Customer"):
            Choice.objects.create(record="contact", field="lifecycle_stage", value=value)
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL statement_timeout = 0")
            cursor.execute(FILL, {"owner": owner.pk, "at": NOW - timedelta(hours=1), "count": count})
