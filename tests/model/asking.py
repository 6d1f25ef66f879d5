"""Random conditions: every field of a small table with every operator that its type has."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from audience.conditions.types import ME, OPERATORS, FieldType, Shape
from audience.fields import STANDARD
from tests.model.pools import ACCOUNT_VALUES, CONTACT_VALUES, MODES, OPPORTUNITY_VALUES, USERS, Raw, condition
from tests.model.source import Chooser, Source

TYPES = {(field.record, field.key): field.type for field in STANDARD} | {
    ("contact", "vip"): FieldType.YES_NO,
    ("contact", "visits"): FieldType.NUMBER,
    ("contact", "langs"): FieldType.TAGS,
    ("contact", "met_on"): FieldType.DATE,
    ("account", "tier"): FieldType.TEXT,
}
MOMENTS = [
    "created_at",
    "last_sent_at",
    "last_opened_at",
    "last_clicked_at",
    "last_replied_at",
    "last_activity_at",
]
ASKED: dict[str, list[str]] = {
    "contact": [*CONTACT_VALUES, "account", *MOMENTS, "last_activity_type"],
    "account": [*ACCOUNT_VALUES, *MOMENTS, "last_contacted_mode", "last_activity_type"],
    "opportunity": [*OPPORTUNITY_VALUES, "account", "contact", "created_at"],
}
POOLS = {
    "contact": CONTACT_VALUES,
    "account": ACCOUNT_VALUES | {"last_contacted_mode": MODES},
    "opportunity": OPPORTUNITY_VALUES,
}
TYPES_OF_ACTIVITY = ["Call", "lunch", "Task", "SMS", "email", "LinkedIn"]


class Asking(Chooser):
    """Draws conditions. ``ids`` are the records that may be named, by kind; ``names`` the sequences."""

    def __init__(self, source: Source, days: list[date], ids: dict[str, list[str]], names: list[str]) -> None:
        super().__init__(source)
        self.days = days
        self.ids = ids
        self.names = names

    def any(self) -> Raw:
        """One condition on any field, or on membership."""
        if self.one_in(10):
            op = self.pick(list(OPERATORS[FieldType.SEQUENCE]))
            return condition("sequence", op, self.pick([*self.names, self.names[0].upper()]))
        record = self.pick(["contact", "contact", "contact", "account", "account", "opportunity"])
        key = self.pick(ASKED[record])
        type_ = TYPES[record, key]
        if type_ is FieldType.REFERENCE and not self.ids[key]:
            return condition(f"{record}.{key}", self.pick(["empty", "not_empty"]))
        op = self.pick(list(OPERATORS[type_]))
        return condition(f"{record}.{key}", op, self.value(record, key, OPERATORS[type_][op]))

    def value(self, record: str, key: str, shape: Shape) -> Any:
        if shape is Shape.NONE:
            return None
        if shape is Shape.DAYS:
            return self.pick([0, 1, 2, 5])
        possible = self.possible(record, key)
        if shape is Shape.RANGE:
            return sorted([self.pick(possible), self.pick(possible)])
        if shape is Shape.LIST:
            return self.some(possible, 1, min(2, len(possible)))
        return self.pick(possible)

    def possible(self, record: str, key: str) -> list[Any]:
        """Values that conditions on a field may name."""
        type_ = TYPES[record, key]
        if type_ in (FieldType.DATE, FieldType.DATE_TIME):
            return self.days
        if type_ is FieldType.USER:
            return [*USERS, ME]
        if type_ is FieldType.REFERENCE:
            return self.ids[key]
        if key == "last_activity_type":
            return TYPES_OF_ACTIVITY
        if type_ is FieldType.TAGS:
            return ["fair", "VIP", "expo"]
        pool = [one for one in POOLS[record][key] if one is not None and str(one).strip()]
        if type_ is FieldType.TEXT:
            pool = [*pool, *(one.strip()[:3].upper() for one in pool)]
        if type_ in (FieldType.NUMBER, FieldType.MONEY):
            pool = [*pool, Decimal("50.5")]
        return pool
