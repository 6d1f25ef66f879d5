"""The forms of steps: what a person may set of each kind (semantics 6.2; F-46 … F-53, F-57, F-58)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from django import forms

from audience.catalogue import activity_types, call_outcomes
from messaging.models import Template
from steps.inputs import AddressesField, LinesField, PlaceholderText, with_current
from steps.models import Step

Choices = Sequence[tuple[str, str]]
LAST_DAY = 90
MOST_DUE_DAYS = 365
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


class TemplateChoice(forms.ModelChoiceField):
    """An e-mail template that the member may use."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(Template.objects.none(), label="Template", empty_label="Choose a template", **kwargs)


class EmailForm(StepForm):
    """An automatic e-mail, with all of F-46 … F-53."""

    kind = "email"
    defaults: ClassVar[dict[str, Any]] = {"thread": "new", "track_opens": True, "track_clicks": True} | {
        "unsubscribe": True,
        "from": "",
    }

    template = TemplateChoice(error_messages={"required": "Choose the template that is sent."})
    thread = forms.ChoiceField(
        label="Thread",
        choices=[("new", "New thread"), ("reply", "Reply to the mail before")],
        widget=forms.RadioSelect,
        initial="new",
    )
    reply_to = AddressesField(label="Reply-To", most=1, required=False)
    cc = AddressesField(label="CC", required=False)
    cc_owners = forms.MultipleChoiceField(choices=OWNERS, required=False)
    bcc = AddressesField(label="BCC", required=False)
    bcc_owners = forms.MultipleChoiceField(choices=OWNERS, required=False)
    track_opens = forms.BooleanField(label="Track opens", required=False, initial=True)
    track_clicks = forms.BooleanField(label="Track clicks", required=False, initial=True)
    unsubscribe = forms.BooleanField(label="Link to unsubscribe", required=False, initial=True)

    def fill(self, setting: Setting) -> None:
        self.fields["template"].queryset = setting.templates  # type: ignore[attr-defined]
        senders = with_current(setting.senders, self.initial.get("from", ""), "{} (cannot send)")
        self.fields["from"] = forms.ChoiceField(label="From", choices=senders, required=False)

    def stored(self, step: Step) -> dict[str, Any]:
        found = super().stored(step) | {"template": step.template_id}
        for name in ("cc", "bcc"):
            kept = found.get(name) or []
            named = [kept] if isinstance(kept, str) else list(kept)
            found[f"{name}_owners"] = [who for who in named if who in OWNER_NAMES]
            found[name] = [who for who in named if who not in OWNER_NAMES]
        return found

    @property
    def settings(self) -> dict[str, Any]:
        found = super().settings
        found["reply_to"] = (found.get("reply_to") or [""])[0]
        for name in ("cc", "bcc"):
            found[name] = [*found.pop(f"{name}_owners", []), *found.get(name, [])]
        found = {name: value for name, value in found.items() if value != []}
        return {name: value for name, value in found.items() if value not in ("", self.defaults.get(name))}

    @property
    def values(self) -> dict[str, Any]:
        return super().values | {"template": self.cleaned_data["template"]}


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


class TaskForm(ReminderForm):
    """A follow-up that a person does."""

    kind = "task"

    type = forms.CharField(label="Activity type", max_length=60, required=False)

    @property
    def types(self) -> list[str]:
        """The types to suggest."""
        return activity_types()


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


FORMS: dict[str, type[StepForm]] = {
    form.kind: form for form in (EmailForm, CallForm, TaskForm, EmailReminderForm)
}
"""Kind of step → its form. The others come with the issues that build them."""
