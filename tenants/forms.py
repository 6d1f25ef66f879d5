"""The forms of the settings."""

from __future__ import annotations

from typing import Any

import pycountry
from django import forms
from django.core.exceptions import ValidationError

from tenants import signatures
from tenants.meanwhile import MeanwhileForm
from tenants.models import Role
from tenants.zones import ZoneField

ZONE_MISSING = {"required": "Choose a time zone, such as Europe/Berlin."}


def countries() -> list[tuple[str, str]]:
    """ISO 3166 codes and names, by name."""
    named = [
        (country.alpha_2, getattr(country, "common_name", country.name)) for country in pycountry.countries
    ]
    return sorted(named, key=lambda pair: pair[1])


class ProfileForm(MeanwhileForm):
    """What a member says of themselves. ``signature`` is HTML with placeholders."""

    verbs = ("member.profile",)

    name = forms.CharField(max_length=200, error_messages={"required": "Your name stands in your mails."})
    timezone = ZoneField(error_messages=ZONE_MISSING)
    signature = forms.CharField(required=False, max_length=20_000, widget=forms.Textarea)

    def clean_name(self) -> str:
        return one_line(self.cleaned_data["name"])

    def clean_signature(self) -> str:
        text: str = self.cleaned_data["signature"].strip()
        if faults := signatures.reader.faults(text):
            raise ValidationError(list(faults))
        return text


class WorkspaceForm(MeanwhileForm):
    """What is the same for all members."""

    verbs = ("workspace.change",)

    name = forms.CharField(max_length=200, error_messages={"required": "A workspace needs a name."})
    timezone = ZoneField(error_messages=ZONE_MISSING)
    country = forms.ChoiceField(required=False)
    legal_name = forms.CharField(required=False, max_length=200)
    postal_address = forms.CharField(
        required=False, max_length=1_000, widget=forms.Textarea(attrs={"rows": 3})
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["country"].choices = [("", "None"), *countries()]  # type: ignore[attr-defined]

    def clean_name(self) -> str:
        return one_line(self.cleaned_data["name"])

    def clean_legal_name(self) -> str:
        return one_line(self.cleaned_data["legal_name"])

    def clean_postal_address(self) -> str:
        lines = self.cleaned_data["postal_address"].splitlines()
        return "\n".join(line.strip() for line in lines if line.strip())


class MemberForm(MeanwhileForm):
    """Role, team (by name) and limit of a member."""

    verbs = ("member.change", "member.invite")

    role = forms.ModelChoiceField(
        Role.objects.none(), empty_label=None, error_messages={"required": "Choose a role."}
    )
    team = forms.CharField(required=False, max_length=100)
    emails_per_day = forms.IntegerField(required=False, min_value=0, max_value=100_000)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["role"].queryset = Role.objects.order_by("pk")  # type: ignore[attr-defined]

    def clean_team(self) -> str:
        return one_line(self.cleaned_data["team"])


class InviteForm(MemberForm):
    """Somebody new."""

    email = forms.EmailField(
        max_length=254, error_messages={"required": "Give the address they will sign in with."}
    )
    name = forms.CharField(max_length=200, error_messages={"required": "Give their name."})

    def clean_email(self) -> str:
        return self.cleaned_data["email"].lower()

    def clean_name(self) -> str:
        return one_line(self.cleaned_data["name"])


def one_line(text: str) -> str:
    """A name in one line: nothing that a header of a mail could be broken with."""
    found = " ".join(text.split())
    if any(not letter.isprintable() for letter in found):
        raise ValidationError("A name has no control characters.")
    return found
