"""An automatic e-mail (F-46 … F-53)."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms

from steps.forms.shape import OWNER_NAMES, OWNERS, Setting, StepForm, TemplateChoice
from steps.inputs import AddressesField, with_current
from steps.models import Step


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
