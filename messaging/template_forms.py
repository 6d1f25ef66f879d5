"""The form of a template, and the placeholders that one may insert."""

from __future__ import annotations

from typing import Any

from django import forms

from audience.catalogue import catalogue
from audience.fields import SEQUENCE
from messaging.models import Template
from messaging.templating import LONGEST_NAME
from messaging.written import as_html, as_written
from tenants.models import Member
from tenants.policy import can

GROUPS = {"contact": "Contact", "account": "Company", "opportunity": "Opportunity"}
PEOPLE = [
    ("sender.name", "Sender’s name"),
    ("sender.email", "Sender’s email"),
    ("owner.name", "Contact owner’s name"),
    ("owner.email", "Contact owner’s email"),
]


class TemplateForm(forms.Form):
    """Name, subject, body as it was written; ``is_shared`` for those who may share."""

    name = forms.CharField(
        label="Name", max_length=LONGEST_NAME, error_messages={"required": "A template needs a name."}
    )
    subject = forms.CharField(label="Subject", required=False)
    body = forms.CharField(label="Body", required=False, strip=False)
    is_shared = forms.BooleanField(label="Everyone may use it", required=False)

    def __init__(self, data: Any = None, *, by: Member, template: Template | None = None) -> None:
        version = template.current if template else None
        initial = {
            "name": template.name if template else "",
            "subject": version.subject if version else "",
            "body": as_written(version.body) if version else "",
            "is_shared": template.is_shared if template else can(by, "template.shared"),
        }
        super().__init__(data, initial=initial)
        self.kept = version.body if version else None
        if not can(by, "template.shared") or (
            template and not template.is_shared and template.owner_id != by.pk
        ):
            self.fields["is_shared"].disabled = True
        if not can(by, "template.personal"):
            self.fields["is_shared"].disabled = True
            self.initial["is_shared"] = True

    @property
    def html(self) -> str:
        """The body as it is stored; one that was only looked at stays as it was, to the letter."""
        typed = as_html(self.cleaned_data["body"])
        if self.kept is not None and typed == as_html(self.initial["body"]):
            return self.kept
        return typed


def placeholders() -> list[tuple[str, list[tuple[str, str]]]]:
    """What can be inserted, in groups; a bare name is the contact's."""
    found: dict[str, list[tuple[str, str]]] = {title: [] for title in GROUPS.values()}
    for field in catalogue():
        if field != SEQUENCE and field.record in GROUPS:
            label = field.label[:1].upper() + field.label[1:]
            found[GROUPS[field.record]].append((field.name, label))
    return [*found.items(), ("People", PEOPLE)]
