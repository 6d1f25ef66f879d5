"""Every setting of a step in words: for pages that only show it, and for what changed between two versions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from messaging.models import Template
from sequences.changes import OF_ITS_KIND, Place, values_of
from sequences.reading.material import Material
from sequences.reading.trees import EVENTS, called, length
from steps.kinds import KINDS
from steps.linkedin import ACTIONS
from steps.models import Step

Was = tuple[str, str, str]
"""A label, the words before, the words afterwards; empty: nothing was set."""

THREADS = {"new": "A new thread", "reply": "Reply to the mail before"}
SWITCHES = ("track_opens", "track_clicks", "unsubscribe")
OWNERS = {"owner": "Owner of the sequence", "contact_owner": "Owner of the contact"}

#: settings that hold where none is stored (semantics 6.2)
DEFAULTS: dict[str, dict[str, Any]] = {
    "email": {"thread": "new", **dict.fromkeys(SWITCHES, True)},
    **{
        name: {"assignee": "contact_owner", "due": {}, "priority": "normal"}
        for name, kind in KINDS.items()
        if kind.is_manual
    },
}

LABELS = {
    "kind": "Kind",
    "name": "Name",
    "template": "Template",
    "conditions": "Only if",
    "thread": "Thread",
    "from": "From",
    "reply_to": "Reply-To",
    "cc": "CC",
    "bcc": "BCC",
    "track_opens": "Track opens",
    "track_clicks": "Track clicks",
    "unsubscribe": "Link to unsubscribe",
    "text": "Text",
    "title": "Title",
    "description": "Description",
    "script": "Script",
    "outcomes": "Outcomes",
    "type": "Activity type",
    "assignee": "Assignee",
    "due": "Due",
    "priority": "Priority",
    "action": "Action",
    "for": "For",
    "of": "Looks at",
    "event": "Asks whether it",
    "within": "Within",
    "at_limit": "Answered only then",
    "field": "Field",
    "value": "Value",
    "sequence": "Sequence",
}


def label_of(name: str) -> str:
    """How screens call a setting."""
    plain = name.removeprefix(OF_ITS_KIND)
    return LABELS.get(plain, plain.replace("_", " ").capitalize())


def settings_in_words(material: Material, step: Step) -> list[tuple[str, str]]:
    """Labels and words of everything that is set of a step, also by default; what is empty is left out."""
    stored = values_of(step)
    of_its_kind = {**{f"{OF_ITS_KIND}{name}": value for name, value in DEFAULTS.get(step.kind, {}).items()}}
    names = [name for name in stored | of_its_kind if name not in ("kind", "name")]
    said = [(label_of(name), in_words(material, step, name)) for name in names]
    return [(label, words) for label, words in said if words]


def in_words(material: Material, step: Step, name: str) -> str:
    """One setting of a step, as ``values_of`` names it; empty where nothing is set."""
    if name == "kind":
        return KINDS[step.kind].label
    if name == "name":
        return step.name
    if name == "template":
        template: Mapping[str, Any] | Template | None = step.template
        return template.name if isinstance(template, Template) else ""
    if name == "conditions":
        return material.stored_group("step", step.match, step.conditions).english
    plain = name.removeprefix(OF_ITS_KIND)
    value = step.settings.get(plain, DEFAULTS.get(step.kind, {}).get(plain))
    if value is None:
        return "Nothing: it is emptied" if (step.kind, plain) == ("update_field", "value") else ""
    return SAID.get(plain, _plainly)(material, value)


def place_in_words(material: Material, place: Place, *, with_neighbour: bool) -> str:
    """``Day 3``, ``Yes arm of step 2 “Seen?”``; with its neighbour also after which step it comes."""
    words = f"Day {place.day}" if place.day else ""
    if place.parent:
        words = f"{place.arm.capitalize()} arm of {called(material, place.parent)}"
    if not with_neighbour and words:
        return words
    after = f"after {material.labels[place.after]}" if place.after in material.labels else "first"
    return f"{words}, {after}" if words else after[0].upper() + after[1:]


def _plainly(material: Material, value: Any) -> str:
    if isinstance(value, bool):
        return "Yes" if value else "No"
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _people(material: Material, value: Any) -> str:
    """Users by name, owners by what they own, addresses as they are."""
    named = {member.email: member.name for member in material.members}
    listed = [value] if isinstance(value, str) else value
    return ", ".join(OWNERS.get(one) or named.get(one, one) for one in listed)


def _due(material: Material, value: Any) -> str:
    return f"{length(value)} after the run" if any(value.values()) else "At once"


SAID: dict[str, Callable[[Material, Any], str]] = {
    "thread": lambda _, value: THREADS[value],
    "action": lambda _, value: ACTIONS[value].label,
    "event": lambda _, value: EVENTS[value],
    "of": lambda material, value: material.labels.get(value, "a step that is gone"),
    "for": lambda _, value: length(value),
    "within": lambda _, value: length(value),
    "due": _due,
    "priority": lambda _, value: str(value).capitalize(),
    **dict.fromkeys(("from", "assignee", "reply_to", "cc", "bcc"), _people),
}
