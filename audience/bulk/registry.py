"""What can be done to many records at once: a shelf of verbs, on which upper floors put theirs (sequences.apps)."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar

from django import forms
from django.db.models import QuerySet

from audience.fields import RECORDS
from tenants.models import Member
from tenants.policy import can, visible


class CannotDo(ValueError):
    """The verb cannot go on for any record; the message is fit for a person."""


class TooMany(CannotDo):
    """So many records that their number is to be typed first (the workspace's ``confirm_above``)."""

    def __init__(self, records: int) -> None:
        super().__init__("Type their number first.")
        self.records = records


class Verb(ABC):
    """One thing to do. A subclass says how it is asked for and does it, a batch at a time.

    ``permission`` (or ``reach``) is asked of each record: those to which it does not extend are left out and counted.
    """

    key: ClassVar[str]
    label: ClassVar[str]
    icon: ClassVar[str] = ""
    permission: ClassVar[str] = "record.edit"
    reach: ClassVar[str] = ""
    """The permission that is asked of each record, where it is another."""
    records: ClassVar[tuple[str, ...]] = RECORDS
    is_dangerous: ClassVar[bool] = False
    asks_number: ClassVar[bool] = False
    """Whether the number of many is to be typed first."""
    batch: ClassVar[int] = 5000
    """So many records are one transaction: fewer where others wait for what it locks."""
    warning: ClassVar[str] = ""
    left_out: ClassVar[str] = "your role does not reach them"

    def why_left_out(self, record: str) -> str:
        """Why it concerned some of those asked for not."""
        return self.left_out

    def reached(self, member: Member, records: QuerySet[Any]) -> QuerySet[Any]:
        """Those of the records to which the member may do it."""
        return visible(member, self.reach or self.permission, records)

    def form(self, record: str, by: Member, data: Any = None) -> forms.Form:
        """What has to be said besides. Its ``cleaned_data`` goes to ``arguments``."""
        return forms.Form(data)

    def arguments(self, cleaned: Mapping[str, Any]) -> dict[str, Any]:
        """What was said, as JSON holds it."""
        return dict(cleaned)

    def said(self, record: str, arguments: Mapping[str, Any]) -> str:
        """What is done, as a person reads it: ``Add the tag “Fair”``."""
        return self.label

    @abstractmethod
    def apply(
        self, record: str, ids: Sequence[int], arguments: Mapping[str, Any], *, by: Member, at: datetime
    ) -> int:
        """Do it to these records; to how many. Raises CannotDo."""


VERBS: dict[str, Verb] = {}


def register(*verbs: Verb) -> None:
    """Put verbs on the shelf, in the order in which they are offered."""
    VERBS.update({verb.key: verb for verb in verbs})


def verbs_for(record: str, member: Member) -> list[Verb]:
    """What the member may do to records of a kind."""
    found = [verb for verb in VERBS.values() if record in verb.records and can(member, verb.permission)]
    return sorted(found, key=lambda verb: verb.is_dangerous)
