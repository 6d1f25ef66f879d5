"""The form of a template, and the placeholders that one may insert."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms

from audience.catalogue import catalogue
from audience.fields import SEQUENCE
from messaging.models import Template
from messaging.templating import LONGEST_NAME
from messaging.written import as_html, as_written
from tenants.models import Member
from tenants.policy import can
from tenants.seen import marks, merged, who_changed

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
        self.template, self.by = template, by
        self.seen: str = (data or {}).get("seen", "") if data is not None else marks(self._texts(initial))
        self.kept = version.body if version else None
        if not can(by, "template.shared") or (
            template and not template.is_shared and template.owner_id != by.pk
        ):
            self.fields["is_shared"].disabled = True
        if not can(by, "template.personal"):
            self.fields["is_shared"].disabled = True
            self.initial["is_shared"] = True

    @staticmethod
    def _texts(values: Mapping[str, Any]) -> dict[str, Any]:
        return {name: text.strip().replace("\r\n", "\n") if isinstance(text, str) else text
                for name, text in values.items()}  # fmt: skip

    def clean(self) -> dict[str, Any]:
        """What others have saved meanwhile is not overwritten unseen."""
        typed = super().clean() or self.cleaned_data
        if self.template is None:
            return typed
        found = merged(self.seen, stored=self._texts(self.initial), typed=self._texts(typed))
        self.seen = found.seen
        for name in found.contested:
            who, what = who_changed(self.template, self.by), str(self.fields[name].label).lower()
            said = f"{who} saved another {what} here after you had opened this"
            self.add_error(name, f"{said}: see the versions. Save again to replace it with yours.")
        return typed | {name: self.initial[name] for name in found.untouched}

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
