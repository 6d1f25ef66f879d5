"""Inputs that the forms of steps share: addresses, lists, texts with placeholders."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from typing import Any

from django import forms

from audience.addresses import normalise_address
from messaging.liquid import analyse_text

MOST_ADDRESSES = 10


class AddressesField(forms.CharField):
    """E-mail addresses, set apart by commas, semicolons or lines; cleaned to a list of them."""

    def __init__(self, *, most: int = MOST_ADDRESSES, **kwargs: Any) -> None:
        self.most = most
        super().__init__(**kwargs)

    def prepare_value(self, value: Any) -> Any:
        return ", ".join(value) if isinstance(value, list | tuple) else value

    def clean(self, value: Any) -> list[str]:
        text = super().clean(value)
        found = [part.strip() for part in re.split(r"[,;\n]", text) if part.strip()]
        for address in found:
            if normalise_address(address) is None:
                raise forms.ValidationError(f"“{address}” is no email address.")
        if len(found) > self.most:
            raise forms.ValidationError(f"At most {self.most} addresses; these are {len(found)}.")
        return found


class LinesField(forms.CharField):
    """A list, one entry a line; cleaned without blank lines and without repeating one in another case."""

    widget = forms.Textarea

    def __init__(self, *, most: int, longest: int, **kwargs: Any) -> None:
        self.most, self.longest = most, longest
        super().__init__(**kwargs)

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, list | tuple) else value

    def clean(self, value: Any) -> list[str]:
        entries: dict[str, str] = {}
        for line in super().clean(value).splitlines():
            entry = " ".join(line.split())
            if entry:
                entries.setdefault(entry.casefold(), entry)
        found = list(entries.values())
        if len(found) > self.most:
            raise forms.ValidationError(f"At most {self.most} entries; these are {len(found)}.")
        for entry in found:
            if len(entry) > self.longest:
                raise forms.ValidationError(f"“{entry[:30]}…” is longer than {self.longest} characters.")
        return found


class PlaceholderText(forms.CharField):
    """A text for a reminder, with placeholders; what the template language refuses is said with its line.

    ``known_fields`` are set by the form before it is cleaned. An empty placeholder stays empty (semantics 2.31).
    """

    known_fields: Collection[str] = ()

    def clean(self, value: Any) -> str:
        text: str = super().clean(value)
        faults = analyse_text(text, self.known_fields).faults
        lines = text.count("\n")
        if faults:
            raise forms.ValidationError(
                [f"Line {fault.line}: {fault.reason}" if lines else fault.reason for fault in faults]
            )
        return text


def with_current(choices: Sequence[tuple[str, str]], value: str, words: str) -> list[tuple[str, str]]:
    """The choices, and the stored value where it is none of them any more: it is seen, not silently replaced."""
    known = {choice for choice, _ in choices}
    return [*choices, (value, words.format(value))] if value and value not in known else list(choices)
