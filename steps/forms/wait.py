"""Nothing happens for a while (semantics 5.6)."""

from __future__ import annotations

from typing import Any

from steps.forms.length import LengthForm
from steps.models import Step

MOST_DAYS = 30


class WaitForm(LengthForm):
    """Nothing happens for a while."""

    kind = "wait"

    def stored(self, step: Step) -> dict[str, Any]:
        return super().stored(step) | dict(step.settings.get("for", {}))

    def clean(self) -> dict[str, Any]:
        self.require_length(MOST_DAYS)
        return self.cleaned_data

    @property
    def settings(self) -> dict[str, Any]:
        return {"for": self.length}
