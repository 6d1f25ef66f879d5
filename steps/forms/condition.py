"""A question with two arms (semantics 5.7, 5.8)."""

from __future__ import annotations

from typing import Any

from django import forms

from steps.forms.length import UNITS, LengthForm
from steps.forms.shape import Setting, TreeSetting
from steps.inputs import with_current
from steps.models import Step

MAIL, CALL, FIELDS = "mail", "call", "fields"
EVENTS = (("opened", "is opened"), ("clicked", "is clicked"), ("replied", "is replied to"))


class QuestionForm(LengthForm):
    """A question with a yes arm and a no arm: about a mail, about a call, or about fields (the builder beside it)."""

    kind = "condition"

    ask = forms.ChoiceField(
        label="Asks about",
        choices=((MAIL, "An email"), (CALL, "A call"), (FIELDS, "Fields")),
        widget=forms.RadioSelect,
        initial=MAIL,
        error_messages={"required": "Choose what it asks about."},
    )
    mail = forms.ChoiceField(label="Email", required=False)
    event = forms.ChoiceField(label="Yes if it", choices=EVENTS, required=False, initial="replied")
    at_limit = forms.BooleanField(label="Answer only when the time is over", required=False)
    call = forms.ChoiceField(label="Call", required=False)
    outcomes = forms.MultipleChoiceField(label="Yes if it comes to", required=False)

    setting: TreeSetting

    def fill(self, setting: Setting) -> None:
        assert isinstance(setting, TreeSetting)
        asked = self.initial.get("mail", ""), self.initial.get("call", "")
        gone = "{} (no longer in the plan)"
        self.fields["mail"].choices = with_current(setting.mails, asked[0], gone)  # type: ignore[attr-defined]
        self.fields["call"].choices = with_current(setting.calls, asked[1], gone)  # type: ignore[attr-defined]
        offered = [
            *(one for some in setting.outcomes.values() for one in some),
            *self.initial.get("outcomes", []),
        ]
        by_name = {str(one).casefold(): str(one) for one in reversed(offered)}
        names = list(dict.fromkeys(by_name[str(one).casefold()] for one in offered))
        self.fields["outcomes"].choices = [(name, name) for name in names]  # type: ignore[attr-defined]
        self.fields["outcomes"].error_messages["invalid_choice"] = "No call of this plan offers “%(value)s”."
        if not setting.mails and not self.is_bound and "ask" not in self.initial:
            self.initial["ask"] = CALL if setting.calls else FIELDS

    def stored(self, step: Step) -> dict[str, Any]:
        given = step.settings
        ask = CALL if "outcomes" in given else MAIL if "of" in given else FIELDS
        shown = super().stored(step) | {"ask": ask} | dict(given.get("within", {}))
        return shown | ({ask: given["of"]} if ask != FIELDS else {})

    @property
    def asks_fields(self) -> bool:
        return self.cleaned_data.get("ask") == FIELDS

    def clean(self) -> dict[str, Any]:
        found = self.cleaned_data
        if found.get("ask") == MAIL:
            self._need("mail", "Choose the email that is asked about.")
            self._need("event", "Choose what must happen to it.")
            self.require_length()
        else:
            for unit in UNITS:
                self.errors.pop(unit, None)
        if found.get("ask") == CALL and self._need("call", "Choose the call that is asked about."):
            self._look_at_outcomes(found)
        return found

    def _need(self, name: str, words: str) -> bool:
        if not self.cleaned_data.get(name) and name not in self.errors:
            self.add_error(name, words)
        return bool(self.cleaned_data.get(name))

    def _look_at_outcomes(self, found: dict[str, Any]) -> None:
        if not self._need("outcomes", "Tick at least one outcome."):
            return
        offered = {str(one).casefold() for one in self.setting.outcomes.get(found["call"], ())}
        strange = [one for one in found["outcomes"] if one.casefold() not in offered]
        if offered and strange:
            self.add_error("outcomes", f"That call does not offer “{strange[0]}”.")

    @property
    def settings(self) -> dict[str, Any]:
        found = self.cleaned_data
        if found["ask"] == MAIL:
            limit = {"at_limit": True} if found["at_limit"] else {}
            return {"of": found["mail"], "event": found["event"], "within": self.length} | limit
        if found["ask"] == CALL:
            return {"of": found["call"], "outcomes": found["outcomes"]}
        return {}
