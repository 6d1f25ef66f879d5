"""What the forms share that have a length of days, hours and minutes (semantics 5.6)."""

from __future__ import annotations

from django import forms

from steps.forms.shape import StepForm

UNITS = ("days", "hours", "minutes")
MINUTES = {"days": 24 * 60, "hours": 60, "minutes": 1}


def part(label: str, most: int) -> forms.IntegerField:
    """The days, hours or minutes of a length."""
    return forms.IntegerField(
        label=label,
        min_value=0,
        max_value=most,
        required=False,
        error_messages={"invalid": "A whole number is wanted.", "max_value": f"At most {most}."},
    )


class LengthForm(StepForm):
    """What has a length of days, hours and minutes."""

    days = part("Days", 365)
    hours = part("Hours", 23)
    minutes = part("Minutes", 59)

    @property
    def length(self) -> dict[str, int]:
        """As a file has it: without what is 0."""
        return {unit: n for unit in UNITS if (n := self.cleaned_data.get(unit))}

    def require_length(self, most: int = 0) -> None:
        """Say at the days what is wrong with the length. ``most``: days."""
        if set(UNITS) & set(self.errors):
            return
        total = sum(n * MINUTES[unit] for unit, n in self.length.items())
        if not total:
            self.add_error("days", "Say how long: more than nothing.")
        elif most and total > most * MINUTES["days"]:
            self.add_error("days", f"A wait lasts at most {most} days.")

    @property
    def setting_names(self) -> list[str]:
        return []
