"""The forms of the section Timing, one for each kind of sequence (semantics 2.2, 2.36, 4.1, 5.2)."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms

from tenants.localtime import MIDNIGHT
from tenants.zones import ZoneField

MOST_HOLIDAYS = 500
LONGEST_INTERVAL = 90


class DatesField(forms.CharField):
    """Calendar days, one a line as YYYY-MM-DD; what follows the date is a note for the reader and not kept."""

    widget = forms.Textarea

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(map(str, value)) if isinstance(value, list | tuple) else value

    def clean(self, value: Any) -> list[str]:
        found, wrong = set(), []
        for number, line in enumerate(super().clean(value).splitlines(), 1):
            word = line.split()[0].rstrip(",;") if line.split() else ""
            try:
                if word:
                    found.add(date.fromisoformat(word).isoformat() if len(word) == 10 else _refuse(word))
            except ValueError:
                wrong.append(f"Line {number}: “{word}” is no date; write it as 2026-12-25.")
        if wrong:
            raise forms.ValidationError(wrong[:5])
        if len(found) > MOST_HOLIDAYS:
            raise forms.ValidationError(f"At most {MOST_HOLIDAYS} days; these are {len(found)}.")
        return sorted(found)


def _refuse(word: str) -> str:
    raise ValueError(word)


def time_field(label: str, **kwargs: Any) -> forms.TimeField:
    """A local time to the minute."""
    widget = forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
    errors = {"invalid": "A time is wanted, such as 09:00.", "required": "Choose the time of day."}
    return forms.TimeField(label=label, widget=widget, error_messages=errors, **kwargs)


class TimingForm(forms.Form):
    """When it runs: one local time for all steps, the days without runs, the recipients' own hours."""

    run_time = time_field("Time")
    timezone = ZoneField(label="Time zone", error_messages={"required": "Choose a time zone."})
    exclude_weekends = forms.BooleanField(label="Exclude weekends", required=False)
    holidays = DatesField(
        label="Days without a run",
        required=False,
        widget=forms.Textarea(attrs={"rows": 4, "spellcheck": "false"}),
    )
    window_start = time_field("From", required=False)
    window_end = time_field("until", required=False)

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        start, end = found.get("window_start"), found.get("window_end")
        if (start is None) != (end is None) and not {"window_start", "window_end"} & set(self.errors):
            missing = "window_start" if start is None else "window_end"
            self.add_error(missing, "Give both times, or neither.")
        if start is not None and end is not None and end.hour + end.minute and start >= end:
            self.add_error("window_end", "The window ends before it begins.")
        return found


class SmartTimingForm(TimingForm):
    """A smart sequence: besides, how many days lie between two runs."""

    every_days = forms.IntegerField(
        label="Every",
        min_value=1,
        max_value=LONGEST_INTERVAL,
        error_messages={
            "required": "Say after how many days it runs again.",
            "invalid": "A whole number of days is wanted.",
            "min_value": "At least 1 day.",
            "max_value": f"At most {LONGEST_INTERVAL} days.",
        },
    )


class HoursForm(TimingForm):
    """An adaptive sequence: working hours instead of a time. An end of 00:00 is the midnight that ends the day."""

    run_time = None  # type: ignore[assignment]
    hours_start = time_field("From")
    hours_end = time_field("until")

    def clean(self) -> dict[str, Any]:
        found = super().clean()
        start, end = found.get("hours_start"), found.get("hours_end")
        if start is not None and end is not None and end != MIDNIGHT and start >= end:
            self.add_error("hours_end", "The day ends before it begins: working hours do not cross midnight.")
        return found


TIMING_FORMS: dict[str, type[TimingForm]] = {
    "classic": TimingForm,
    "smart": SmartTimingForm,
    "adaptive": HoursForm,
}
