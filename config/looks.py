"""The looks that ``/readyz`` and ``doctor`` take.

A look returns what it found as a line for a person, or raises :class:`Unhealthy` with one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import astuple
from datetime import UTC, datetime
from typing import TypeVar

from django.conf import settings
from django.core.cache import cache
from django.db import Error, connection
from django.db.migrations.executor import MigrationExecutor
from redis.exceptions import RedisError

from config import heartbeat, watch
from config.role import SQL, refusal

Look = Callable[[], str]
T = TypeVar("T")

COUNT_SECONDS = 15
"""Counting goes through all tenants, so a probe that asks more often gets the last count."""

LATE_SECONDS = 900
"""What has been due for longer is not being worked."""


class Unhealthy(Exception):
    """A look found something wrong. The message is one line, fit for a person."""


def database() -> str:
    """The database answers, and is new enough for the builtin locale (PostgreSQL 17)."""
    version = _row("SHOW server_version_num")[0]
    if int(version) < 170_000:
        raise Unhealthy(f"PostgreSQL {int(version) // 10_000}; Stepwise needs 17 or newer")
    return f"PostgreSQL {int(version) // 10_000}.{int(version) % 10_000}"


def role() -> str:
    """The role is held by the wall."""
    found = _row(SQL)
    why_not = refusal(*found)
    if why_not:
        raise Unhealthy(why_not)
    return f"{found[0]}, without SUPERUSER and BYPASSRLS"


def encoding() -> str:
    """The database speaks UTF-8."""
    found = _row("SELECT pg_encoding_to_char(encoding) FROM pg_database WHERE datname = current_database()")[
        0
    ]
    if found != "UTF8":
        raise Unhealthy(f"the database's encoding is {found}, not UTF8")
    return str(found)


def migrations() -> str:
    """No migration waits."""

    def plan() -> list:
        executor = MigrationExecutor(connection)
        return executor.migration_plan(executor.loader.graph.leaf_nodes())

    waiting = _asking(plan)
    if waiting:
        raise Unhealthy(f"{len(waiting)} wait; run: manage.py migrate")
    return "none waits"


def redis() -> str:
    """Redis answers."""
    try:
        cache.get(heartbeat.BEAT)
    except (RedisError, OSError) as error:
        raise Unhealthy(_first_line(error)) from error
    return "answers"


def beat() -> str:
    """Beat has shown itself lately."""
    return _sign_of_life(heartbeat.BEAT, "beat")


def worker() -> str:
    """A worker has lately heard a bell of beat's."""
    return _sign_of_life(heartbeat.WORKER, "worker")


def tick() -> str:
    """The look for due sequences has lately come to its end."""
    return _sign_of_life(heartbeat.TICK, "tick", settings.TICK_SECONDS)


def due() -> str:
    """Nothing has been due for long."""
    now = datetime.now(UTC)
    since = _asking(lambda: watch.oldest_due(now))
    if since is None:
        return "nothing waits"
    age = (now - since).total_seconds()
    if age > LATE_SECONDS:
        raise Unhealthy(f"something has been due for {age:.0f} s")
    return f"the oldest for {age:.0f} s"


def leases() -> str:
    """Leases that have run out are taken back."""
    found = standing()
    return f"{found.leases_expired} run out, {found.unknown} messages unknown"


LOOKS: dict[str, Look] = {
    "database": database,
    "role": role,
    "encoding": encoding,
    "migrations": migrations,
    "redis": redis,
    "beat": beat,
    "worker": worker,
    "tick": tick,
    "due": due,
    "leases": leases,
}


def take(look: Look) -> tuple[bool, str]:
    """Whether all is well, and the line that says so or what is wrong."""
    try:
        return True, look()
    except Unhealthy as wrong:
        return False, str(wrong)


def standing() -> watch.Standing:
    """The messages that have not come to their end, counted lately. Raises :class:`Unhealthy` without a database."""

    def count() -> list[int]:
        return list(astuple(_asking(lambda: watch.standing(datetime.now(UTC)))))

    try:
        found = cache.get_or_set("standing", count, timeout=COUNT_SECONDS) or count()
    except (RedisError, OSError):
        found = count()
    return watch.Standing(*found)


def _row(sql: str) -> tuple:
    def ask() -> tuple:
        with connection.cursor() as cursor:
            cursor.execute(sql)
            return cursor.fetchone()

    return _asking(ask)


def _asking(question: Callable[[], T]) -> T:
    """The answer of the database. Raises :class:`Unhealthy` with the first line of its error."""
    try:
        return question()
    except Error as error:
        raise Unhealthy(_first_line(error)) from error


def _sign_of_life(key: str, name: str, expected_every: float = 0) -> str:
    try:
        age = heartbeat.age(key)
    except (RedisError, OSError) as error:
        raise Unhealthy(_first_line(error)) from error
    if age is None or age > heartbeat.STALE_SECONDS + expected_every:
        since = "not seen for a day" if age is None else f"last seen {age:.0f} s ago"
        raise Unhealthy(f"no {name} is running ({since})")
    return f"seen {age:.0f} s ago"


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
