"""The timeline of a contact: facts, and when it came into sequences and left them; newest first, page by page."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet

from activities.models import Fact
from audience.models import Contact
from messaging.models import Message
from sequences.models import Enrollment, Sequence
from tenants.models import Member

SIZE = 30
RANK = {"arrived": -2, "entered": -1, "exited": 1}
"""What comes first of what has one instant: who enters is written to then, who answers leaves then."""
Key = tuple[datetime, int]
"""At and id of a fact: what stands before it is older."""


@dataclass(frozen=True)
class Line:
    """One thing that happened. ``about``: the subject of a message or the title of a reminder."""

    kind: str
    at: datetime
    about: str = ""
    sequence: str = ""
    by: str = ""
    by_machine: bool = False
    channel: str = "email"
    data: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Timeline:
    """A page of it; ``older`` is the key of the next page, None on the last."""

    lines: list[Line]
    older: Key | None


def timeline_of(contact: Contact, sequences: QuerySet[Sequence], before: Key | None = None) -> Timeline:
    """What happened to the contact before a key. Names of sequences that are not among those given are left out."""
    found = Fact.objects.filter(contact=contact).select_related("member__user").order_by("-at", "-pk")
    if before:
        found = found.filter(Q(at__lt=before[0]) | Q(at=before[0], pk__lt=before[1]))
    facts = list(found[: SIZE + 1])
    is_last, facts = len(facts) <= SIZE, facts[:SIZE]
    names = dict(sequences.values_list("pk", "name"))
    lines = [*_told(facts, names)]
    lines += _stays(
        contact, names, since=None if is_last else facts[-1].at, until=before[0] if before else None
    )
    if is_last:
        lines.append(Line("arrived", contact.created_at))
    lines.sort(key=lambda line: (line.at, RANK.get(line.kind, 0)), reverse=True)
    return Timeline(lines, None if is_last else (facts[-1].at, facts[-1].pk))


def _told(facts: list[Fact], names: dict[int, str]) -> Iterator[Line]:
    messages = {
        pk: (subject, channel)
        for pk, subject, channel in Message.objects.filter(
            pk__in=[fact.message_id for fact in facts if fact.message_id]
        ).values_list("pk", "subject", "channel")
    }
    stays = dict(
        Enrollment.objects.filter(
            pk__in=[fact.enrollment_id for fact in facts if fact.enrollment_id]
        ).values_list("pk", "sequence")
    )
    for fact in facts:
        subject, channel = messages.get(fact.message_id or 0, ("", "email"))
        yield Line(
            fact.kind,
            fact.at,
            about=subject or str(fact.data.get("title", "")),
            sequence=names.get(stays.get(fact.enrollment_id or 0, 0), ""),
            by=_name(fact.member),
            by_machine=fact.by_machine,
            channel=channel,
            data=fact.data,
        )


def _stays(
    contact: Contact, names: dict[int, str], since: datetime | None, until: datetime | None
) -> Iterable[Line]:
    """When the contact came in and left, from ``since`` (inside) to ``until`` (outside)."""
    found = Enrollment.objects.filter(contact=contact, sequence__in=names).select_related("added_by__user")
    for stay in found:
        name = names[stay.sequence_id]
        moments = [Line("entered", stay.entered_at, sequence=name, by=_name(stay.added_by))]
        if stay.exited_at:
            moments.append(Line("exited", stay.exited_at, sequence=name, data={"reason": stay.exit_reason}))
        for line in moments:
            if (since is None or line.at >= since) and (until is None or line.at < until):
                yield line


def _name(member: Member | None) -> str:
    return member.name if member else ""
