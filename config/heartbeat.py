"""Signs of life of beat and workers, kept in Redis."""

import time

import structlog
from django.core.cache import cache
from redis.exceptions import RedisError

log = structlog.get_logger(__name__)

BEAT = "heartbeat:beat"
WORKER = "heartbeat:worker"
TICK = "heartbeat:tick"
STALE_SECONDS = 60
"""A sign of life older than this counts as none."""


def write(key: str) -> None:
    """Show that the process behind `key` lives. Without Redis the heart beats on unheard."""
    try:
        cache.set(key, time.time(), timeout=24 * 3600)
    except (RedisError, OSError) as error:
        log.warning("heartbeat not written", key=key, error=str(error))


def age(key: str) -> float | None:
    """Seconds since the last sign of life; None if there was none within a day. Raises RedisError without Redis."""
    written = cache.get(key)
    return None if written is None else max(0.0, time.time() - written)
