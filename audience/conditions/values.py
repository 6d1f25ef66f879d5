"""Reading the value of a condition for the type of its field (semantics 6.3). Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from math import isfinite
from typing import Any

from audience.conditions.types import ME, OPERATORS, FieldType, Shape

Value = str | float | bool | date | tuple[Any, ...] | None
MOST_DAYS = 36_500


class Refused(ValueError):
    """The value does not suit; the message says what would."""


@dataclass(frozen=True)
class Known:
    """What references may name, without case; None is not looked at. ``choices`` are the field's, when closed."""

    users: frozenset[str] | None = None
    sequences: frozenset[str] | None = None
    references: frozenset[str] | None = None
    choices: tuple[str, ...] = ()


def read_value(raw: Any, type_: FieldType, op: str, known: Known) -> Value:
    """The value as the compiler wants it: text, float, bool, date, days as int, a tuple of them, or None.

    Raises Refused. The operator must be one of the type's.
    """
    shape = OPERATORS[type_][op]
    if shape is Shape.NONE:
        _nothing(raw)
        return None
    if shape is Shape.DAYS:
        return _days(raw)
    if shape is Shape.RANGE:
        return _range(raw)
    read = READERS[type_]
    if shape is Shape.LIST:
        return _list(raw, lambda item: read(item, known))
    return read(raw, known)


def _nothing(raw: Any) -> None:
    if raw is not None:
        raise Refused("this operator takes no value")


def _days(raw: Any) -> int:
    if isinstance(raw, bool) or not isinstance(raw, int) or not 0 <= raw <= MOST_DAYS:
        raise Refused("a number of days, 0 or more, is wanted")
    return raw


def _range(raw: Any) -> tuple[float, float]:
    if not isinstance(raw, (list, tuple)) or len(raw) != 2:
        raise Refused("two numbers are wanted: [low, high]")
    low, high = number(raw[0]), number(raw[1])
    if low > high:
        raise Refused("the first number must not be greater than the second")
    return low, high


def _list(raw: Any, read: Callable[[Any], Any]) -> tuple[Any, ...]:
    if not isinstance(raw, (list, tuple)) or not raw:
        raise Refused("a list of one value or more is wanted")
    return tuple(read(item) for item in raw)


def number(raw: Any, known: Known | None = None) -> float:
    """A finite number; text that looks like one is none."""
    if isinstance(raw, bool) or not isinstance(raw, (int, float, Decimal)) or not isfinite(raw):
        raise Refused("a number is wanted")
    return float(raw)


def text(raw: Any, known: Known | None = None) -> str:
    """Text that is not blank; for blanks there are ``empty`` and ``not_empty``."""
    if not isinstance(raw, str):
        raise Refused("a text is wanted; what looks like a number or a date goes in quotes")
    if not raw.strip():
        raise Refused("a text that is not blank is wanted; for blanks use empty or not_empty")
    return raw


def label(raw: Any, known: Known | None = None) -> str:
    """Text, or a number taken as its text: labels and ids may look like one."""
    if isinstance(raw, (int, Decimal)) and not isinstance(raw, bool):
        return str(raw)
    return text(raw)


def yes_no(raw: Any, known: Known | None = None) -> bool:
    """``true`` or ``false`` and nothing that only resembles them."""
    if not isinstance(raw, bool):
        raise Refused("yes or no is wanted (in files: true or false)")
    return raw


def day(raw: Any, known: Known | None = None) -> date:
    """A date, or its text YYYY-MM-DD as JSON has it."""
    if type(raw) is date:
        return raw
    try:
        if isinstance(raw, str) and len(raw) == len("YYYY-MM-DD"):
            return date.fromisoformat(raw)
    except ValueError:
        pass
    raise Refused("a date is wanted: YYYY-MM-DD")


def _choice(raw: Any, known: Known) -> str:
    chosen = label(raw)
    if known.choices and chosen.casefold() not in {choice.casefold() for choice in known.choices}:
        raise Refused(f"“{chosen}” is none of its values: {', '.join(known.choices)}")
    return chosen


def _user(raw: Any, known: Known) -> str:
    user = text(raw).strip().lower()
    if user != ME and "@" not in user:
        raise Refused("the email of a user is wanted, or me")
    if user != ME and known.users is not None and user not in known.users:
        raise Refused(f"there is no user “{user}”")
    return user


def _reference(raw: Any, known: Known) -> str:
    reference = label(raw)
    if known.references is not None and reference not in known.references:
        raise Refused(f"there is no record “{reference}”")
    return reference


def _sequence(raw: Any, known: Known) -> str:
    name = label(raw)
    if known.sequences is not None and name.strip().casefold() not in known.sequences:
        raise Refused(f"there is no sequence “{name}”")
    return name


READERS: dict[FieldType, Callable[[Any, Known], Any]] = {
    FieldType.TEXT: text,
    FieldType.CHOICE: _choice,
    FieldType.USER: _user,
    FieldType.REFERENCE: _reference,
    FieldType.NUMBER: number,
    FieldType.MONEY: number,
    FieldType.YES_NO: yes_no,
    FieldType.TAGS: label,
    FieldType.DATE: day,
    FieldType.DATE_TIME: day,
    FieldType.SEQUENCE: _sequence,
    FieldType.STEP_FACT: yes_no,
    FieldType.STEP_OUTCOME: label,
}
