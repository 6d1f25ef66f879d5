"""Where a page begins of a list in the order of an instant, then of a key: ``2026-11-22T09:00:00+00:00~17``."""

from __future__ import annotations

from datetime import datetime

Cursor = tuple[datetime, int]


def read_cursor(text: str) -> Cursor | None:
    """What an address says; None of nonsense: then the list begins at its beginning."""
    at, _, pk = text.partition("~")
    try:
        found = datetime.fromisoformat(at)
    except ValueError:
        return None
    return (found, int(pk)) if found.tzinfo and pk.isascii() and pk.isdigit() and len(pk) < 19 else None


def written(cursor: Cursor | None) -> str:
    """The same for an address."""
    return f"{cursor[0].isoformat()}~{cursor[1]}" if cursor else ""
