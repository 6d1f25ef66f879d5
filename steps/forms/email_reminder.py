"""An e-mail that a person reviews and sends (F-54)."""

from __future__ import annotations

from typing import Any

from steps.forms.shape import ReminderForm, Setting, TemplateChoice
from steps.models import Step


class EmailReminderForm(ReminderForm):
    """An e-mail that a person reviews and sends (F-54)."""

    kind = "email_reminder"

    template = TemplateChoice(required=False)

    def fill(self, setting: Setting) -> None:
        super().fill(setting)
        self.fields["template"].queryset = setting.templates  # type: ignore[attr-defined]
        self.fields["title"].required = False

    def stored(self, step: Step) -> dict[str, Any]:
        return super().stored(step) | {"template": step.template_id}

    @property
    def values(self) -> dict[str, Any]:
        return super().values | {"template": self.cleaned_data["template"]}
