"""Keeping the database's planner from small plans for large sets.

A run may put in more rows than a table had when it was last analysed, and conditions on properties are nearly always
guessed too small. Both lead to nested loops that read a whole table for each person: minutes instead of a second.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from django.db import models

from sequences.engine.sql import execute, rows, table

MANY, SOME = 10_000, 1_000
"""So many rows are worth a look at the table before it is joined again; so many where it is known to have fewer."""
ROOM = "128MB"
"""A few million keys, as the planner guesses their weight."""


_is_on: ContextVar[bool] = ContextVar("as_sets", default=False)


@contextmanager
def as_sets() -> Iterator[None]:
    """Statements that go through a whole audience anyway: they read each table once, whatever the planner guesses.

    Inside of another it changes nothing: the outer one ends it.
    """
    if _is_on.get():
        yield
        return
    token = _is_on.set(True)
    try:
        execute("SET LOCAL enable_nestloop = off")
        yield
        execute("SET LOCAL enable_nestloop = on")
    finally:
        _is_on.reset(token)


@contextmanager
def with_room() -> Iterator[None]:
    """Statements that keep a set in memory beside an audience: without room it would be read for each person."""
    execute(f"SET LOCAL work_mem = '{ROOM}'")
    yield
    execute("SET LOCAL work_mem TO DEFAULT")


def grown(model: type[models.Model], number: int) -> None:
    """A statement put ``number`` rows into a table. Have many counted, unless somebody is busy there."""
    if number >= MANY:
        _analyse(model)
    else:
        outgrown(model, number)


def outgrown(model: type[models.Model], number: int) -> None:
    """The same only of a table that the planner takes to have fewer rows than were just put into it.

    One that was found empty is taken for empty until it is counted anew: each index seems as good as any, and for a row
    that points at one of its rows, all of the tenant's are looked through.
    """
    if number >= SOME and _known(model) < number:
        _analyse(model)


def _analyse(model: type[models.Model]) -> None:
    execute(f"ANALYZE (SKIP_LOCKED) {table(model)}")


def _known(model: type[models.Model]) -> float:
    """How many rows the planner takes a table to have."""
    ((number,),) = rows("SELECT reltuples FROM pg_class WHERE oid = %s::regclass", [table(model)])
    return float(number)
