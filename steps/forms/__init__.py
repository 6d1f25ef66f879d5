"""The forms of steps, one file a kind: what a person may set of each (semantics 6.2)."""

from __future__ import annotations

from steps.forms.advance import AdvanceForm
from steps.forms.call import CallForm
from steps.forms.condition import QuestionForm
from steps.forms.email import EmailForm
from steps.forms.email_reminder import EmailReminderForm
from steps.forms.linkedin import LinkedInForm
from steps.forms.shape import ReminderForm, Setting, StepForm, TreeSetting
from steps.forms.sms import SmsForm
from steps.forms.sms_reminder import SmsReminderForm
from steps.forms.task import TaskForm
from steps.forms.update_field import NOT_WRITTEN, UpdateForm
from steps.forms.wait import WaitForm

FORMS: dict[str, type[StepForm]] = {
    form.kind: form
    for form in (
        *(EmailForm, EmailReminderForm, CallForm, TaskForm),
        *(SmsForm, SmsReminderForm, LinkedInForm),
    )
}
"""Kind of step → its form, of those of all sequences."""

TREE_FORMS: dict[str, type[StepForm]] = {
    form.kind: form for form in (WaitForm, QuestionForm, UpdateForm, AdvanceForm)
}
"""The same of those that stand in trees only."""

__all__ = [
    "FORMS",
    "NOT_WRITTEN",
    "TREE_FORMS",
    "AdvanceForm",
    "CallForm",
    "EmailForm",
    "EmailReminderForm",
    "LinkedInForm",
    "QuestionForm",
    "ReminderForm",
    "Setting",
    "SmsForm",
    "SmsReminderForm",
    "StepForm",
    "TaskForm",
    "TreeSetting",
    "UpdateForm",
    "WaitForm",
]
