"""``/healthz`` and ``/readyz``, and the looks that ``doctor`` takes, too.

A look returns what it found as a line for a person, or raises :class:`Unhealthy` with one.
"""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.core.cache import cache
from django.db import Error, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from redis.exceptions import RedisError

from config import heartbeat
from config.role import SQL, refusal

Look = Callable[[], str]


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
    try:
        executor = MigrationExecutor(connection)
        waiting = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except Error as error:
        raise Unhealthy(_first_line(error)) from error
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


LOOKS: dict[str, Look] = {
    "database": database,
    "role": role,
    "encoding": encoding,
    "migrations": migrations,
    "redis": redis,
    "beat": beat,
    "worker": worker,
}


def take(look: Look) -> tuple[bool, str]:
    """Whether all is well, and the line that says so or what is wrong."""
    try:
        return True, look()
    except Unhealthy as wrong:
        return False, str(wrong)


def healthz(request: HttpRequest) -> HttpResponse:
    """200 while the process lives; asks neither database nor Redis."""
    return HttpResponse("alive\n", content_type="text/plain")


def readyz(request: HttpRequest) -> HttpResponse:
    """200 if everything that pages and sending need is there, else 503; JSON says what was found."""
    found = {name: take(look) for name, look in LOOKS.items()}
    ready = all(well for well, _ in found.values())
    body = {"ready": ready} | {name: {"ok": well, "found": line} for name, (well, line) in found.items()}
    return JsonResponse(body, status=200 if ready else 503)


def _row(sql: str) -> tuple:
    try:
        with connection.cursor() as cursor:
            cursor.execute(sql)
            return cursor.fetchone()
    except Error as error:
        raise Unhealthy(_first_line(error)) from error


def _sign_of_life(key: str, name: str) -> str:
    try:
        age = heartbeat.age(key)
    except (RedisError, OSError) as error:
        raise Unhealthy(_first_line(error)) from error
    if age is None or age > heartbeat.STALE_SECONDS + settings.HEARTBEAT_SECONDS:
        since = "not seen for a day" if age is None else f"last seen {age:.0f} s ago"
        raise Unhealthy(f"no {name} is running ({since})")
    return f"seen {age:.0f} s ago"


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
