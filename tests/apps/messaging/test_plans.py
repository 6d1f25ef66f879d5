"""What delivery asks finds its rows by an index, behind the wall and however full the tables are (performance, §3)."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import psycopg
import pytest
from django.db import connection

from messaging import claim, gate, reaper, sent
from messaging.claim import Lease
from messaging.line import Statement, delivering
from messaging.models import MailboxDue
from tenants.models import Tenant
from tests.apps.messaging.factories import make_mailbox, make_mailing, sent_message
from tests.factories import NOW, make_tenant

pytestmark = pytest.mark.django_db

SENT = 5_000


def plan(statement: Statement) -> str:
    cursor = psycopg.ClientCursor(connection.connection)
    cursor.execute(f"EXPLAIN {statement.sql}".encode(), statement.params)
    return "\n".join(line for (line,) in cursor.fetchall())


@pytest.fixture
def full(tenant: Tenant) -> Lease:
    """An outbox full of the past with a little to do."""
    mailbox = make_mailbox()
    first = sent_message(mailbox=mailbox, mailing=make_mailing())
    with connection.cursor() as cursor:
        cursor.execute(
            """INSERT INTO messaging_message (mailing_id, contact_id, mailbox_id, address_norm, made_at, due_at, state,
                                              sent_at)
               SELECT mailing_id, contact_id, mailbox_id, address_norm, made_at, due_at, 'sent', sent_at
               FROM messaging_message, generate_series(1, %s)""",
            [SENT],
        )
        cursor.execute(
            "UPDATE messaging_message SET state = 'pending', sent_at = NULL WHERE id = %s", [first.pk]
        )
        cursor.execute("ANALYZE messaging_message")
    MailboxDue.objects.create(tenant_id=tenant.pk, mailbox_id=mailbox.pk, due_at=NOW)
    return Lease(tenant.pk, mailbox.pk, uuid4(), timedelta(seconds=60))


def test_a_claim_looks_at_what_waits_only(full: Lease) -> None:
    params = {
        "mailbox": full.mailbox_id, "now": NOW, "limit": 10, "token": full.token, "rescued": False, "until": NOW,
    }  # fmt: skip
    found = plan(Statement(claim.CLAIM, params))
    assert "message_waiting" in found
    assert "Seq Scan on messaging_message" not in found


def test_a_gate_finds_everything_by_its_key(full: Lease) -> None:
    (claimed,) = claim.claim(full, now=NOW, limit=1)
    sender = gate.Sender(full.mailbox_id, True, timedelta(seconds=180))
    names = gate.names_of(full, [claimed])[claimed.id]
    with delivering(lock_timeout_ms=1000):
        found = plan(gate.ask(full, claimed, names, sender, now=NOW)[1])
    assert "Seq Scan" not in found


@pytest.mark.parametrize("sql", [reaper.RESCUE, reaper.DOUBT])
def test_the_reaper_looks_at_leases_only(full: Lease, sql: str) -> None:
    assert "message_leased" in plan(Statement(sql, {"now": NOW, "poison": 5}))


@pytest.mark.parametrize(
    "sql", ["SELECT count(*) FROM messaging_message WHERE state = 'unknown'", sent.IN_DOUBT]
)
def test_what_is_in_doubt_is_found_without_the_past(full: Lease, sql: str) -> None:
    """Health counts it for every tenant, and each run for its rates."""
    found = plan(Statement(sql, {}))
    assert "message_in_doubt" in found
    assert "Seq Scan" not in found


@pytest.mark.django_db(transaction=True)
def test_what_polls_is_planned_each_time_and_what_finds_single_rows_once() -> None:
    """A plan made while the outbox is empty must not be kept for when it is full (trap 2)."""
    tenant = make_tenant()
    lease = Lease(tenant.pk, 1, uuid4(), timedelta(seconds=60))
    with delivering(lock_timeout_ms=1000):
        for _ in range(12):
            claim.claim(lease, now=NOW, limit=10)
            claim.renew(lease, [1], now=NOW)
        with connection.cursor() as cursor:
            cursor.execute("SELECT statement, generic_plans FROM pg_prepared_statements")
            kept = dict(cursor.fetchall())
    assert not [sql for sql in kept if "SKIP LOCKED" in sql]
    assert [plans for sql, plans in kept.items() if "lease_until" in sql] == [12 - 5]
