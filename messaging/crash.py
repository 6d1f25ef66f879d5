"""Crash points: in test mode the process dies where a test says, as if the power had failed (reliability §7).

``CRASH_POINT`` is ``C5:2`` (the second passing of C5) or ``C4@17`` (each time message 17 passes C4).
"""

from __future__ import annotations

import os
from collections import Counter

from django.conf import settings

_passed: Counter[str] = Counter()


def point(name: str, message_id: int | None = None) -> None:
    """Somewhere between two steps of the protocol; ``name`` as in the table of reliability §3.2."""
    if settings.MODE != "test" or not (wanted := getattr(settings, "CRASH_POINT", "")):
        return
    if "@" in wanted:
        dies = wanted == f"{name}@{message_id}"
    else:
        _passed[name] += 1
        dies = wanted == f"{name}:{_passed[name]}"
    if dies:
        os._exit(137)
