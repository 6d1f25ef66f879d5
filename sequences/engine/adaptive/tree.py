"""The shape of a tree: which step follows which (semantics 5.1). An empty key is the end of the path."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from steps.models import Step

END = ""
YES, NO = "yes", "no"


@dataclass(frozen=True)
class Tree:
    """The first step, what follows each one, and where the arms of conditions begin, all by key."""

    first: str
    after: dict[str, str]
    yes: dict[str, str]
    no: dict[str, str]


def tree_of(rows: Sequence[Step]) -> Tree:
    """The tree of the steps of a plan, which come in the order of reading."""
    arms: dict[tuple[int | None, str], list[Step]] = {}
    for row in rows:
        arms.setdefault((row.parent_id, row.arm if row.parent_id else ""), []).append(row)
    after: dict[str, str] = {}
    _follow(arms, None, "", END, after)
    yes, no = (
        {row.key: arms[row.pk, arm][0].key if (row.pk, arm) in arms else after[row.key] for row in rows}
        for arm in (YES, NO)
    )
    first = arms.get((None, ""))
    return Tree(first[0].key if first else END, after, yes, no)


def tree_at(plan_id: int) -> Tree:
    """The tree of one plan."""
    return tree_of(list(Step.objects.filter(plan=plan_id).order_by("position", "pk")))


def _follow(
    arms: dict[tuple[int | None, str], list[Step]],
    parent: int | None,
    arm: str,
    following: str,
    after: dict[str, str],
) -> None:
    """When an arm ends, the step after its condition follows, if any."""
    steps = arms.get((parent, arm), [])
    for n, step in enumerate(steps):
        after[step.key] = steps[n + 1].key if n + 1 < len(steps) else following
        for inner in (YES, NO):
            _follow(arms, step.pk, inner, after[step.key], after)
