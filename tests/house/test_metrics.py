"""`/metrics`: who may read it, and that its figures are those of the whole installation."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.utils.timezone import now
from prometheus_client.parser import text_string_to_metric_families

from config import counters, heartbeat, watch
from config.celery import app
from messaging.signals import message_ended, messages_sent
from sequences.models import Schedule
from tenants.wall import use
from tests.apps.messaging.factories import make_message, make_sent
from tests.apps.sequences.lives import stage
from tests.apps.sequences.test_runs import BODY
from tests.factories import NOW, make_tenant

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _nothing_counted() -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()


def figures(client: Client) -> dict[tuple[str, str], float]:
    """All samples: by name, and the values of their labels."""
    answer = client.get("/metrics")
    assert answer.status_code == 200
    families = text_string_to_metric_families(answer.content.decode())
    return {
        (sample.name, " ".join(sample.labels.values())): sample.value
        for family in families
        for sample in family.samples
    }


def test_messages_of_all_tenants_are_counted_by_state(client: Client) -> None:
    later = now() + timedelta(minutes=1)
    for _ in range(2):
        with use(make_tenant()):
            make_message()
            make_message(held_since=NOW)
            make_message(state="leased", lease_until=later)
            make_message(state="sending", lease_until=NOW)
            make_message(state="unknown")
            make_message(state="sent")
    found = figures(client)
    states = {
        state: found["stepwise_messages", state] for state in ("waiting", "leased", "sending", "unknown")
    }
    assert states == {"waiting": 2, "leased": 2, "sending": 2, "unknown": 2}
    assert found["stepwise_leases_expired", ""] == 2
    assert found["stepwise_up", "database"] == 1


def test_each_count_has_an_index_behind_the_wall(client: Client) -> None:
    with use(make_tenant()), connection.cursor() as cursor:
        make_sent()
        cursor.execute(f"EXPLAIN {watch.COUNT}", [NOW])
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert "Seq Scan" not in plan
    assert all(index in plan for index in ("message_waiting", "message_leased", "message_in_doubt"))


def test_the_ages_are_told(client: Client) -> None:
    heartbeat.write(heartbeat.TICK)
    Schedule.objects.create(tenant_id=1, sequence_id=1, next_run_at=now() - timedelta(hours=1), failures=2)
    found = figures(client)
    assert found["stepwise_oldest_due_age_seconds", ""] >= 3600
    assert found["stepwise_sequences_due", ""] == found["stepwise_sequences_failing", ""] == 1
    assert found["stepwise_last_seen_seconds", "tick"] >= 0
    assert ("stepwise_last_seen_seconds", "beat") not in found


def test_bells_that_nobody_took_are_counted(client: Client) -> None:
    before = figures(client)["stepwise_queue_length", "default"]
    app.send_task("nobody.hears", queue="default")
    assert figures(client)["stepwise_queue_length", "default"] == before + 1


def test_what_is_committed_is_counted(client: Client, django_capture_on_commit_callbacks: Any) -> None:
    with django_capture_on_commit_callbacks(execute=True), use(make_tenant()):
        messages_sent.send(sender=None, ids=[1, 2, 3], at=NOW)
        message_ended.send(sender=None, ids=[4], state="failed", reason="refused", at=NOW)
    found = figures(client)
    assert found["stepwise_messages_ended_total", "sent"] == 3
    assert found["stepwise_messages_ended_total", "failed"] == 1


def test_a_run_is_counted_with_what_it_did(client: Client, django_capture_on_commit_callbacks: Any) -> None:
    with django_capture_on_commit_callbacks(execute=True), use(tenant := make_tenant()):
        stage(tenant, BODY).work("05-04 09:00")
    found = figures(client)
    assert found["stepwise_runs_total", "done"] == 1
    assert found["stepwise_run_people_total", "entered"] == 1
    assert found["stepwise_run_seconds_total", ""] >= 0


def test_what_is_undone_is_not_counted(client: Client) -> None:
    with use(make_tenant()):
        messages_sent.send(sender=None, ids=[1, 2, 3], at=NOW)
    assert ("stepwise_messages_ended_total", "sent") not in figures(client)


def test_without_redis_nothing_is_undone_and_the_rest_is_told(client: Client, settings: Any) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    counters.add(("messages", "sent", 1))
    found = figures(client)
    assert (found["stepwise_up", "redis"], found["stepwise_up", "database"]) == (0, 1)


@pytest.mark.parametrize(
    "headers",
    [
        {"x-forwarded-for": "203.0.113.9"},
        {"x-forwarded-proto": "https"},
        {"forwarded": "for=203.0.113.9"},
        {"via": "1.1 proxy"},
    ],
)
def test_what_a_proxy_passes_on_is_not_answered(client: Client, headers: dict[str, str]) -> None:
    assert client.get("/metrics", headers=headers).status_code == 404


@pytest.mark.parametrize("address", ["10.0.0.7", "203.0.113.9", "2001:db8::1", "", "unix:"])
def test_other_machines_are_not_answered(client: Client, address: str) -> None:
    assert client.get("/metrics", REMOTE_ADDR=address).status_code == 404


def test_with_a_token_it_is_for_whoever_shows_it(client: Client, settings: Any) -> None:
    settings.METRICS_TOKEN = "s3cret"
    assert client.get("/metrics").status_code == 401
    for wrong in ("Bearer nö", "Bearer ", "s3cret", "Basic s3cret"):
        assert client.get("/metrics", headers={"authorization": wrong}).status_code == 401
    right = {"authorization": "Bearer s3cret"}
    answer = client.get("/metrics", headers=right, REMOTE_ADDR="10.0.0.7")
    assert answer.status_code == 200
    assert answer["Content-Type"].startswith("text/plain; version=")
    assert client.post("/metrics", headers=right).status_code == 405
