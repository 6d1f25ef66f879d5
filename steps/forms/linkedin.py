"""A step that a person takes on LinkedIn (D-12)."""

from __future__ import annotations

from django import forms

from steps.forms.shape import ReminderForm, Setting
from steps.inputs import PlaceholderText
from steps.linkedin import ACTIONS

LONGEST_TEXT = 2000


class LinkedInForm(ReminderForm):
    """What to do there, and what to write: an invitation or an InMail."""

    kind = "linkedin"

    action = forms.ChoiceField(
        label="What is to be done",
        choices=[(action.name, action.label) for action in ACTIONS.values()],
        widget=forms.RadioSelect,
        initial="connect",
        error_messages={"required": "Choose what is to be done on LinkedIn."},
    )
    text = PlaceholderText(
        label="Text", required=False, max_length=LONGEST_TEXT, widget=forms.Textarea(attrs={"rows": 4})
    )

    @property
    def choices(self) -> list[tuple[str, str, str]]:
        """What can be done, each with how."""
        return [(action.name, action.label, action.guide) for action in ACTIONS.values()]

    def fill(self, setting: Setting) -> None:
        super().fill(setting)
        self.fields["title"].required = False
