"""A follow-up that a person does (F-57)."""

from __future__ import annotations

from django import forms

from audience.catalogue import activity_types
from steps.forms.shape import ReminderForm


class TaskForm(ReminderForm):
    """A follow-up that a person does."""

    kind = "task"

    type = forms.CharField(label="Activity type", max_length=60, required=False)

    @property
    def types(self) -> list[str]:
        """The types to suggest."""
        return activity_types()
