"""The forms of an import: the file, and what is chosen beside its columns."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from audience.catalogue import catalogue
from audience.fields import ACCOUNT, CONTACT, LONGEST
from audience.imports.cells import DAY_FIRST, MONTH_FIRST, suggested_type
from audience.imports.jobs import NewField
from audience.imports.matching import FULL_NAME, FURTHER, importable, key_for
from audience.imports.reach import Reach
from audience.models import ImportJob
from tenants.models import Member

LARGEST_FILE = 100 * 1024 * 1024
OWN_CONTROL = ("tags", "owner", "lifecycle_stage", "source")
"""Constants that have a control of their own; others are chosen by field."""
FURTHER_CONSTANTS = 2
NEVER_THE_SAME = {"email", "name", FULL_NAME.key, FURTHER.key}

WHAT = [(CONTACT, "People"), (ACCOUNT, "Companies")]
ENCODINGS = [
    ("", "Find out anew"),
    ("utf-8", "Unicode (UTF-8)"),
    ("cp1252", "Western European (Windows)"),
    ("cp1250", "Central European (Windows)"),
    ("cp1251", "Cyrillic (Windows)"),
    ("mac_roman", "Western European (Mac)"),
    ("cp850", "Western European (DOS)"),
    ("shift_jis", "Japanese (Shift-JIS)"),
    ("gb18030", "Chinese (GB 18030)"),
    ("utf-16", "Unicode (UTF-16)"),
]
DELIMITERS = [("", "Find out anew"), (",", "Comma"), (";", "Semicolon"), ("\t", "Tab"), ("|", "Bar |")]


class UploadForm(forms.Form):
    """A file to import."""

    file = forms.FileField(
        label="CSV or Excel file",
        error_messages={"required": "Choose a file.", "empty": "The file is empty."},
    )
    kind = forms.ChoiceField(
        label="What it holds",
        choices=WHAT,
        initial=CONTACT,
        widget=forms.RadioSelect,
    )

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file.size > LARGEST_FILE:
            most = LARGEST_FILE // 1024 // 1024
            raise ValidationError(
                f"The file has {file.size / 1024 / 1024:,.0f} MB; at most {most} MB are possible."
            )
        return file


class ChoicesForm(forms.Form):
    """What else an import is told: about who is known, what is the same for every row, how values are written."""

    on_duplicate = forms.ChoiceField(
        label="Who is known already",
        choices=[
            (ImportJob.UPDATE, "is updated with what the file fills"),
            (ImportJob.SKIP, "is left as they are"),
            (ImportJob.CREATE, "comes in a second time"),
        ],
        widget=forms.RadioSelect,
    )
    tags = forms.CharField(
        required=False, max_length=LONGEST, help_text="For every row; separated by commas."
    )
    owner = forms.ChoiceField(required=False, label="Owner of every row")
    lifecycle_stage = forms.CharField(required=False, max_length=LONGEST, label="Stage of every row")
    source = forms.CharField(required=False, max_length=LONGEST, label="Source of every row")
    new_name = forms.CharField(required=False, max_length=LONGEST, label="Name of a new field")
    new_value = forms.CharField(required=False, max_length=LONGEST, label="Its value in every row")
    date_order = forms.ChoiceField(
        required=False,
        label="Dates like 01/02/2026",
        choices=[
            ("", "Refuse: they mean two days"),
            (DAY_FIRST, "Day first: 1 February"),
            (MONTH_FIRST, "Month first: 2 January"),
        ],
    )
    decimal_sign = forms.ChoiceField(
        required=False,
        label="Numbers like 1.234",
        choices=[("", "As the file tells"), (".", "Point before decimals"), (",", "Comma before decimals")],
    )
    save_as = forms.CharField(
        required=False,
        max_length=LONGEST,
        label="Keep these choices as",
        help_text="A name; the next file with these columns takes them by itself.",
    )

    def __init__(self, job: ImportJob, data: Any = None, *, makes_fields: bool) -> None:
        super().__init__(data, initial=_initial(job))
        self.job, self.makes_fields = job, makes_fields
        self._fill_owner()
        if job.kind == ACCOUNT:
            del self.fields["lifecycle_stage"], self.fields["source"]
        if not makes_fields:
            del self.fields["new_name"], self.fields["new_value"]
        for n in range(FURTHER_CONSTANTS):
            self.fields[f"same_{n}_field"] = forms.ChoiceField(
                required=False, label="Field", choices=[("", "–"), *self._other_fields()]
            )
            self.fields[f"same_{n}_value"] = forms.CharField(
                required=False, max_length=LONGEST, label="Value in every row"
            )

    @property
    def further(self) -> list[tuple[Any, Any]]:
        """Field and value of each further constant."""
        return [(self[f"same_{n}_field"], self[f"same_{n}_value"]) for n in range(FURTHER_CONSTANTS)]

    @property
    def has_further(self) -> bool:
        """Whether something is chosen there, so that it is shown."""
        names = [f"same_{n}_{part}" for n in range(FURTHER_CONSTANTS) for part in ("field", "value")]
        names += ["new_name", "new_value"] if self.makes_fields else []
        return any(self[name].value() or self[name].errors for name in names)

    @property
    def constants(self) -> dict[str, str]:
        """Key → text of what is the same for every row; that of a new field included."""
        given = self.cleaned_data
        found = {key: text for key in OWN_CONTROL if (text := given.get(key, "").strip())}
        for n in range(FURTHER_CONSTANTS):
            if given.get(f"same_{n}_field") and given[f"same_{n}_value"]:
                found[given[f"same_{n}_field"]] = given[f"same_{n}_value"]
        if new := self.new_field:
            found[new.key] = given["new_value"]
        return found

    @property
    def new_field(self) -> NewField | None:
        """The field to be made for a constant; its type is that of the value."""
        name, value = self.cleaned_data.get("new_name"), self.cleaned_data.get("new_value")
        return NewField(key_for(name), name, suggested_type(name, [value])) if name and value else None

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        pairs = [(f"same_{n}_field", f"same_{n}_value") for n in range(FURTHER_CONSTANTS)]
        for name, value in [*pairs, *([("new_name", "new_value")] if self.makes_fields else [])]:
            if bool(given.get(name)) != bool(given.get(value)) and not self.has_error(name):
                missing = value if given.get(name) else name
                self.add_error(missing, "Fill in both, or neither.")
        return given

    def _fill_owner(self) -> None:
        members = Member.objects.filter(is_active=True).select_related("user").order_by("user__name")
        owner = self.fields["owner"]
        assert isinstance(owner, forms.ChoiceField)
        owner.choices = [("", "As the file says"), *((member.email, member.name) for member in members)]
        if Reach(self.job.kind, self.job.owner).owner:
            owner.help_text = "New ones without an owner are yours."

    def _other_fields(self) -> list[tuple[str, str]]:
        left_out = {*OWN_CONTROL, *NEVER_THE_SAME}
        fields = importable(self.job.kind, catalogue())
        return [(f.key, f.label[:1].upper() + f.label[1:]) for f in fields if f.key not in left_out]


def _initial(job: ImportJob) -> dict[str, str]:
    """What was chosen before, or a saved mapping says."""
    labels = {new["key"]: new["label"] for new in job.new_fields}
    found = {key: job.constants[key] for key in OWN_CONTROL if key in job.constants}
    found |= {name: getattr(job, name) for name in ("on_duplicate", "date_order", "decimal_sign")}
    others = [key for key in job.constants if key not in OWN_CONTROL and key not in labels]
    for n, key in enumerate(others[:FURTHER_CONSTANTS]):
        found |= {f"same_{n}_field": key, f"same_{n}_value": job.constants[key]}
    for key in labels.keys() & job.constants.keys():
        found |= {"new_name": labels[key], "new_value": job.constants[key]}
    return found


def with_current(choices: list[tuple[str, str]], current: str) -> list[tuple[str, str]]:
    """The choices, with the one that is in use even if it is a rare one."""
    return choices if not current or current in dict(choices) else [*choices, (current, current)]
