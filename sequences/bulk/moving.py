"""Moving many people of a tree to its new version, by a job (audience.bulk; semantics 5.14)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from collections.abc import Sequence as Listed
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.http import QueryDict
from django.urls import reverse

from audience.bulk import work
from audience.bulk.registry import CannotDo, Verb
from audience.bulk.sources import Source
from audience.models import RecordJob
from sequences import edits, enrollment
from sequences.models import Enrollment, Sequence
from tenants.models import Member
from tenants.policy import can, visible

STAYS = "stay"
AT_ONCE = 2_000
"""So many are moved while one waits; more by a job."""


class Movable(Source):
    """The stays of a sequence that are carried over to its current version. Its query names the sequence."""

    record = STAYS

    @property
    def rows(self) -> QuerySet[Any]:
        return Enrollment.objects.all()

    def picked(self, by: Member, ids: Iterable[int]) -> QuerySet[Any]:
        return self.rows.filter(pk__in=ids, sequence__in=visible(by, "sequence.edit", Sequence.objects.all()))

    def listed(self, by: Member, query: str, *, at: datetime) -> QuerySet[Any]:
        found = visible(by, "sequence.edit", Sequence.objects.all())
        sequence = found.filter(pk=int(QueryDict(query)["sequence"])).first()
        return edits.movable(sequence) if sequence else self.rows.none()

    def address(self, query: str, *, at: datetime) -> str:
        return reverse("sequence-versions", args=[int(QueryDict(query)["sequence"])])

    def count(self, number: int) -> str:
        return "person" if number == 1 else "people"


class MoveStays(Verb):
    """Those inside a tree go on in the version that its arguments name, while it is the current one."""

    key, label, permission = "move_stays", "Move to the new version", "sequence.edit"
    records = (STAYS,)
    batch = 2_000
    left_out = "meanwhile they went on to a step that the new version does not have"

    def reached(self, member: Member, records: QuerySet[Any]) -> QuerySet[Any]:
        """All of the sequence: who may publish it moves those inside, whoever may see them."""
        return records

    def said(self, record: str, arguments: Mapping[str, Any]) -> str:
        name = Sequence.objects.values_list("name", flat=True).get(pk=arguments["sequence"])
        return f"Move people in “{name}” to version {arguments['number']}"

    def apply(
        self, record: str, ids: Listed[int], arguments: Mapping[str, Any], *, by: Member, at: datetime
    ) -> int:
        (sequence,) = enrollment.hold_rows([arguments["sequence"]]) or (None,)
        if sequence is None or not can(by, self.permission, sequence):
            raise CannotDo("The sequence is deleted, or not yours to change any more.")
        if sequence.plan_id != arguments["plan"]:
            raise CannotDo("Another version was published meanwhile.")
        return edits.move(sequence, ids, now=at)


def under_way(sequence: Sequence) -> RecordJob | None:
    """The job that moves people of the sequence just now."""
    found = RecordJob.objects.filter(record=STAYS, filter=_query(sequence))
    return found.filter(state__in=(RecordJob.QUEUED, RecordJob.RUNNING)).order_by("-pk").first()


def _query(sequence: Sequence) -> str:
    return urlencode({"sequence": sequence.pk})


def move_later(sequence: Sequence, *, by: Member, now: datetime) -> RecordJob:
    """Have those moved who are carried over to the current version; the job that does it."""
    plan = sequence.plan
    return work.start(
        by=by,
        record=STAYS,
        verb=MoveStays(),
        arguments={"sequence": sequence.pk, "plan": plan.pk, "number": plan.number},
        query=_query(sequence),
        at=now,
    )
