"""The types of fields and their operators, as data (semantics 6.3). Pure."""

from __future__ import annotations

from enum import StrEnum


class FieldType(StrEnum):
    """What a field holds. The values are stored in the catalogue of custom fields and must stay."""

    TEXT = "text"
    CHOICE = "choice"
    USER = "user"
    REFERENCE = "reference"
    NUMBER = "number"
    MONEY = "money"
    YES_NO = "yes_no"
    TAGS = "tags"
    DATE = "date"
    DATE_TIME = "date_time"
    SEQUENCE = "sequence"
    STEP_FACT = "step_fact"
    STEP_OUTCOME = "step_outcome"


DATED = (FieldType.DATE, FieldType.DATE_TIME)
"""Types of which a condition may give another answer on another day."""


class Shape(StrEnum):
    """What stands beside an operator."""

    ONE = "one"
    LIST = "list"
    RANGE = "range"
    DAYS = "days"
    NONE = "none"


def _shapes(shape: Shape, *operators: str) -> dict[str, Shape]:
    return dict.fromkeys(operators, shape)


EMPTINESS = _shapes(Shape.NONE, "empty", "not_empty")
ONE_OF = _shapes(Shape.ONE, "is", "is_not") | _shapes(Shape.LIST, "in", "not_in")
AMOUNT = _shapes(Shape.ONE, "=", "!=", ">", ">=", "<", "<=") | {"between": Shape.RANGE}
CALENDAR = _shapes(Shape.ONE, "before", "after", "on") | _shapes(
    Shape.DAYS, "in_last_days", "in_next_days", "not_in_last_days"
)

OPERATORS: dict[FieldType, dict[str, Shape]] = {
    FieldType.TEXT: _shapes(Shape.ONE, "is", "is_not", "contains", "not_contains", "starts_with", "ends_with")
    | _shapes(Shape.LIST, "in", "not_in")
    | EMPTINESS,
    FieldType.CHOICE: ONE_OF | EMPTINESS,
    FieldType.USER: ONE_OF | EMPTINESS,
    FieldType.REFERENCE: ONE_OF | EMPTINESS,
    FieldType.NUMBER: AMOUNT | EMPTINESS,
    FieldType.MONEY: AMOUNT | EMPTINESS,
    FieldType.YES_NO: _shapes(Shape.ONE, "is"),
    FieldType.TAGS: _shapes(Shape.LIST, "has_any", "has_all", "has_none") | EMPTINESS,
    FieldType.DATE: CALENDAR | EMPTINESS,
    FieldType.DATE_TIME: CALENDAR | EMPTINESS,
    FieldType.SEQUENCE: _shapes(Shape.ONE, "in", "not_in", "was_in", "never_in"),
    FieldType.STEP_FACT: _shapes(Shape.ONE, "is"),
    FieldType.STEP_OUTCOME: _shapes(Shape.ONE, "is") | _shapes(Shape.LIST, "in"),
}
"""Type → operator → what its value looks like. Any other operator is a fault."""

TRUE_WHERE_EMPTY = frozenset(
    {"is_not", "not_in", "not_contains", "has_none", "!=", "not_in_last_days", "empty"}
)
"""The operators that are true of an empty field (semantics 6.4); all others are false."""

ME = "me"
"""As the value of a user field: the owner of the sequence."""

CUSTOM_TYPES = (
    FieldType.TEXT,
    FieldType.NUMBER,
    FieldType.YES_NO,
    FieldType.DATE,
    FieldType.TAGS,
)
"""What a field made from a file's values may be (semantics 6.5)."""

STEP_FACTS = ("sent", "opened", "clicked", "replied", "bounced")
"""What may be asked of an e-mail step (semantics 2.30)."""

OUTCOME = "outcome"
"""What may be asked of a call step."""
