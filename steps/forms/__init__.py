"""The forms of steps, one file a kind: what a person may set of each (semantics 6.2)."""

from __future__ import annotations

from steps.forms.call import CallForm
from steps.forms.email import EmailForm
from steps.forms.email_reminder import EmailReminderForm
from steps.forms.linkedin import LinkedInForm
from steps.forms.shape import ReminderForm, Setting, StepForm
from steps.forms.sms import SmsForm
from steps.forms.sms_reminder import SmsReminderForm
from steps.forms.task import TaskForm

FORMS: dict[str, type[StepForm]] = {
    form.kind: form
    for form in (
        *(EmailForm, EmailReminderForm, CallForm, TaskForm),
        *(SmsForm, SmsReminderForm, LinkedInForm),
    )
}
"""Kind of step → its form. Waits, conditions, updates and advances are edited in the tree."""

__all__ = [
    "FORMS",
    "CallForm",
    "EmailForm",
    "EmailReminderForm",
    "LinkedInForm",
    "ReminderForm",
    "Setting",
    "SmsForm",
    "SmsReminderForm",
    "StepForm",
    "TaskForm",
]
