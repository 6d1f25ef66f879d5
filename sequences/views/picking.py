"""What a plus in a list or tree of steps offers: every kind of step that may stand there (D-08)."""

from __future__ import annotations

from dataclasses import dataclass

from sequences.arms import AFTER, ARMS, Spot
from sequences.reading.material import Material
from sequences.reading.trees import called
from tenants.access import MemberRequest


@dataclass(frozen=True)
class Choice:
    """One kind to choose: how its panel is asked for, and what is said of it."""

    kind: str
    label: str
    hint: str
    ask: str = ""


CONDITIONS = (
    Choice("condition", "Email", "Was it opened, clicked, answered, within some days?", "mail"),
    Choice("condition", "Call", "What did it come to?", "call"),
    Choice("condition", "Fields", "Does the contact, company or opportunity match?", "fields"),
)
COMMANDS = (
    Choice("wait", "Wait", "Days, hours, minutes; then the next working hours."),
    Choice("update_field", "Update field", "Write a value into the record."),
    Choice("advance", "Go to another sequence", "Ends here, begins there."),
)
HINTS = {
    "email": "Sent by itself.",
    "email_reminder": "Somebody reviews and sends it.",
    "task": "Somebody does something.",
    "call": "Somebody calls.",
    "sms": "Sent by itself.",
    "sms_reminder": "Somebody sends it.",
    "linkedin": "Somebody does it there.",
}


@dataclass(frozen=True)
class Picker:
    """The kinds that may stand at a place, in groups; ``place`` says in words where that is."""

    at: Spot
    place: str
    groups: tuple[tuple[str, tuple[Choice, ...]], ...]


def asked_picker(
    request: MemberRequest, material: Material, addable: tuple[tuple[str, str], ...]
) -> Picker | None:
    """The choice that the address asks for (``?add=PLACE``); None where it asks for none."""
    asked = request.GET.get("add")
    if asked is None or material.sequence.kind == "classic":
        return None
    at = Spot.read(asked)
    steps = tuple(Choice(kind, label, HINTS.get(kind, "")) for kind, label in addable)
    groups: tuple[tuple[str, tuple[Choice, ...]], ...] = (("Steps", steps),)
    if material.sequence.kind == "adaptive":
        groups = (*groups, ("Conditions", CONDITIONS), ("Commands", COMMANDS))
    return Picker(at, place_in_words(material, at), groups)


def place_in_words(material: Material, at: Spot) -> str:
    """Where a new step comes: ``After step 3 “Call”``, ``First in the no arm of step 2: Step 1 “Intro” is opened?``."""
    if at.side == AFTER:
        step = material.step(at.key)
        both = "whatever was answered at " if step and step.kind == "condition" else ""
        return f"After {both}{called(material, at.key)}"
    if at.side in ARMS:
        return f"First in the {at.side} arm of {called(material, at.key)}"
    return "First of all" if at.side == "start" else "At the end"
