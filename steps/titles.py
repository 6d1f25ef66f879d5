"""What a step is called."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from messaging.models import Template
from steps.kinds import KINDS
from steps.linkedin import ACTIONS
from steps.models import Step


def title_of(step: Step) -> str:
    """What a step is called: its name, else its title, else its template's name, else its kind."""
    template: Mapping[str, Any] | Template | None = step.template
    named = template.name if isinstance(template, Template) else ""
    action = ACTIONS.get(step.settings.get("action", "")) if step.kind == "linkedin" else None
    label = f"LinkedIn: {action.label}" if action else KINDS[step.kind].label
    return step.name or step.settings.get("title") or named or label
