"""What the forms of all kinds of steps share, and those of all reminders (*R* of semantics 6.2)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from django import forms

from audience.fields import Field
from messaging.models import Template
from steps.inputs import PlaceholderText, with_current
from steps.models import Step

Choices = Sequence[tuple[str, str]]
LAST_DAY = 90
MOST_DUE_DAYS = 365
LONGEST_SMS = 1600
"""Characters that Twilio takes as one message."""
OWNERS = (("contact_owner", "Owner of the contact"), ("owner", "Owner of the sequence"))
"""Users who may be named in the place of an address (F-51)."""
OWNER_NAMES = frozenset(name for name, _ in OWNERS)
PRIORITIES = (("low", "Low"), ("normal", "Normal"), ("high", "High"))


@dataclass(frozen=True)
class Setting:
    """What the forms offer: who may send, who may be given a reminder, which templates, which placeholders."""

    senders: Choices = ()
    assignees: Choices = ()
    templates: Any = None
    known_fields: Collection[str] = field(default_factory=frozenset)


@dataclass(frozen=True)
class TreeSetting(Setting):
    """What the forms of trees offer besides: the steps to ask about, the fields to write, the sequences to go on in.

    ``fields`` are groups of names and labels, ``known`` their fields. ``outcomes`` are those of each call by its key.
    """

    mails: Choices = ()
    calls: Choices = ()
    outcomes: Mapping[str, Collection[str]] = field(default_factory=dict)
    fields: Any = ()
    known: Mapping[str, Field] = field(default_factory=dict)
    sequences: Choices = ()


class StepForm(forms.Form):
    """What all kinds have: day and name. ``settings`` are those of its kind, as a file has them."""

    kind: ClassVar[str] = ""
    #: settings whose default is left out of what is stored
    defaults: ClassVar[dict[str, Any]] = {}

    day = forms.IntegerField(
        label="Day",
        min_value=1,
        max_value=LAST_DAY,
        error_messages={
            "required": f"Choose a day from 1 to {LAST_DAY}.",
            "invalid": f"A day is a number from 1 to {LAST_DAY}.",
            "min_value": "The first day is 1: the run that admits the contact.",
            "max_value": f"The last possible day is {LAST_DAY}.",
        },
    )
    name = forms.CharField(label="Name", max_length=80, required=False, strip=True)

    def __init__(
        self,
        data: Any = None,
        *,
        setting: Setting,
        step: Step | None = None,
        initial: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(data, initial=(initial or {}) | (self.stored(step) if step else {}), **kwargs)
        self.setting = setting
        for name, input_ in self.fields.items():
            if isinstance(input_, PlaceholderText):
                input_.known_fields = setting.known_fields
            self.fields[name].widget.attrs.setdefault("autocomplete", "off")
        self.fill(setting)

    def fill(self, setting: Setting) -> None:
        """Give the inputs that one picks from their values."""

    def stored(self, step: Step) -> dict[str, Any]:
        """What a stored step shows first."""
        return {**self.defaults, **step.settings, "day": step.day, "name": step.name}

    @property
    def settings(self) -> dict[str, Any]:
        """The settings of a valid form as they are stored: what is empty or the default is left out."""
        found = {name: self.cleaned_data[name] for name in self.setting_names}
        return {name: value for name, value in found.items() if value not in ("", None, [], {})}

    @property
    def setting_names(self) -> list[str]:
        return [name for name in self.cleaned_data if name not in ("day", "name", "template", "push")]

    @property
    def values(self) -> dict[str, Any]:
        """What sequences.commands.planning stores of a valid form, but for the conditions."""
        return {"name": self.cleaned_data["name"], "settings": self.settings}


class SmsText(PlaceholderText):
    """The text of a text message: as many characters as a provider takes, in several segments."""

    def __init__(self, **kwargs: Any) -> None:
        more: dict[str, Any] = {"label": "Text", "max_length": LONGEST_SMS, **kwargs}
        super().__init__(widget=forms.Textarea(attrs={"rows": 4}), **more)


class TemplateChoice(forms.ModelChoiceField):
    """An e-mail template that the member may use."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(Template.objects.none(), label="Template", empty_label="Choose a template", **kwargs)


class ReminderForm(StepForm):
    """What every manual kind has (*R* of semantics 6.2)."""

    defaults: ClassVar[dict[str, Any]] = {"priority": "normal", "assignee": "contact_owner"}

    title = PlaceholderText(
        label="Title", max_length=200, error_messages={"required": "Say in a few words what is to be done."}
    )
    description = PlaceholderText(
        label="Description", required=False, max_length=5000, widget=forms.Textarea(attrs={"rows": 4})
    )
    assignee = forms.ChoiceField(label="Assignee", required=False)
    due = forms.IntegerField(
        label="Due",
        min_value=0,
        max_value=MOST_DUE_DAYS,
        required=False,
        error_messages={"invalid": "A number of days is wanted."},
    )
    priority = forms.ChoiceField(
        label="Priority", choices=PRIORITIES, widget=forms.RadioSelect, initial="normal"
    )

    def fill(self, setting: Setting) -> None:
        stored = self.initial.get("assignee", "")
        self.fields["assignee"].choices = with_current(setting.assignees, stored, "{} (no longer here)")  # type: ignore[attr-defined]

    def stored(self, step: Step) -> dict[str, Any]:
        due = step.settings.get("due", {})
        return super().stored(step) | {"due": due.get("days", 0), "due_stored": due}

    @property
    def settings(self) -> dict[str, Any]:
        found = super().settings
        found.pop("due", None)
        found = {name: value for name, value in found.items() if self.defaults.get(name) != value}
        due = {name: n for name, n in self._due().items() if n}
        return found | ({"due": due} if due else {})

    def _due(self) -> dict[str, int]:
        """Hours and minutes come from files only, and stay."""
        return {**self.initial.get("due_stored", {}), "days": self.cleaned_data["due"] or 0}
