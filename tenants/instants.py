"""Instants on command lines."""

from __future__ import annotations

from datetime import UTC, datetime

from django.conf import settings
from django.core.management.base import CommandError
from django.utils.dateparse import parse_datetime
from django.utils.timezone import is_naive

WRONG_ARGUMENT = 2
"""The exit status of a command that does not understand its arguments."""


def moment(text: str | None) -> datetime | None:
    """The instant of an argument ``--at``; without an offset it is UTC. Raises CommandError, in production always."""
    if text is None:
        return None
    if settings.MODE not in ("demo", "test"):
        raise CommandError("--at is for demonstration and tests only", returncode=WRONG_ARGUMENT)
    try:
        found = parse_datetime(text) or parse_datetime(f"{text}T00:00")
    except ValueError:
        found = None
    if found is None:
        raise CommandError(f"“{text}” is no date and time: 2026-05-04T09:00+02:00", returncode=WRONG_ARGUMENT)
    return found.replace(tzinfo=UTC) if is_naive(found) else found
