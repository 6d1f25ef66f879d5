"""What a form showed when it was drawn, so that nobody overwrites unseen what somebody else has saved meanwhile.

A form carries the ``marks`` of the stored values that it was drawn with. Who keeps it asks ``merged`` under the lock:
what was only shown gives way to what is stored now, what was typed is kept, and where both changed it is contested.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

from django.db.models import Model, QuerySet

from tenants.models import AuditLine, Member

Values = Mapping[str, Any]


@dataclass(frozen=True)
class Merged:
    """``values`` are those to keep. ``contested``: what others have stored where something else was typed.

    ``seen`` are the marks for the form when it is drawn again with these said: then what was typed may be kept.
    ``untouched`` are the names of what was only shown.
    """

    values: dict[str, Any]
    contested: dict[str, Any]
    seen: str
    untouched: frozenset[str] = frozenset()


def marks(stored: Values) -> str:
    """The names with a short mark of each value, for a hidden input."""
    return " ".join(f"{name}:{mark(value)}" for name, value in sorted(stored.items()))


def mark(value: Any) -> str:
    """Another one for another value. Nothing, blank text and empty lists are the same."""
    plain = _plain(value)
    text = "" if plain in (None, "", [], {}) else json.dumps(plain, default=str, sort_keys=True)
    return blake2b(text.encode(), digest_size=6).hexdigest()


def merged(seen: str, *, stored: Values, typed: Values) -> Merged:
    """What becomes of the typed values. Without marks all are kept; a name that they lack was empty."""
    if not seen:
        return Merged(dict(typed), {}, "")
    shown = dict(word.rpartition(":")[::2] for word in seen.split())
    untouched = frozenset(name for name in typed if mark(typed[name]) == shown.get(name, mark(None)))
    values, contested = {}, {}
    for name, value in typed.items():
        now, mine, then = mark(stored.get(name)), mark(value), shown.get(name, mark(None))
        values[name] = stored.get(name) if mine == then else value
        if now not in (then, mine) and mine != then:
            contested[name] = stored.get(name)
            shown[name] = now
    marked = " ".join(f"{name}:{shown[name]}" for name in sorted(shown))
    return Merged(values, contested, marked, untouched)


def who_changed(obj: Model, by: Member, verbs: Collection[str] = (), **data: Any) -> str:
    """Who wrote the last line of the audit log on an object, to begin a sentence with.

    ``verbs``: lines of these only; ``data``: look-ups in them.
    """
    lines = AuditLine.objects.filter(object_type=obj._meta.model_name, object_id=obj.pk)
    asked: dict[str, Any] = {f"data__{name}": value for name, value in data.items()}
    if verbs:
        asked["verb__in"] = verbs
    last = lines.filter(**asked).select_related("member__user").order_by("-at", "-pk").first()
    if last is None or last.member is None:
        return "Somebody"
    return "You, in another window," if last.member == by else last.member.name


def _plain(value: Any) -> Any:
    if isinstance(value, Model):
        return value.pk
    if isinstance(value, str):
        return value.replace("\r\n", "\n")  # as browsers send what they were given with bare line ends
    if isinstance(value, QuerySet | list | tuple):
        plain = [_plain(one) for one in value]
        return sorted(plain) if any(isinstance(one, Model) for one in value) else plain
    return value
