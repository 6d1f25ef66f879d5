"""What a step of an adaptive plan does, in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from audience.conditions.form import GROUPS
from audience.conditions.parse import FieldRef, StepField, find_field
from audience.conditions.values import Refused
from sequences.reading.material import Material
from steps.models import Step
from steps.titles import title_of

EVENTS = {"opened": "is opened", "clicked": "is clicked", "replied": "is replied to"}
IN_TREES = ("wait", "condition", "update_field", "advance")
UNITS = ("days", "hours", "minutes")


def words_of(material: Material, step: Step) -> str:
    """What a step does."""
    given = step.settings
    if step.kind == "wait":
        return f"Wait {length(given['for'])}"
    if step.kind == "update_field":
        return _update(material, given["field"], given.get("value"))
    if step.kind == "advance":
        return f"Go on in {given['sequence']}"
    return _question(material, step) if step.kind == "condition" else title_of(step)


def called(material: Material, key: str) -> str:
    """A step where it is told of in a sentence: ``step 2 “Intro”``; of what only a tree has, what it does or asks:
    ``step 3: Step 2 “Intro” is opened within 2 days?``.
    """
    step = material.step(key)
    if step is None or step.name or step.kind not in IN_TREES:
        label = material.labels.get(key, "a step that is gone")
        return label[0].lower() + label[1:]
    return f"step {material.numbers[key]}: {words_of(material, step)}"


def all_called(material: Material) -> dict[str, str]:
    """Every step by its key as ``called`` tells of it, where it begins a line."""
    said = {step.key: called(material, step.key) for step in material.steps}
    return {key: words[0].upper() + words[1:] for key, words in said.items()}


def _update(material: Material, name: str, value: Any) -> str:
    """``Set lifecycle stage to Worked``; a field of another record is told with it."""
    try:
        called = _called(find_field(name, material.scope()), material.sequence.record)
    except Refused:
        called = name
    said = {True: "Yes", False: "No"}.get(value, value) if isinstance(value, bool) else value
    said = ", ".join(map(str, said)) if isinstance(said, list) else said
    return f"Set {called} to {said}" if said is not None else f"Empty {called}"


def _called(field: FieldRef, record: str) -> str:
    if isinstance(field, StepField):
        return f"step.{field.step}.{field.fact}"
    return field.label if field.record == record else f"{GROUPS[field.record].lower()} {field.label}"


def _question(material: Material, step: Step) -> str:
    given = step.settings
    asked = material.labels.get(given.get("of", ""), "a step that is gone")
    if "event" in given:
        when = f"{length(given['within'])} after it was sent"
        limit = f", answered {when}" if given.get("at_limit") else f" within {length(given['within'])}"
        return f"{asked} {EVENTS[given['event']]}{limit}?"
    if "outcomes" in given:
        return f"{asked} comes to {' or '.join(given['outcomes'])}?"
    return f"{material.stored_group('step', step.match, step.conditions).english}?"


def length(given: Mapping[str, int]) -> str:
    """``2 days 1 hour``."""
    found = [(given[unit], unit) for unit in UNITS if given.get(unit)]
    return " ".join(f"{n} {unit if n != 1 else unit.removesuffix('s')}" for n, unit in found)
