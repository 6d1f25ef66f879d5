"""The activity fields of contacts and accounts, as audience.activity keeps them (semantics 6.5)."""

from __future__ import annotations

import importlib
from datetime import datetime
from typing import Any


def mark(contacts: Any, event: str, at: datetime, type: str | None = None) -> None:
    """Hand on to audience.activity."""
    try:
        activity = importlib.import_module("audience.activity")
    except ModuleNotFoundError:
        return  # not there yet
    activity.mark(contacts, event, at, type=type)
