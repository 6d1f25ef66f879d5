"""What names a sequence follows when that is renamed (F-35).

Conditions on membership name it: one that were left behind would ask about a sequence that there is not, and *never in*
would then let everybody in.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from django.db.models import Model

from audience.catalogue import lowered
from audience.fields import SEQUENCE
from audience.models import SavedView
from sequences.models import Sequence
from steps.models import Step

FIELDS = (SEQUENCE.key, SEQUENCE.name)
PLACES: tuple[tuple[type[Model], str], ...] = (
    (SavedView, "conditions"),
    (Sequence, "entry_conditions"),
    (Sequence, "exit_conditions"),
    (Step, "conditions"),
    (Step, "settings"),
)
"""Where conditions are stored; the settings of a step may have some, or name a sequence themselves."""


def follow(before: str, after: str) -> None:
    """Let everything that names the sequence ``before`` name it ``after``; plans that are pinned, too."""

    @cache
    def is_meant(name: str) -> bool:
        return len(set(lowered([name.strip(), before]).values())) == 1

    def renamed(name: Any) -> Any:
        return after if isinstance(name, str) and is_meant(name) else name

    for model, attribute in PLACES:
        rows: Any = model._default_manager.exclude(**{f"{attribute}__in": ([], {})}).order_by("pk")
        for pk, stored in rows.values_list("pk", attribute):
            told = _told(stored, renamed)
            if told != stored:
                rows.filter(pk=pk).update(**{attribute: told})


def _told(stored: Any, renamed: Callable[[Any], Any]) -> Any:
    """Conditions, or settings of a step that hold some, with the name as it is now."""
    if isinstance(stored, list):
        return [_condition(row, renamed) for row in stored]
    told = dict(stored)
    if "conditions" in told:
        told["conditions"] = _told(told["conditions"] or [], renamed)
    if "sequence" in told:
        told["sequence"] = renamed(told["sequence"])
    return told


def _condition(row: dict[str, Any], renamed: Callable[[Any], Any]) -> dict[str, Any]:
    return row | {"value": renamed(row.get("value"))} if row.get("field") in FIELDS else row
