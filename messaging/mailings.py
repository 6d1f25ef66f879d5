"""What the messages of one step share, pinned at the run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import time
from typing import Any, Protocol

from messaging.models import Mailing, TemplateVersion


class Pinned(Protocol):
    """A step, as far as its messages are concerned."""

    key: str
    settings: Mapping[str, Any]


def pin(
    step: Pinned,
    version: TemplateVersion | None,
    *,
    window: tuple[time, time] | None = None,
    window_zone: str = "",
    text: str = "",
    reply_to: str | None = None,
    cc: Iterable[str] | None = None,
    bcc: Iterable[str] | None = None,
) -> Mailing:
    """The Mailing of this step with this version of its template and the step's settings of now; made if there is none.

    ``settings`` has the keys of semantics 6.2. ``reply_to``, ``cc`` and ``bcc`` are given where the settings name users
    whose addresses the caller has looked up; else they are taken from the settings as they stand. ``text`` is an SMS.
    ``window_zone`` is the sequence's, for recipients whose own is not known (semantics 2.36).
    A template edited later makes another Mailing; messages made before keep theirs (semantics 2.32).
    """
    given = step.settings
    start, end = window or (None, None)
    fields = {
        "template_version": version,
        "step_key": step.key,
        "text": text or given.get("text", ""),
        "thread": given.get("thread", "new"),
        "reply_to": given.get("reply_to") or "" if reply_to is None else reply_to,
        "cc": _addresses(given.get("cc") if cc is None else cc),
        "bcc": _addresses(given.get("bcc") if bcc is None else bcc),
        "track_opens": bool(given.get("track_opens", True)),
        "track_clicks": bool(given.get("track_clicks", True)),
        "unsubscribe": bool(given.get("unsubscribe", True)),
        "window_start": start,
        "window_end": end,
        "window_zone": window_zone if window else "",
    }
    return Mailing.objects.filter(**fields).order_by("pk").first() or Mailing.objects.create(**fields)


def _addresses(value: str | Iterable[str] | None) -> str:
    if not value:
        return ""
    return value if isinstance(value, str) else ", ".join(value)
