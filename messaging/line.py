"""Short transactions of delivery, each in one round trip to the database."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from typing import Any, NamedTuple, TypeVar

import psycopg
from django.db import InterfaceError, OperationalError, connection

from tenants.wall import use

T = TypeVar("T")
Rows = list[tuple[Any, ...]]

TROUBLE = (psycopg.OperationalError, psycopg.InterfaceError, OperationalError, InterfaceError)
"""What a database that is away, or a lock that is not to be had, looks like."""
TRIES, PAUSE_SECONDS = 90, 1.0

BEGIN = "BEGIN"
USE = "SELECT set_config('app.tenant', %(tenant)s::text, true)"


class Statement(NamedTuple):
    """SQL with its named parameters, sent to the server apart from it and, unless it ``polls``, prepared there."""

    sql: str
    params: Mapping[str, Any]
    polls: bool = False


def is_away() -> bool:
    """Whether the connection broke: what was sent last may have been committed or not."""
    return connection.connection is None or connection.connection.closed


def patiently(do: Callable[[], T]) -> T:
    """``do()``, until it succeeds: for what must be written down however long the database is away.

    For what does nothing the second time. Raises what the last try raised, after a minute and a half.
    """
    for attempt in range(1, TRIES + 1):
        try:
            return do()
        except TROUBLE:
            if attempt == TRIES or connection.in_atomic_block:
                raise
            if is_away():
                connection.close()
            time.sleep(PAUSE_SECONDS)
    raise AssertionError


@contextmanager
def delivering(*, lock_timeout_ms: int) -> Iterator[None]:
    """Settings of a connection that delivers; taken back afterwards, since other tasks use it, too.

    Gates and results find single rows by their keys: they are prepared, and planned once for all; planned each time
    they would cost the database four times as much. No sequential scans, since what is planned while a table is small
    stays. What polls a set is marked ``polls`` and planned each time: a plan made while a table is empty is ruinous
    when it has filled (performance, trap 2). A short lock time-out: a stop or a run may hold what a gate wants, and
    the message can wait (reliability §3.2).
    """
    try:
        with connection.cursor() as cursor:
            cursor.execute("SET enable_seqscan = off")
            cursor.execute("SET synchronous_commit = on")  # the gate is a promise
            cursor.execute(f"SET lock_timeout = {int(lock_timeout_ms)}")
        connection.connection.prepare_threshold = 0  # Django's connections prepare nothing by themselves
        yield
    finally:
        if not is_away():
            connection.connection.prepare_threshold = None
            with connection.cursor() as cursor:
                cursor.execute("RESET enable_seqscan")
                cursor.execute("RESET synchronous_commit")
                cursor.execute("RESET lock_timeout")


def transact(tenant_id: int, *statements: Statement) -> list[Rows]:
    """Run these as one transaction of the tenant and commit it; the rows of each.

    Raises one of TROUBLE: nothing of it remains then, unless the connection broke (``is_away``), when nobody knows
    whether it was committed. Inside a transaction that is open already they become a savepoint of it.
    """
    if connection.in_atomic_block:
        return _nested(tenant_id, statements)
    connection.ensure_connection()
    raw: psycopg.Connection[Any] = connection.connection
    try:
        with raw.pipeline():
            _execute(raw, Statement(BEGIN, {}))
            _execute(raw, Statement(USE, {"tenant": tenant_id}))
            cursors = [_execute(raw, statement) for statement in statements]
            _execute(raw, Statement("COMMIT", {}))
        return [cursor.fetchall() if cursor.description else [] for cursor in cursors]
    except psycopg.Error:
        if not raw.closed:
            raw.rollback()
        raise


@cache
def _encoded(sql: str) -> bytes:
    """The library takes SQL made at run time as bytes; the same object each time, since it looks it up by that."""
    return sql.encode()


def _execute(raw: psycopg.Connection[Any], statement: Statement) -> psycopg.Cursor[tuple[Any, ...]]:
    cursor = psycopg.Cursor(raw)
    cursor.execute(_encoded(statement.sql), statement.params or None, prepare=not statement.polls)
    return cursor


def _nested(tenant_id: int, statements: tuple[Statement, ...]) -> list[Rows]:
    found: list[Rows] = []
    with use(tenant_id):
        for statement in statements:
            cursor = psycopg.Cursor(connection.connection)
            cursor.execute(_encoded(statement.sql), statement.params or None)
            found.append(cursor.fetchall() if cursor.description else [])
    return found
