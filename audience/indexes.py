"""Indexes on demand: of fields that a workspace filters by often, standard ones and slots alike (ADR 14).

Behind the wall an index is of the whole table, beginning with the tenant: who that is, is not known when a statement
is planned, so an index of one tenant's rows would never be used. A slot is another field in each workspace, so an index
serves all that use it; rows without a value are not in it. It is built without holding up writes, outside any
transaction; whether it is there, the database is asked.
"""

from __future__ import annotations

import re

from django.db import connection

from audience.conditions.types import FieldType
from audience.fields import ACCOUNT, CONTACT, LONGEST, OPPORTUNITY, Field
from audience.imports.matching import KEPT_BY_EVENTS
from audience.records import MODELS

TEXTS = (FieldType.TEXT, FieldType.CHOICE)
ORDERED = (FieldType.NUMBER, FieldType.MONEY, FieldType.DATE, FieldType.DATE_TIME)
STANDING = {
    CONTACT: {
        "email",
        "first_name",
        "last_name",
        "account",
        "owner",
        "lifecycle_stage",
        "created_at",
        "tags",
    },
    ACCOUNT: {"name", "owner", "tags"},
    OPPORTUNITY: {"name", "contact", "account", "owner", "stage", "close_on", "tags"},
}
"""The fields that have an index in every installation."""

SLOT_TEXT = re.compile(r"text_\d+_norm")
MOST = 12
"""On demand, for each table: each is a cost for every workspace that writes to it."""

READY, BUILDING, NONE, IMPOSSIBLE = "ready", "building", "none", "impossible"


class TooMany(ValueError):
    """The table has all the indexes that may be asked for."""


def name_of(record: str, column: str) -> str:
    return f"{record}_{column}_on_demand"


def column_of(field: Field, column: str) -> str:
    """The stored column that conditions compare; empty where an index would serve none, or cost too much.

    Fields that events keep have none: each mail would then rewrite every index entry of the contact.
    """
    if field.key in KEPT_BY_EVENTS and not field.is_custom:
        return ""
    if field.type in TEXTS:
        return f"{column}_norm"
    return column if field.type in ORDERED else ""


def state_of(field: Field, column: str, known: dict[str, str]) -> str:
    """Whether conditions on the field are answered by an index: ready, building, none, or impossible."""
    if field.key in STANDING[field.record] and not field.is_custom:
        return READY
    if field.type is FieldType.TAGS:
        return READY  # their table has one
    compared = column_of(field, column)
    return known.get(compared, NONE) if compared else IMPOSSIBLE


def sql_of(record: str, column: str, *, is_slot: bool, how: str = "CONCURRENTLY") -> str:
    """The statement. A text in a slot may be longer than an entry of an index can be: the long ones stay out of it."""
    table = MODELS[record]._meta.db_table
    which = (
        f"length({column}) <= {LONGEST}" if is_slot and column.endswith("_norm") else f"{column} IS NOT NULL"
    )
    name = name_of(record, column)
    return f"CREATE INDEX {how} IF NOT EXISTS {name} ON {table} (tenant_id, {column}, id) WHERE {which}"


def long_sql_of(record: str, column: str, *, how: str = "CONCURRENTLY") -> str:
    """The statement of the second index of a text in a slot: of the rows that the first leaves out, mostly none."""
    table = MODELS[record]._meta.db_table
    return (
        f"CREATE INDEX {how} IF NOT EXISTS {record}_{column}_long ON {table} (tenant_id) "
        f"WHERE length({column}) > {LONGEST}"
    )


def states(record: str) -> dict[str, str]:
    """Column → ready or building, of the indexes on demand."""
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT i.relname, x.indisvalid FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid
               WHERE x.indrelid = %s::regclass AND i.relname LIKE %s""",
            [MODELS[record]._meta.db_table, f"{record}\\_%\\_on\\_demand"],
        )
        rows = cursor.fetchall()
    begin, end = len(record) + 1, -len("_on_demand")
    return {name[begin:end]: READY if is_valid else BUILDING for name, is_valid in rows}


def in_order(record: str) -> set[str]:
    """The stored columns in whose order a list can be read by an index, however long it is.

    A text in a slot is none of them: the long ones stand in no index.
    """
    columns = [index.fields for index in MODELS[record]._meta.indexes if not index.condition]
    standing = {fields[1] for fields in columns if len(fields) == 3 and fields[2] == "id"}
    built = {column for column, state in states(record).items() if state == READY}
    return standing | {column for column in built if not SLOT_TEXT.fullmatch(column)}


def require_room(record: str, column: str) -> None:
    """Raises TooMany where the table has as many as may be."""
    known = states(record)
    if column not in known and len(known) >= MOST:
        raise TooMany(f"All {MOST} indexes on demand are in use in this installation.")


def build(record: str, column: str, *, is_slot: bool) -> None:
    """Build the index; one that was left half-built is built anew. To be called outside of any transaction."""
    assert not connection.in_atomic_block
    name = name_of(record, column)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(hashtextextended(%s, 0))", [name])
        if not cursor.fetchone()[0]:
            return  # somebody is at it
        try:
            cursor.execute("SET statement_timeout = 0")
            if states(record).get(column) == BUILDING:
                cursor.execute(f"DROP INDEX CONCURRENTLY {name}")
            if is_slot and column.endswith("_norm"):
                _build_long(record, column)
            cursor.execute(sql_of(record, column, is_slot=is_slot))
        finally:
            cursor.execute("RESET statement_timeout")
            cursor.execute("SELECT pg_advisory_unlock(hashtextextended(%s, 0))", [name])


def _build_long(record: str, column: str) -> None:
    """Before the one by value: until that is there, the field counts as not indexed and is asked for again."""
    name = f"{record}_{column}_long"
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT EXISTS (SELECT FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid
                              WHERE i.relname = %s AND NOT x.indisvalid)""",
            [name],
        )
        if cursor.fetchone()[0]:
            cursor.execute(f"DROP INDEX CONCURRENTLY {name}")
        cursor.execute(long_sql_of(record, column))
