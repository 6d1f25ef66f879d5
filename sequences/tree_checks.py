"""What the check before activation finds in the tree of an adaptive sequence (semantics 5). Pure."""

from __future__ import annotations

from collections.abc import Iterator

from audience.conditions.faults import Fault
from audience.conditions.parse import StepField, find_field
from audience.conditions.types import FieldType
from audience.conditions.values import Refused
from sequences.files.specs import MANUAL_KINDS, StepSpec, every_step
from sequences.files.trees import check_tree
from sequences.findings import FAULT, WARNING, Facts, Finding

Steps = tuple[StepSpec, ...]


def check_trees(facts: Facts) -> Iterator[Finding]:
    """Faults of the tree at their steps, and two e-mails with nothing between them (5.12)."""
    if facts.kind != "adaptive":
        return
    if not facts.has_hours:
        yield Finding(FAULT, "timing", "Choose its working hours.", field="hours_start")
    labels = {step.key: step.label for step in facts.steps}
    for key, reason in [*_of_shape(facts), *_of_targets(facts)]:
        yield Finding(FAULT, "steps", f"{labels[key]}: {reason}.", step=key)
    for first, second in _mails_in_a_row(facts.tree):
        words = (
            f"{labels[second]} is sent at the same moment as {labels[first]}: nothing stands between them."
        )
        yield Finding(WARNING, "steps", words, step=second)
    for step in every_step(facts.tree):
        if (
            step.kind == "advance"
            and str(step.options.get("sequence", "")).strip().lower() == facts.name.strip().lower()
        ):
            words = f"{labels[step.key]} leads back into this sequence: it ends their stay, and lets nobody in again."
            yield Finding(WARNING, "steps", words, step=step.key)
    yield from _outcomes(facts, labels)


def _of_shape(facts: Facts) -> Iterator[tuple[str, str]]:
    found: list[Fault] = []
    check_tree(facts.tree, (), found)
    for fault in found:
        yield _step_at(facts.tree, fault).key, fault.reason.removeprefix("of: ")


def _step_at(steps: Steps, fault: Fault) -> StepSpec:
    """The step at the place of a fault: numbers and arms in turn."""
    *arms, last = fault.place
    for n, arm in zip(arms[::2], arms[1::2], strict=True):
        steps = getattr(steps[int(n)], str(arm))
    return steps[int(last)]


def _of_targets(facts: Facts) -> Iterator[tuple[str, str]]:
    """What steps name that there is no more: fields and sequences."""
    known = facts.scope.sequences
    for step in every_step(facts.tree):
        name = str(step.options.get("sequence", ""))
        if step.kind == "condition" and not step.options and not step.conditions.conditions:
            yield step.key, "it asks about nothing yet"
        if step.kind == "advance" and known is not None and name.strip().lower() not in known:
            yield step.key, f"there is no sequence “{name}”"
        if step.kind == "update_field":
            try:
                found = find_field(str(step.options["field"]), facts.scope)
            except Refused as refused:
                yield step.key, str(refused)
            else:
                if isinstance(found, StepField) or found.type is FieldType.SEQUENCE:
                    yield step.key, f"“{step.options['field']}” is no field of a record"


def _mails_in_a_row(tree: Steps) -> Iterator[tuple[str, str]]:
    """Pairs of automatic e-mails of which the second follows at once on some path."""
    pairs = {pair for _, pair in _walk(tree, frozenset()) if pair}
    order = [step.key for step in every_step(tree)]
    yield from sorted(pairs, key=lambda pair: (order.index(pair[1]), order.index(pair[0])))


def _walk(steps: Steps, before: frozenset[str]) -> list[tuple[frozenset[str], tuple[str, str] | None]]:
    """The pairs in these steps, and in the last item the e-mails that may have gone out just before what follows."""
    found: list[tuple[frozenset[str], tuple[str, str] | None]] = []
    for step in steps:
        if step.kind == "email":
            found += [(before, (earlier, step.key)) for earlier in before]
            before = frozenset({step.key})
        elif step.kind == "condition":
            inside = frozenset() if "event" in step.options else before
            arms = [_walk(arm, inside) for arm in (step.yes, step.no)]
            found += [one for arm in arms for one in arm]
            before = frozenset().union(*(arm[-1][0] for arm in arms))
        elif step.kind == "wait" or step.kind in MANUAL_KINDS:
            before = frozenset()
    return [*found, (before, None)]


def _outcomes(facts: Facts, labels: dict[str, str]) -> Iterator[Finding]:
    """A condition on an outcome that the call does not offer."""
    offered = {
        step.key: [str(outcome).casefold() for outcome in step.options.get("outcomes", ())]
        for step in every_step(facts.tree)
        if step.kind == "call"
    }
    for step in every_step(facts.tree):
        possible = offered.get(str(step.options.get("of", "")))
        for outcome in step.options.get("outcomes", ()) if step.kind == "condition" and possible else ():
            if str(outcome).casefold() not in (possible or ()):
                words = (
                    f"{labels[step.key]} waits for the outcome “{outcome}”, which the call does not offer."
                )
                yield Finding(WARNING, "steps", words, step.key, "conditions")
