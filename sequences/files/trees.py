"""What must hold of a yes/no tree beyond its single steps (semantics 5.1, 5.6-5.10). Pure."""

from __future__ import annotations

from audience.conditions.faults import Fault, Place
from audience.conditions.parse import CALL_KINDS, E_MAIL_KINDS
from sequences.files.specs import StepSpec, every_step


def check_tree(steps: tuple[StepSpec, ...], place: Place, faults: list[Fault]) -> None:
    """Adds every fault of a tree."""
    kinds = {step.key: step.kind for step in every_step(steps)}
    if steps and steps[0].kind == "advance":
        faults.append(Fault((*place, 0), "advance cannot be the first step"))
    _check_arm(steps, kinds, place, faults, follows=False)


def _check_arm(
    steps: tuple[StepSpec, ...],
    kinds: dict[str, str],
    place: Place,
    faults: list[Fault],
    *,
    follows: bool,
) -> None:
    """``follows`` says whether something comes after the arm."""
    for n, step in enumerate(steps):
        here = (*place, n)
        is_last = n == len(steps) - 1
        reason = _reason(step, kinds, is_last=is_last, follows=follows)
        if reason:
            faults.append(Fault(here, reason))
        _check_arm(step.yes, kinds, (*here, "yes"), faults, follows=follows or not is_last)
        _check_arm(step.no, kinds, (*here, "no"), faults, follows=follows or not is_last)


def _reason(step: StepSpec, kinds: dict[str, str], *, is_last: bool, follows: bool) -> str:
    """What is wrong with a step at its place in the tree; empty if nothing is."""
    if step.kind == "wait" and is_last and not follows:
        return "something must follow a wait"
    if step.kind == "advance" and not is_last:
        return "nothing can follow an advance"
    return _condition_reason(step, kinds) if step.kind == "condition" else ""


def _condition_reason(step: StepSpec, kinds: dict[str, str]) -> str:
    asked = step.options.get("of")
    if asked is None:
        on_a_step = set(step.options) & {"event", "within", "at_limit", "outcomes"}
        missing = on_a_step and step.conditions.conditions
        return "of is missing: the step that the condition is on" if missing else ""
    if asked not in kinds:
        return f"of: the plan has no step “{asked}”"
    if "outcomes" in step.options:
        return _call_reason(step, kinds[asked])
    return _mail_reason(step, kinds[asked])


def _call_reason(step: StepSpec, kind: str) -> str:
    if set(step.options) & {"event", "within", "at_limit"}:
        return "a condition has an event or outcomes, not both"
    return "" if kind in CALL_KINDS else "outcomes are of a call"


def _mail_reason(step: StepSpec, kind: str) -> str:
    missing = [key for key in ("event", "within") if key not in step.options]
    if missing:
        return f"{' and '.join(missing)} {'are' if len(missing) > 1 else 'is'} missing"
    return "" if kind in E_MAIL_KINDS else "an event is of an email step"
