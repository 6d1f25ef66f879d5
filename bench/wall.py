"""What the wall costs: the statements of a run with row-level security, and the same without it.

Without means: security switched off on all tables (inside a transaction that is rolled back), and in front of each
table a plain view with the table's name that filters by tenant, as if every statement had its filter written by hand.

Times are compared with a filter by the tenant's number. Plans are compared, statement by statement on the same rows and
statistics, with the policy's own condition as the filter: then a difference is the wall's doing (a condition that is
not leakproof and so may not use an index), and any is a failure. With the number as the filter the planner knows which
tenant it plans for and guesses its rows better, whoever filters; how many plans that changes, the note says, too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from django.db import connection

from bench.harness import Figure, in_turn, median, seconds
from sequences.models import Sequence
from tenants.models import Tenant
from tenants.operations import CURRENT

RUNS = 5
EXPLAINED = ("SELECT", "INSERT", "UPDATE", "DELETE", "WITH")


class Back(Exception):
    """Takes the views away again."""


@dataclass(frozen=True)
class Statement:
    """One statement of the run, and the shape of its plan behind the wall and with each filter by hand."""

    sql: str
    walled: str
    own: str
    number: str


def figure(tenant: Tenant, sequence: Sequence, run_of: Callable[[Sequence, int], Any]) -> Figure:
    """Run 2 of the sequence with the wall and without, and how many of its statements have the same plan."""
    from bench.engine import undone

    def timed(walled: bool) -> Callable[[], float]:
        def once() -> float:
            with undone(tenant):
                if walled:
                    return seconds(lambda: run_of(sequence, 2))
                with connection.cursor() as cursor:
                    take_down(cursor, str(tenant.pk))
                with connection.execute_wrapper(analyse_the_table):
                    return seconds(lambda: run_of(sequence, 2))

        return once

    with_wall, without = in_turn(RUNS, timed(True), timed(False))
    with undone(tenant), explaining(str(tenant.pk)) as statements:
        run_of(sequence, 2)
    return Figure(
        "wall", median(with_wall), "s", 1.15, floor=median(without), runs=with_wall,
        note=f"the run of step; {told(statements)}",
    )  # fmt: skip


def told(statements: list[Statement]) -> str:
    """How many plans are the same. Prints each statement whose plan the wall changes, and ends the benchmark."""
    changed = [one for one in statements if one.walled != one.own]
    for one in changed:
        print(
            f"the wall changes a plan:\n{one.sql}\n  with:    {one.walled}\n  without: {one.own}", flush=True
        )
    if changed or not statements:
        raise SystemExit(f"{len(changed)} of {len(statements)} statements have another plan without the wall")
    others = [one.sql.split(maxsplit=3)[:3] for one in statements if one.walled != one.number]
    named = f" ({'; '.join(' '.join(words) for words in others)})" if others else ""
    return (
        f"{len(statements)} of {len(statements)} statements have the plan of the policy's condition written by hand, "
        f"{len(statements) - len(others)} that of the tenant's number in its place{named}"
    )


def take_down(cursor: Any, tenant: str) -> None:
    """Until the transaction ends: no security, and before each table a view of the rows of ``tenant`` (SQL)."""
    cursor.execute(
        "SELECT relname FROM pg_class WHERE relrowsecurity AND relnamespace = 'public'::regnamespace"
    )
    for (table,) in cursor.fetchall():
        cursor.execute(f'ALTER TABLE public."{table}" DISABLE ROW LEVEL SECURITY')
        cursor.execute(
            f'CREATE TEMP VIEW "{table}" AS SELECT * FROM public."{table}" WHERE tenant_id = {tenant}'
        )


def analyse_the_table(execute: Callable, sql: str, params: Any, many: bool, context: Any) -> Any:
    """A run counts what it has put in; a view before the table would let it count nothing, in no time."""
    return execute(
        sql.replace("ANALYZE (SKIP_LOCKED) ", "ANALYZE (SKIP_LOCKED) public."), params, many, context
    )


@contextmanager
def explaining(number: str) -> Iterator[list[Statement]]:
    """Collect the shapes of each statement's plans just before it runs."""
    found: list[Statement] = []

    def explain(execute: Callable, sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.lstrip().upper().startswith(EXPLAINED) and not many:
            shapes = (_plan(sql, params), _without(CURRENT, sql, params), _without(number, sql, params))
            found.append(Statement(" ".join(sql.split()), *shapes))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(explain):
        yield found


def _without(tenant: str, sql: str, params: Any) -> str:
    """The plan with the wall down for a moment."""
    shape = ""
    with suppress(Back), connection.connection.transaction():
        with connection.connection.cursor() as cursor:
            take_down(cursor, tenant)
        shape = _plan(sql, params)
        raise Back
    return shape


def _plan(sql: str, params: Any) -> str:
    with connection.connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (FORMAT JSON) {sql}", params)
        return _shape(cursor.fetchone()[0][0]["Plan"])


def _shape(node: dict[str, Any]) -> str:
    """Kinds of nodes and joins, tables and indexes; the one look at the setting itself is no difference."""
    names = ("Node Type", "Join Type", "Relation Name", "Index Name")
    inner = [n for n in node.get("Plans", []) if n.get("Parent Relationship") != "InitPlan"]
    return f"{'/'.join(node.get(name, '') for name in names)}({','.join(map(_shape, inner))})"
