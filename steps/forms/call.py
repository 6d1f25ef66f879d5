"""A call that a person makes (F-58)."""

from __future__ import annotations

from typing import Any

from django import forms

from audience.catalogue import call_outcomes
from steps.forms.shape import ReminderForm
from steps.inputs import LinesField, PlaceholderText
from steps.models import Step


class CallForm(ReminderForm):
    """A call that a person makes: script, and outcomes to choose from."""

    kind = "call"

    script = PlaceholderText(
        label="Script", required=False, max_length=5000, widget=forms.Textarea(attrs={"rows": 5})
    )
    outcomes = LinesField(
        label="Outcomes",
        most=12,
        longest=60,
        required=False,
        initial=call_outcomes,
        widget=forms.Textarea(attrs={"rows": 4}),
    )

    def stored(self, step: Step) -> dict[str, Any]:
        return super().stored(step) | {"outcomes": step.settings.get("outcomes", [])}
