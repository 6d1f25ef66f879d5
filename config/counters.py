"""What has happened since Redis was last empty: counters in Redis, shared by all processes of an installation.

They are for `/metrics` only, and nothing depends on them: without Redis a fact goes uncounted. Counted is what was
committed, once it is.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import structlog
from celery.signals import task_failure, task_success
from django.conf import settings
from django.db import transaction
from django.db.models.signals import post_save
from django.dispatch import receiver
from redis import Redis, RedisError

from messaging.signals import message_ended, messages_sent
from sequences.models import Run

log = structlog.get_logger(__name__)

KEY = "stepwise:counters"
"""A hash; its fields are `name label` and its values whole numbers."""

OF_A_RUN = ("entered", "executed", "skipped", "held", "exited")


@cache
def _redis(url: str) -> Redis:
    return Redis.from_url(url, socket_timeout=2, socket_connect_timeout=2, decode_responses=True)


def add(*steps: tuple[str, str, int]) -> None:
    """Add to counters: name, label, by how much."""
    try:
        with _redis(settings.REDIS_URL).pipeline(transaction=False) as pipe:
            for name, label, by in steps:
                pipe.hincrby(KEY, f"{name} {label}", by)
            pipe.execute()
    except (RedisError, OSError) as error:
        log.debug("not counted", error=str(error))


def read() -> dict[tuple[str, str], int]:
    """All counters, by name and label. Raises RedisError."""
    found: Any = _redis(settings.REDIS_URL).hgetall(KEY)
    return {tuple(field.split(" ", 1)): int(value) for field, value in found.items()}


def _when_committed(*steps: tuple[str, str, int]) -> None:
    transaction.on_commit(lambda: add(*steps))


@receiver(messages_sent)
def count_sent(ids: list[int], **_: Any) -> None:
    _when_committed(("messages", "sent", len(ids)))


@receiver(message_ended)
def count_ended(ids: list[int], state: str, **_: Any) -> None:
    _when_committed(("messages", state, len(ids)))


@receiver(post_save, sender=Run)
def count_run(instance: Run, created: bool, update_fields: Any, **_: Any) -> None:
    """A missed run is there at once; one that happened has come to its end when its duration is written."""
    if created and instance.ordinal is None:
        _when_committed(("runs", "missed", 1))
    elif instance.ordinal is not None and "duration_ms" in (update_fields or ()):
        people = [("run_people", name, getattr(instance, name)) for name in OF_A_RUN]
        took = ("run_ms", "", instance.duration_ms or 0)
        _when_committed(("runs", "done", 1), took, *(step for step in people if step[2]))


@task_success.connect
def count_success(sender: Any, **_: Any) -> None:
    add(("tasks", f"{sender.name} done", 1))


@task_failure.connect
def count_failure(sender: Any, **_: Any) -> None:
    add(("tasks", f"{sender.name} failed", 1))
