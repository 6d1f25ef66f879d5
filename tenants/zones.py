"""Time zones in forms."""

from __future__ import annotations

from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from django import forms
from django.core.exceptions import ValidationError

from tenants.localtime import UnknownZone, zone_named


class ZoneField(forms.CharField):
    """An IANA time zone, spelled as there."""

    def prepare_value(self, value: Any) -> Any:
        return str(value) if isinstance(value, ZoneInfo) else value

    def clean(self, value: Any) -> ZoneInfo:
        try:
            return zone_named(super().clean(value).strip())
        except UnknownZone as unknown:
            raise ValidationError(f"{str(unknown)[0].upper()}{str(unknown)[1:]}.") from unknown


@lru_cache(maxsize=1)
def zone_names() -> tuple[str, ...]:
    """What a form suggests: the zones with a place in their name, and UTC."""
    return (
        "UTC",
        *sorted(name for name in available_timezones() if "/" in name and not name.startswith("Etc/")),
    )
