"""Saying, at each field, what others have stored there since the form was drawn."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms

from sequences.refusals import Stale
from sequences.seen import OF_ITS_KIND

PLACES = {
    "sender_mode": "sender",
    "settings.for": "days",
    "settings.within": "days",
    "settings.of": "ask",
}
"""Settings that stand in the field of another."""


def say(form: forms.Form, stale: Stale, conditions: str) -> None:
    """Each field gets what stands there now; ``conditions`` are the stored ones in words."""
    for name, stored in stale.fields.items():
        place = PLACES.get(name, name).removeprefix(OF_ITS_KIND)
        if place in form.fields:
            form.add_error(place, _sentence(stale.who, _words(form.fields[place], stored)))
    if any(name.endswith(("match", "conditions")) for name in stale.fields):
        now_are = f"conditions: {conditions}" if conditions else "no conditions any more"
        form.add_error(None, _sentence(stale.who, now_are))
    if not form.errors:
        form.add_error(None, _sentence(stale.who, "something else"))


def _sentence(who: str, what: str) -> str:
    return f"{who} saved {what} here after you had opened this. Save again to replace that with yours."


def _words(field: Any, stored: Any) -> str:
    if isinstance(field, forms.BooleanField):
        return "a tick" if stored else "no tick"
    if isinstance(stored, Mapping):
        stored = ", ".join(f"{value} {name}" for name, value in stored.items())
    if isinstance(stored, list):
        stored = ", ".join(map(str, stored))
    if hasattr(stored, "strftime"):
        stored = f"{stored:%H:%M}"
    choices = {} if isinstance(field, forms.ModelChoiceField) else dict(getattr(field, "choices", ()))
    return f"“{choices.get(str(stored), stored)}”" if stored not in (None, "") else "nothing"
