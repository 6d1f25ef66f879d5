"""The sections of the editor: each binds what was posted, checks it, and keeps it by its command."""

from __future__ import annotations

from abc import ABC, abstractmethod
from datetime import datetime
from typing import Any, ClassVar

from django import forms

from audience.conditions.form import ConditionForm
from sequences.commands.editing import change_settings
from sequences.forms import AudienceForm, DetailsForm, ExitForm, initial_of
from sequences.holidays import filled
from sequences.reading.material import Material
from sequences.refusals import Refused, Stale, TooMany
from sequences.seen import settings_of
from sequences.timing import TIMING_FORMS, TimingForm
from sequences.views import contested
from tenants.confirming import typed_number
from tenants.seen import marks


class Section(ABC):
    """One section, as stored or (with ``data``) as posted."""

    name: ClassVar[str]
    title: ClassVar[str]
    #: the settings that it keeps
    names: ClassVar[tuple[str, ...]]
    builder: ConditionForm | None = None
    #: how many would come in, where their number is to be typed
    too_many: int = 0

    def __init__(self, material: Material, data: Any = None) -> None:
        self.material, self.sequence, self.by = material, material.sequence, material.member
        self.form = self.bind(data)
        shown = marks(settings_of(self.sequence, self.names)) if data is None else data.get("seen", "")
        self.seen: str = shown
        self.people = "" if data is None else data.get("people", "")

    @abstractmethod
    def bind(self, data: Any) -> forms.Form:
        """The form; a section with conditions sets its builder, too."""

    @property
    def was_pressed(self) -> bool:
        """Whether a button inside sent the form, which only changes what is shown."""
        return self.builder is not None and self.builder.was_pressed

    def is_valid(self) -> bool:
        """Both are looked at, so that every fault is shown at once."""
        found = [self.form.is_valid(), self.builder is None or self.builder.is_valid()]
        return all(found)

    @property
    def confirmed(self) -> int | None:
        """The number of people that was typed."""
        return typed_number(self.people)

    def values(self) -> dict[str, Any]:
        """What change_settings takes."""
        return dict(self.form.cleaned_data)

    def save(self, now: datetime) -> bool:
        """Keep it; False where the command refuses, and the reason stands at its field."""
        try:
            change_settings(
                sequence=self.sequence,
                by=self.by,
                now=now,
                seen=self.seen,
                confirmed=self.confirmed,
                **self.values(),
            )
        except Stale as stale:
            self.seen = stale.seen
            contested.say(self.form, stale, self.stored_conditions())
            return False
        except TooMany as many:
            self.too_many = many.people
            return False
        except Refused as refused:
            self.form.add_error(refused.field if refused.field in self.form.fields else None, refused.message)
            return False
        return True

    def stored_conditions(self) -> str:
        """The conditions that are stored, in words."""
        stored = type(self)(self.material).builder
        return stored.english if stored else ""


class Details(Section):
    name, title = "details", "Name and sender"
    names = ("name", "description", "tags", "sender_mode", "sender")

    def bind(self, data: Any) -> forms.Form:
        return DetailsForm(data, sequence=self.sequence, senders=self.material.senders)

    def values(self) -> dict[str, Any]:
        assert isinstance(self.form, DetailsForm)
        return self.form.values


class Audience(Section):
    name, title = "audience", "Audience"
    names = (*AudienceForm.base_fields, "entry_match", "entry_conditions")

    def bind(self, data: Any) -> forms.Form:
        form = AudienceForm(data, sequence=self.sequence, by=self.by)
        record = str(form["record"].value() or self.sequence.record)
        if data is None:
            match, rows = self.sequence.entry_match, self.sequence.entry_conditions
            self.builder = self.material.stored_group("entry", match, rows, with_steps=False)
        else:
            record = record if record in dict(form.fields["record"].choices) else self.sequence.record  # type: ignore[attr-defined]
            self.builder = self.material.posted_group(data, "entry", record=record, with_steps=False)
        return form

    def values(self) -> dict[str, Any]:
        assert self.builder is not None
        group = self.builder.raw
        return super().values() | {"entry_match": group["match"], "entry_conditions": group["conditions"]}


class Timing(Section):
    name, title = "timing", "Timing"
    names = tuple(TimingForm.base_fields)
    fills: bool = False

    def bind(self, data: Any) -> forms.Form:
        form = TIMING_FORMS[self.sequence.kind]
        self.names = tuple(form.base_fields)  # type: ignore[misc]
        if data is None:
            return form(initial=initial_of(self.sequence, form))
        self.fills = "fill" in data
        return form(data)

    @property
    def was_pressed(self) -> bool:
        return self.fills

    def fill(self, data: Any, now: datetime) -> None:
        """Show the list of days with the public holidays of a country added; nothing is kept yet."""
        self.form.is_valid()
        days = self.form.cleaned_data.get("holidays")
        if days is None:
            return
        today = now.astimezone(self.sequence.timezone).date()
        data = data.copy()
        data["holidays"] = "\n".join(filled(days, data.get("country", ""), today))
        self.form = TIMING_FORMS[self.sequence.kind](data)


class Exit(Section):
    name, title = "exit", "Exit criteria"
    names = (*ExitForm.base_fields, "exit_match", "exit_conditions")

    def bind(self, data: Any) -> forms.Form:
        if data is None:
            match, rows = self.sequence.exit_match, self.sequence.exit_conditions
            self.builder = self.material.stored_group("exit", match, rows)
            return ExitForm(initial=initial_of(self.sequence, ExitForm))
        self.builder = self.material.posted_group(data, "exit")
        return ExitForm(data)

    def values(self) -> dict[str, Any]:
        assert self.builder is not None
        group = self.builder.raw
        return super().values() | {"exit_match": group["match"], "exit_conditions": group["conditions"]}


SECTIONS: dict[str, type[Section]] = {section.name: section for section in (Details, Audience, Timing, Exit)}
