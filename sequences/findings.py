"""What the check before activation looks at, and what it finds. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import time
from typing import Any

from audience.conditions.parse import Scope
from sequences.files.specs import StepSpec

FAULT, WARNING = "fault", "warning"


@dataclass(frozen=True)
class Finding:
    """One thing to mend or to know, at its place: a section of the editor, a step of it, an input.

    ``cure`` names another page on which it is mended: mailboxes, workspace, step_types, template:ID.
    """

    level: str
    section: str
    message: str
    step: str = ""
    field: str = ""
    cure: str = ""


@dataclass(frozen=True)
class TemplateFacts:
    """What matters of a template; ``unknown`` are names in it that are no field."""

    id: int
    name: str
    subject: str
    body: str
    is_archived: bool = False
    unknown: tuple[str, ...] = ()


@dataclass(frozen=True)
class StepFacts:
    """One step; ``label`` is how screens call it ("Step 2, E-mail"), ``sender`` a key of the senders."""

    key: str
    kind: str
    label: str
    day: int | None
    needs_template: bool = False
    is_email: bool = False
    match: str = "all"
    conditions: tuple[Mapping[str, Any], ...] = ()
    template: TemplateFacts | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    sender: str = ""


@dataclass(frozen=True)
class SenderFacts:
    """Somebody who would send. ``problem`` says why their mailbox cannot, empty when it can."""

    name: str
    is_active: bool = True
    problem: str = ""
    is_certain: bool = True


@dataclass(frozen=True)
class Facts:
    """All that the check looks at. ``matching`` is None where nobody enters by themselves.

    ``steps`` are those that are switched on; ``switched_off`` are the labels of the others by key. Of an adaptive
    sequence ``tree`` are the same steps with their arms. ``published`` are the keys of the plan that runs, if one does.
    """

    kind: str
    run_time: time | None
    steps: tuple[StepFacts, ...]
    scope: Scope
    entry: Mapping[str, Any]
    exit: Mapping[str, Any]
    senders: Mapping[str, SenderFacts] = field(default_factory=dict)
    postal_address: str = ""
    matching: int | None = None
    switched_off: Mapping[str, str] = field(default_factory=dict)
    lacking: tuple[tuple[str, str, int], ...] = ()
    name: str = ""
    has_hours: bool = False
    has_linkedin: bool = True
    sends_texts: bool = True
    published: frozenset[str] = frozenset()
    tree: tuple[StepSpec, ...] = ()
