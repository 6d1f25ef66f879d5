"""Conditions that name a sequence or a tag follow when it is renamed (F-35).

One that were left behind would ask about what there is not: *was never in*, and *has none of*, let everybody in then.
"""

from __future__ import annotations

from collections.abc import Collection
from functools import cache
from typing import Any

from django.db.models import Model

from audience.catalogue import lowered
from audience.fields import SEQUENCE
from audience.models import SavedView
from sequences.models import Sequence
from steps.models import Step

MEMBERSHIP = (SEQUENCE.key, SEQUENCE.name)
TAGS = ("tags", "contact.tags", "account.tags")
PLACES: tuple[tuple[type[Model], str], ...] = (
    (SavedView, "conditions"),
    (Sequence, "entry_conditions"),
    (Sequence, "exit_conditions"),
    (Step, "conditions"),
    (Step, "settings"),
)
"""Where conditions are stored; the settings of a step may have some, or name a sequence themselves."""


def follow(fields: Collection[str], before: str, after: str) -> None:
    """Let conditions on these fields that name ``before`` name ``after``, in plans that are pinned, too."""

    @cache
    def is_meant(name: str) -> bool:
        return len(set(lowered([name.strip(), before]).values())) == 1

    def renamed(value: Any) -> Any:
        if isinstance(value, list):
            return list({name.casefold(): name for name in map(renamed, reversed(value))}.values())[::-1]
        return after if isinstance(value, str) and is_meant(value) else value

    def told(stored: Any) -> Any:
        if isinstance(stored, list):
            return [
                row | {"value": renamed(row.get("value"))} if row.get("field") in fields else row
                for row in stored
            ]
        inside = {"conditions": told(stored["conditions"])} if stored.get("conditions") else {}
        if fields is MEMBERSHIP and "sequence" in stored:
            inside["sequence"] = renamed(stored["sequence"])
        return stored | inside

    for model, attribute in PLACES:
        rows: Any = model._default_manager.exclude(**{f"{attribute}__in": ([], {})}).order_by("pk")
        for pk, stored in rows.values_list("pk", attribute):
            if (followed := told(stored)) != stored:
                rows.filter(pk=pk).update(**{attribute: followed})
