"""A text message that a person sends (D-09)."""

from __future__ import annotations

from steps.forms.shape import ReminderForm, Setting, SmsText


class SmsReminderForm(ReminderForm):
    """A reminder with a draft; without one the person writes it."""

    kind = "sms_reminder"

    text = SmsText(required=False)

    def fill(self, setting: Setting) -> None:
        super().fill(setting)
        self.fields["title"].required = False
