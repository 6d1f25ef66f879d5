"""An automatic text message (F-59)."""

from __future__ import annotations

from steps.forms.shape import SmsText, StepForm


class SmsForm(StepForm):
    """A text message: its text, with placeholders. Who lacks a needed one is held (semantics 2.31)."""

    kind = "sms"

    text = SmsText(error_messages={"required": "Write the text that is sent."})
