"""Going on in another sequence (semantics 5.10)."""

from __future__ import annotations

from django import forms

from steps.forms.shape import Setting, StepForm, TreeSetting
from steps.inputs import with_current


class AdvanceForm(StepForm):
    """Hands the contact over to another sequence."""

    kind = "advance"

    sequence = forms.ChoiceField(
        label="Go on in",
        error_messages={
            "required": "Choose the sequence in which they go on.",
            "invalid_choice": "“%(value)s” cannot be chosen: it is not active, or not for the same kind of record.",
        },
    )

    setting: TreeSetting

    def fill(self, setting: Setting) -> None:
        assert isinstance(setting, TreeSetting)
        current = str(self.initial.get("sequence", ""))
        self.fields["sequence"].choices = with_current(setting.sequences, current, "{} (not active)")  # type: ignore[attr-defined]
