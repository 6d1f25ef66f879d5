"""Whom a new tree reaches, if those inside are moved to it: who is carried over from where, and what lies ahead (5.14).

Nothing is moved here. Who is carried over is what sequences.edits says; as in the adaptive engine, what already ran for
them is passed over with its arms.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Count

from sequences.changes import Change, Reach
from sequences.edits import carried_to
from sequences.engine.adaptive.tree import END, Tree, tree_of
from sequences.engine.sql import rows
from sequences.models import Enrollment, Sequence
from steps.models import Plan, Step

STANDING = """
    SELECT plan, step_key, had, count(*) FROM (
        SELECT COALESCE(e.plan_id, %s) AS plan, COALESCE(e.step_key, '') AS step_key,
               ARRAY(SELECT r.key FROM sequences_steprun r WHERE r.enrollment_id = e.id ORDER BY r.key) AS had
        FROM sequences_enrollment e WHERE e.sequence_id = %s AND e.state IN ('active', 'paused')) s
    GROUP BY plan, step_key, had
"""


@dataclass(frozen=True)
class Planted:
    """The tree of a plan, and its steps by key."""

    tree: Tree
    steps: Mapping[str, Step]

    def ahead(self, key: str, had: Collection[str]) -> set[str]:
        """The keys of all steps that somebody who stands at one may still come to, whatever conditions answer."""
        found, look = set[str](), [key]
        while look:
            here = look.pop()
            if here == END or here in found or here not in self.steps:
                continue
            kind = self.steps[here].kind
            if here in had:
                look.append(self.tree.after[here])
                continue
            found.add(here)
            if kind == "condition":
                look += [self.tree.yes[here], self.tree.no[here]]
            elif kind != "advance":
                look.append(self.tree.after[here])
        return found


@dataclass(frozen=True)
class Standing:
    """How many people of one version stand at one step; ``lands``: they are carried over, if anybody is moved.

    ``step`` is None at the end of the path.
    """

    plan: Plan
    step: Step | None
    people: int
    lands: bool


@dataclass(frozen=True)
class Moving:
    """``standings`` come by version and step, ``reaches`` by the key of each change, of those who are carried over."""

    standings: list[Standing]
    reaches: Mapping[str, Reach]

    @property
    def inside(self) -> int:
        return sum(one.people for one in self.standings)

    @property
    def carried(self) -> int:
        return sum(one.people for one in self.standings if one.lands)


def moving(sequence: Sequence, new: Plan, changes: Iterable[Change]) -> Moving:
    """What a move to the steps of ``new`` would do. Three statements and one for each version that people are on."""
    found = rows(STANDING, [sequence.plan_id, sequence.pk])
    plans = Plan.objects.in_bulk({plan for plan, *_ in found})
    trees = {plan.pk: planted(plan) for plan in plans.values()}
    sql, params = carried_to(new.pk)
    carried = set(rows(f"SELECT plan_id, key FROM ({sql}) c WHERE plan_id = ANY(%s)", [*params, list(plans)]))
    there, reached = planted(new), {change.key: Counter[str]() for change in changes}
    people: Counter[tuple[int, str]] = Counter()
    for plan, key, had, count in found:
        people[plan, key] += count
        if (plan, key) in carried:
            before, after = trees[plan].ahead(key, had), there.ahead(key, had)
            for changed, counted in reached.items():
                counted["get" if changed in after else "lose" if changed in before else "past"] += count
    standings = [
        Standing(plans[plan], trees[plan].steps.get(key), count, (plan, key) in carried)
        for (plan, key), count in people.items()
    ]
    standings.sort(key=lambda one: (-one.plan.number, one.step.position if one.step else 10_000))
    return Moving(standings, {key: Reach(**counted) for key, counted in reached.items()})


def planted(plan: Plan) -> Planted:
    """The tree of a plan."""
    found = list(Step.objects.filter(plan=plan).select_related("template").order_by("position", "pk"))
    return Planted(tree_of(found), {step.key: step for step in found})


def people_by_plan(sequence: Sequence) -> Counter[int]:
    """How many of those inside are on which plan; of a classic or smart sequence all are on the current one."""
    inside = Enrollment.objects.filter(sequence=sequence, state__in=(Enrollment.ACTIVE, Enrollment.PAUSED))
    found: Counter[int] = Counter()
    counted: Iterable[Any] = inside.order_by().values_list("plan_id").annotate(n=Count("pk"))
    for plan, count in counted:
        found[plan or sequence.plan_id] += count
    return found
