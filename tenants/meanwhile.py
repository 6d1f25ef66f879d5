"""Forms of settings: what others save while one is open is not overwritten unseen.

What was only shown gives way to what is stored now, what was typed is kept; where both changed, the field says what
stands there now and by whom, and what was typed stays in it: saved again it replaces that.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django import forms
from django.db.models import Model

from tenants.models import Member
from tenants.seen import marks, merged, who_changed


class MeanwhileForm(forms.Form):
    """A form over stored values; a page sends its ``seen`` back in a hidden input of that name.

    ``stored`` are the values as the form cleans them, ``initial`` how some of them are shown otherwise; ``of`` is what
    has them (None: it is new). Who saves locks what is stored before they make the form.
    """

    verbs: tuple[str, ...] = ()
    """Of the audit log: the lines that say who changed it. Empty: all."""

    def __init__(
        self,
        data: Any = None,
        *,
        stored: Mapping[str, Any] | None = None,
        initial: Mapping[str, Any] | None = None,
        of: Model | None = None,
        by: Member | None = None,
    ) -> None:
        self.stored, self.of, self.by = dict(stored or {}), of, by
        super().__init__(data, initial=self.stored | dict(initial or {}))
        self.seen: str = marks(self.stored) if data is None else data.get("seen", "")

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if self.of is not None and self.by is not None:
            self._compare(cleaned, self.of, self.by)
        return self.cleaned_data

    def _compare(self, cleaned: Mapping[str, Any], of: Model, by: Member) -> None:
        typed = {name: cleaned[name] for name in cleaned if name in self.stored}
        found = merged(self.seen, stored=self.stored, typed=typed)
        self.seen = found.seen
        self.cleaned_data |= found.values
        for name, value in found.contested.items():
            self.add_error(name, said(who_changed(of, by, self.verbs), self.words(name, value)))

    def words(self, name: str, value: Any) -> str:
        """What is stored in a field, as a person reads it."""
        return words_of(self.fields[name], value)


def said(who: str, what: str) -> str:
    return f"{who} saved {what} here after you had opened this. Save again to replace that with yours."


def words_of(field: forms.Field, value: Any) -> str:
    """A stored value as a person reads it at its field."""
    if isinstance(field, forms.BooleanField):
        return "a tick" if value else "no tick"
    if value in (None, "", []):
        return "nothing"
    if isinstance(value, Iterable) and not isinstance(value, str):
        value = ", ".join(map(str, value))
    choices = {} if isinstance(field, forms.ModelChoiceField) else dict(getattr(field, "choices", ()))
    return f"“{choices.get(str(value), value)}”"
