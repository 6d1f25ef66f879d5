"""Querysets as parts of SQL statements: what Django has no INSERT … SELECT for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

from django.db import connection, models
from django.db.models import QuerySet

Sql = tuple[str, tuple[Any, ...]]
"""A statement, or a part of one, with its parameters."""


def compiled(queryset: QuerySet) -> Sql:
    """The SELECT of a queryset. Of one that can find nothing a SELECT that finds nothing, not an exception."""
    sql, params = queryset.query.get_compiler(connection=connection, elide_empty=False).as_sql()
    return sql, tuple(params)


def table(model: type[models.Model]) -> str:
    return connection.ops.quote_name(model._meta.db_table)


def execute(sql: str, params: Sequence[Any] = ()) -> int:
    """Run one statement; how many rows it touched."""
    with connection.cursor() as cursor:
        cursor.execute(sql, list(params))
        return int(cursor.rowcount)


def rows(sql: str, params: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
    """Run one query; everything it finds."""
    with connection.cursor() as cursor:
        cursor.execute(sql, list(params))
        return cursor.fetchall()


def union_all(parts: Iterable[Sql]) -> Sql:
    """SELECTs of the same columns, one after another."""
    found = list(parts)
    params = tuple(param for _, some in found for param in some)
    return " UNION ALL ".join(f"({sql})" for sql, _ in found), params


def next_ids(model: type[models.Model]) -> str:
    """SQL for a new id of a table, for rows that others of the same statement or the next point to.

    The sequence is named in the statement, since PostgreSQL would look its name up again for every row.
    """
    return f"nextval('{_counter(model._meta.db_table)}')"


@cache
def _counter(table: str) -> str:
    """The sequence that counts the ids of a table, with its schema."""
    ((name,),) = rows("SELECT pg_get_serial_sequence(%s, 'id')", [table])
    return str(name)
