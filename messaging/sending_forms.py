"""The forms of the page about sending."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from audience.addresses import domain_to_ascii, normalise_address
from tenants.forms import one_line
from tenants.meanwhile import MeanwhileForm

MOST = 500


class StopForm(forms.Form):
    """Why sending is stopped; everybody reads it."""

    reason = forms.CharField(
        max_length=200, error_messages={"required": "Say why: everybody sees it until it goes on."}
    )

    def clean_reason(self) -> str:
        return one_line(self.cleaned_data["reason"])


class SafetyForm(MeanwhileForm):
    """The trial list, an address or a domain on each line, and when activating asks for the number of people."""

    verbs = ("sending.trial", "workspace.change")

    is_trial = forms.BooleanField(required=False)
    addresses = forms.CharField(required=False, max_length=50_000, widget=forms.Textarea)
    confirm_above = forms.IntegerField(
        min_value=0,
        max_value=100_000_000,
        error_messages={"required": "Give a number; 0 asks every time that anybody would come in."},
    )

    def clean_addresses(self) -> list[str]:
        """Normalised, each once; a domain as ``@acme.example``."""
        found: dict[str, None] = {}
        faults = []
        for number, line in enumerate(self.cleaned_data["addresses"].splitlines(), 1):
            if not (text := line.strip()):
                continue
            if normal := _normalised(text):
                found[normal] = None
            else:
                faults.append(f"Line {number}: “{text[:80]}” is neither an e-mail address nor a domain.")
        if len(found) > MOST:
            faults.append(f"At most {MOST} addresses and domains; these are {len(found)}.")
        if faults:
            raise ValidationError(faults[:10])
        return list(found)

    def words(self, name: str, value: Any) -> str:
        return f"a list of {len(value)}" if name == "addresses" and value else super().words(name, value)

    def clean(self) -> dict[str, Any]:
        given = super().clean()
        if given.get("is_trial") and given.get("addresses") == []:
            self.add_error("addresses", "Give at least one address or domain, or nothing would leave at all.")
        return given


def _normalised(text: str) -> str | None:
    local, domain = text.rpartition("@")[::2]
    if local:
        return normalise_address(text)
    ascii_domain = domain_to_ascii(domain.lower())
    return f"@{ascii_domain}" if ascii_domain else None
