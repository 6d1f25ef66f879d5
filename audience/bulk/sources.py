"""What jobs go through: the lists of records, and lists of other things that upper floors put here (sequences.apps)."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.http import QueryDict
from django.urls import reverse

from audience.fields import RECORDS
from audience.kept import short
from audience.kinds import KINDS
from audience.listing import Listing
from audience.records import MODELS
from tenants.models import Member
from tenants.policy import visible


class Source(ABC):
    """Rows of one kind, by id, and the list in which a member asks for some of them by a query."""

    record: str
    """What a job calls them."""

    @property
    @abstractmethod
    def rows(self) -> QuerySet[Any]:
        """All of them, whoever may see them."""

    @abstractmethod
    def picked(self, by: Member, ids: Iterable[int]) -> QuerySet[Any]:
        """Those of these that the member may see."""

    @abstractmethod
    def listed(self, by: Member, query: str, *, at: datetime) -> QuerySet[Any]:
        """Those of the list that the member asks for by a query, as it was at a moment."""

    @abstractmethod
    def address(self, query: str, *, at: datetime) -> str:
        """Where that list is."""

    @abstractmethod
    def count(self, number: int) -> str:
        """The word that follows a number of them."""


class RecordList(Source):
    """The list of one kind of record."""

    def __init__(self, record: str) -> None:
        self.record = record

    @property
    def rows(self) -> QuerySet[Any]:
        return MODELS[self.record].objects.all()

    def picked(self, by: Member, ids: Iterable[int]) -> QuerySet[Any]:
        return visible(by, "record.view", self.rows.filter(pk__in=ids))

    def listed(self, by: Member, query: str, *, at: datetime) -> QuerySet[Any]:
        return Listing(self.record, QueryDict(query), by, at=at).records

    def address(self, query: str, *, at: datetime) -> str:
        return f"{reverse(KINDS[self.record].pages)}?{short(QueryDict(query), at=at)}"

    def count(self, number: int) -> str:
        return KINDS[self.record].count(number)


SOURCES: dict[str, Source] = {record: RecordList(record) for record in RECORDS}


def register(*sources: Source) -> None:
    """Let jobs go through these, too."""
    SOURCES.update({source.record: source for source in sources})
