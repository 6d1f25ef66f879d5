"""Values of fields as they are stored. Raises Refused (audience.conditions.values) where one does not suit."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from math import isfinite
from typing import Any

from django.db.models import Model

from audience.conditions.types import FieldType
from audience.conditions.values import Refused
from audience.fields import Field
from tenants.models import Member


def stored(field: Field, value: Any) -> Any:
    """A typed value as the field's column holds it; of tags a list of labels. Empty is None, of standard texts "".

    Text is str, number and money int, float or Decimal, yes/no bool, date date, date-time an aware datetime, tags a
    list; a user is a Member, its id or an e-mail, a reference a record or its id. Raises Refused.
    """
    if is_empty(value):
        return _nothing(field)
    return READERS[field.type](field, value)


def is_empty(value: Any) -> bool:
    """Missing, only blanks, or an empty list (semantics 6.3)."""
    return value is None or (isinstance(value, str) and not value.strip()) or value in ([], ())


def _nothing(field: Field) -> Any:
    if field.type is FieldType.TAGS:
        return []
    is_standard_text = field.type in (FieldType.TEXT, FieldType.CHOICE) and not field.is_custom
    return "" if is_standard_text else None


def _text(field: Field, value: Any) -> str:
    if isinstance(value, (bool, list, tuple, dict)):
        raise Refused("a text is wanted")
    text = str(value)
    if "\x00" in text:
        raise Refused("a text cannot hold the character NUL")
    if len(text) > field.longest:
        raise Refused(f"a text may have {field.longest:,} characters, this one has {len(text):,}")
    return text


def _choice(field: Field, value: Any) -> str:
    chosen = _text(field, value).strip()
    for choice in field.choices:
        if choice.casefold() == chosen.casefold():
            return choice
    if field.choices:
        raise Refused(f"“{chosen}” is none of its values: {', '.join(field.choices)}")
    return chosen


def _user(field: Field, value: Any) -> int:
    if isinstance(value, Member):
        return value.pk
    if isinstance(value, int):
        return value
    found = Member.objects.filter(user__email=str(value).strip().lower()).values_list("pk", flat=True).first()
    if found is None:
        raise Refused(f"there is no user “{value}”")
    return found


def _reference(field: Field, value: Any) -> int:
    if isinstance(value, Model):
        return int(value.pk)
    try:
        return int(value)
    except (TypeError, ValueError) as error:
        raise Refused(f"there is no record “{value}”") from error


def _number(field: Field, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float, Decimal)) or not isfinite(value):
        raise Refused("a number is wanted")
    return float(value)


def _yes_no(field: Field, value: Any) -> bool:
    if not isinstance(value, bool):
        raise Refused("true or false is wanted")
    return value


def _date(field: Field, value: Any) -> date:
    if type(value) is not date:
        raise Refused("a date is wanted: YYYY-MM-DD")
    return value


def _instant(field: Field, value: Any) -> datetime:
    if not isinstance(value, datetime) or value.tzinfo is None:
        raise Refused("a date and time is wanted: YYYY-MM-DD HH:MM")
    return value.astimezone(UTC)


def _labels(field: Field, value: Any) -> list[str]:
    if isinstance(value, str) or not isinstance(value, (list, tuple, set)):
        raise Refused("a list of tags is wanted")
    return list(dict.fromkeys(_text(field, label).strip() for label in value if not is_empty(label)))


READERS: dict[FieldType, Callable[[Field, Any], Any]] = {
    FieldType.TEXT: _text,
    FieldType.CHOICE: _choice,
    FieldType.USER: _user,
    FieldType.REFERENCE: _reference,
    FieldType.NUMBER: _number,
    FieldType.MONEY: _number,
    FieldType.YES_NO: _yes_no,
    FieldType.DATE: _date,
    FieldType.DATE_TIME: _instant,
    FieldType.TAGS: _labels,
}
