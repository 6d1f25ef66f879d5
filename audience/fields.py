"""The catalogue of fields: the standard ones as data (semantics 6.5), a tenant's own passed in beside them. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property

from audience.conditions.types import FieldType as T

CONTACT, ACCOUNT, OPPORTUNITY = "contact", "account", "opportunity"
RECORDS = (CONTACT, ACCOUNT, OPPORTUNITY)

MODES = (
    "Not yet contacted",
    "No reply",
    "Opened but no reply",
    "Replied",
    "Incoming call",
    "Outgoing call",
    "Chat",
    "Sales Activity",
)
"""All that ``last_contacted_mode`` can be; the only closed list."""

ACTIVITY_TYPES = ("Call", "Phone", "Chat", "Task", "SMS", "Email", "LinkedIn", "Meeting")
"""The types of activities that every workspace has (F-63 and the table of semantics 6.5)."""

OUTCOMES = ("Connected", "No answer", "Voicemail", "Wrong number")
"""What calls may have come to, until the workspace has a list of its own."""

ACTIVITY = "activity"
"""In the place of a record: whose lists of values are ``type`` and ``outcome``, of activities and calls."""


LONGEST = 500
"""Characters of a text that has an index: of four bytes each they still fit into an entry of it."""
LONGEST_CUSTOM = 20_000


@dataclass(frozen=True)
class Field:
    """One field of a record.

    ``choices`` is a closed list of values; an open one is not listed here. Without ``has_values`` no record has one: a
    field that a file names in conditions or templates only. ``custom_id`` and ``column``: of a tenant's own field, as
    its catalogue has it, its id and the slot that holds its values (of tags there is none).
    """

    record: str
    key: str
    label: str
    type: T
    is_custom: bool = False
    choices: tuple[str, ...] = ()
    has_values: bool = True
    custom_id: int | None = field(default=None, compare=False)
    column: str = field(default="", compare=False)

    @property
    def name(self) -> str:
        """Its full name in conditions and templates."""
        return f"{self.record}.{self.key}"

    @property
    def longest(self) -> int:
        """How many characters a text of it may have."""
        return LONGEST_CUSTOM if self.is_custom and self.type is T.TEXT else LONGEST


def _of(record: str, type_: T, *keys: str) -> list[Field]:
    return [Field(record, key, LABELS.get(key, key.replace("_", " ")), type_) for key in keys]


def _activity(record: str) -> list[Field]:
    moments = ("created_at", "last_sent_at", "last_opened_at", "last_clicked_at", "last_replied_at")
    mode = Field(record, "last_contacted_mode", "last contacted mode", T.CHOICE, choices=MODES)
    return [
        *_of(record, T.DATE_TIME, *moments, "last_activity_at"),
        mode,
        *_of(record, T.CHOICE, "last_activity_type"),
    ]


LABELS = {
    "email": "email",
    "account": "company",
    "close_on": "close date",
    "created_at": "created",
    "last_sent_at": "last sent",
    "last_opened_at": "last opened",
    "last_clicked_at": "last clicked",
    "last_replied_at": "last replied",
    "last_activity_at": "last activity",
    "timezone": "time zone",
    "mobile": "mobile number",
}
"""Where a label is not the key with blanks."""

SEQUENCE = Field(CONTACT, "sequence", "sequence", T.SEQUENCE)
"""Membership in sequences (semantics 2.17): the contact's, written without a record."""

STANDARD: tuple[Field, ...] = (
    *_of(CONTACT, T.TEXT, "email", "first_name", "last_name", "job_title", "phone", "mobile"),
    *_of(CONTACT, T.TEXT, "country", "city", "timezone", "language", "source"),
    *_of(CONTACT, T.CHOICE, "lifecycle_stage"),
    *_of(CONTACT, T.USER, "owner"),
    *_of(CONTACT, T.REFERENCE, "account"),
    *_of(CONTACT, T.TAGS, "tags"),
    *_of(CONTACT, T.NUMBER, "score"),
    *_activity(CONTACT),
    *_of(ACCOUNT, T.TEXT, "name", "website", "industry", "phone", "country", "city"),
    *_of(ACCOUNT, T.NUMBER, "employees"),
    *_of(ACCOUNT, T.USER, "owner"),
    *_of(ACCOUNT, T.TAGS, "tags"),
    *_activity(ACCOUNT),
    *_of(OPPORTUNITY, T.TEXT, "name"),
    *_of(OPPORTUNITY, T.MONEY, "amount"),
    *_of(OPPORTUNITY, T.CHOICE, "stage"),
    *_of(OPPORTUNITY, T.DATE, "close_on"),
    *_of(OPPORTUNITY, T.USER, "owner"),
    *_of(OPPORTUNITY, T.REFERENCE, "account", "contact"),
    *_of(OPPORTUNITY, T.DATE_TIME, "created_at"),
)

BY_PLACE = {(field.record, field.key): field for field in STANDARD}

RESERVED = {"id", "sequence", "step"}
"""Names that no custom field may have."""


class Catalogue:
    """Every field there is: the standard ones and those passed in, which are not looked at before they are needed."""

    def __init__(self, custom: Iterable[Field] = ()) -> None:
        self._custom = custom

    @cached_property
    def _fields(self) -> dict[tuple[str, str], Field]:
        return BY_PLACE | {(field.record, field.key): field for field in self._custom}

    def get(self, record: str, key: str) -> Field | None:
        """The field of a record by its key, or None."""
        return BY_PLACE.get((record, key)) or self._fields.get((record, key))

    def of(self, record: str) -> list[Field]:
        """The fields of a record, standard ones first."""
        return [field for field in self if field.record == record]

    def __iter__(self) -> Iterator[Field]:
        return iter(self._fields.values())
