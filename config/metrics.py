"""``/metrics``: what a Prometheus asks for.

Nothing is kept in the memory of a process: figures are read from PostgreSQL and Redis when they are asked for, so they
are those of the whole installation, whichever process answers. Not for the world (ASVS 13.4.5): see :func:`refusal`.
"""

from __future__ import annotations

import ipaddress
import secrets
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime

import structlog
from django.conf import settings
from django.db import Error
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector
from redis.exceptions import RedisError

from config import counters, heartbeat, looks, watch
from config.celery import app
from sequences.models import Schedule

log = structlog.get_logger(__name__)

BY_A_PROXY = ("X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host", "Forwarded", "X-Real-IP", "Via")
QUEUES = ("default", "send")
SIGNS = {"beat": heartbeat.BEAT, "worker": heartbeat.WORKER, "tick": heartbeat.TICK}


def metrics(request: HttpRequest) -> HttpResponse:
    """The figures as text, in the format that the client asks for."""
    refused = refusal(request)
    if refused is not None:
        return refused
    registry = CollectorRegistry(auto_describe=False)
    registry.register(Installation())
    encode, content_type = choose_encoder(request.headers.get("Accept", ""))
    return HttpResponse(encode(registry), content_type=content_type, headers={"Cache-Control": "no-store"})


def refusal(request: HttpRequest) -> HttpResponse | None:
    """How a request is refused; None if it may read.

    With ``METRICS_TOKEN``: without that token. Without: unless it comes from this machine by itself; what a proxy on
    this machine passes on comes from the world.
    """
    if settings.METRICS_TOKEN:
        given = request.headers.get("Authorization", "").encode()
        if not secrets.compare_digest(given, f"Bearer {settings.METRICS_TOKEN}".encode()):
            return HttpResponse(status=401, headers={"WWW-Authenticate": "Bearer"})
    elif not _is_from_this_machine(request) or any(name in request.headers for name in BY_A_PROXY):
        return HttpResponse("Not found\n", status=404, content_type="text/plain")
    if request.method not in ("GET", "HEAD"):
        return HttpResponseNotAllowed(["GET", "HEAD"])
    return None


def _is_from_this_machine(request: HttpRequest) -> bool:
    try:
        return ipaddress.ip_address(request.META.get("REMOTE_ADDR") or "").is_loopback
    except ValueError:
        return False


class Installation(Collector):
    """Reads everything, part by part; a part that cannot be read is left out, and `stepwise_up` says so."""

    def collect(self) -> Iterator[Metric]:
        now = datetime.now(UTC)
        parts: dict[str, Callable[[], Iterable[Metric]]] = {
            "database": lambda: _from_database(now),
            "redis": lambda: [*_signs_of_life(), *_counters()],
            "broker": _queues,
        }
        up = GaugeMetricFamily("stepwise_up", "1 if this part could be read.", labels=["part"])
        for name, read in parts.items():
            try:
                yield from list(read())
                up.add_metric([name], 1)
            except (Error, looks.Unhealthy, RedisError, OSError) as error:
                log.warning("metrics left out", part=name, error=str(error))
                up.add_metric([name], 0)
        yield up


def _from_database(now: datetime) -> Iterator[Metric]:
    since = watch.oldest_due(now)
    age = (now - since).total_seconds() if since else 0
    yield GaugeMetricFamily("stepwise_oldest_due_age_seconds", "Of the run or mailbox due for longest.", age)
    due = Schedule.objects.filter(next_run_at__lte=now).count()
    yield GaugeMetricFamily("stepwise_sequences_due", "Sequences with a run that is due.", due)
    failing = Schedule.objects.filter(failures__gt=0).count()
    yield GaugeMetricFamily("stepwise_sequences_failing", "Sequences whose last run failed.", failing)
    found = looks.standing()
    messages = GaugeMetricFamily(
        "stepwise_messages", "Messages not at their end, by state.", labels=["state"]
    )
    for state in ("waiting", "leased", "sending", "unknown"):
        messages.add_metric([state], getattr(found, state))
    yield messages
    yield GaugeMetricFamily(
        "stepwise_leases_expired", "Claims whose lease has run out.", found.leases_expired
    )


def _signs_of_life() -> Iterator[Metric]:
    ages = GaugeMetricFamily(
        "stepwise_last_seen_seconds",
        "Since the last sign of life; absent after a day without.",
        labels=["process"],
    )
    for name, key in SIGNS.items():
        age = heartbeat.age(key)
        if age is not None:
            ages.add_metric([name], age)
    yield ages


def _counters() -> Iterator[Metric]:
    runs = CounterMetricFamily("stepwise_runs", "Runs of sequences.", labels=["state"])
    people = CounterMetricFamily("stepwise_run_people", "What runs did with people.", labels=["result"])
    took = CounterMetricFamily("stepwise_run_seconds", "Time that runs took.")
    messages = CounterMetricFamily("stepwise_messages_ended", "Messages come to an end.", labels=["state"])
    tasks = CounterMetricFamily("stepwise_tasks", "Tasks of workers.", labels=["task", "state"])
    families = {"runs": runs, "run_people": people, "run_ms": took, "messages": messages, "tasks": tasks}
    for (name, label), value in sorted(counters.read().items()):
        if name in families:
            families[name].add_metric(label.split(), value / 1000 if name == "run_ms" else value)
    yield from families.values()


def _queues() -> Iterator[Metric]:
    lengths = GaugeMetricFamily("stepwise_queue_length", "Bells that no worker has taken.", labels=["queue"])
    with app.connection_for_read() as connection:
        redis = connection.default_channel.client
        for queue in QUEUES:
            lengths.add_metric([queue], redis.llen(queue))
    yield lengths
