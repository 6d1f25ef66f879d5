"""What the wall costs: the statements of a run with row-level security, and the same without it.

Without means: security switched off on all tables (inside a transaction that is rolled back), and in front of each
table a plain view of the tenant's rows with the table's name, as if every statement had its filter written by hand.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection

from bench.harness import Figure, in_turn, median, seconds
from sequences.models import Sequence
from tenants.models import Tenant

RUNS = 5
EXPLAINED = ("SELECT", "INSERT", "UPDATE", "DELETE", "WITH")


def figure(tenant: Tenant, sequence: Sequence, run_of: Callable[[Sequence, int], Any]) -> Figure:
    """Run 2 of the sequence with the wall and without, and how many of its statements have the same plan."""
    from bench.engine import undone

    def timed(walled: bool) -> Callable[[], float]:
        def once() -> float:
            with undone(tenant):
                if not walled:
                    take_down(tenant)
                return seconds(lambda: run_of(sequence, 2))

        return once

    def plans(walled: bool) -> list[str]:
        with undone(tenant):
            if not walled:
                take_down(tenant)
            with explaining() as found:
                run_of(sequence, 2)
            return found

    with_wall, without = in_turn(RUNS, timed(True), timed(False))
    pairs = list(zip(plans(True), plans(False), strict=False))
    same = sum(one == other for one, other in pairs)
    return Figure(
        "wall", median(with_wall), "s", 1.15, floor=median(without), runs=with_wall,
        note=f"the run of step; {same} of {len(pairs)} statements have the same plan",
    )  # fmt: skip


def take_down(tenant: Tenant) -> None:
    """Until the transaction ends: no security, and a filtered view before each table."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_class WHERE relrowsecurity AND relnamespace = 'public'::regnamespace"
        )
        for (table,) in cursor.fetchall():
            cursor.execute(f'ALTER TABLE public."{table}" DISABLE ROW LEVEL SECURITY')
            cursor.execute(
                f'CREATE TEMP VIEW "{table}" AS SELECT * FROM public."{table}" WHERE tenant_id = {tenant.pk}'
            )


@contextmanager
def explaining() -> Iterator[list[str]]:
    """Collect the shape of each statement's plan just before it runs."""
    found: list[str] = []

    def explain(execute: Callable, sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.lstrip().upper().startswith(EXPLAINED) and not many:
            with connection.connection.cursor() as cursor:
                cursor.execute(f"EXPLAIN (FORMAT JSON) {sql}", params)
                plan = cursor.fetchone()[0]
            found.append(_shape(plan[0]["Plan"] if isinstance(plan, list) else json.loads(plan)[0]["Plan"]))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(explain):
        yield found


def _shape(node: dict[str, Any]) -> str:
    """Kinds of nodes, tables and indexes; the one look at the setting itself is no difference."""
    parts = [node["Node Type"], node.get("Relation Name", ""), node.get("Index Name", "")]
    inner = [n for n in node.get("Plans", []) if n.get("Parent Relationship") != "InitPlan"]
    return f"{'/'.join(parts)}({','.join(_shape(n) for n in inner)})"
