"""The timeline of a contact, or of what happened because of an opportunity: facts, and when it came into sequences and
left them; newest first, page by page."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.db.models import Q, QuerySet

from activities.models import Fact
from audience.models import Contact, Opportunity
from messaging import evidence, machines
from messaging.barred import OFF_THE_LIST
from messaging.models import Message
from sequences.cursors import Cursor
from sequences.models import Enrollment, Sequence
from tenants.models import Member

SIZE = 30
RANK = {"arrived": -2, "made": -2, "entered": -1, "paused": 1, "exited": 2}
"""What comes first of what has one instant: who enters is written to then, who answers leaves then."""


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
    message: Message | None = None

    @property
    def until(self) -> date | None:
        """The day on which somebody is back, where the fact names one."""
        return date.fromisoformat(self.data["until"]) if self.data.get("until") else None

    @property
    def why_machine(self) -> str:
        """By which sign it was a program that opened or clicked, and no person."""
        return machines.SAID.get(self.data.get("machine", ""), "") if self.by_machine else ""

    @property
    def why(self) -> str:
        """Why a message did not leave."""
        return evidence.why(self.message) if self.message else ""

    @property
    def heard(self) -> str:
        """What its server said."""
        return evidence.heard(self.message) if self.message else ""


@dataclass(frozen=True)
class Timeline:
    """A page of it; ``older`` is the key of the next page, None on the last."""

    lines: list[Line]
    older: Cursor | None


def timeline_of(
    about: Contact | Opportunity, sequences: QuerySet[Sequence], before: Cursor | None = None
) -> Timeline:
    """What happened to the contact before a key. Names of sequences that are not among those given are left out.

    Of an opportunity: what belongs to the stays that came in through it (semantics 2.15).
    """
    stays = _stays_of(about)
    concerning = Q(contact=about)
    if isinstance(about, Opportunity):
        concerning = Q(contact__in=stays.values("contact"), enrollment_id__in=stays.values("pk"))
    found = Fact.objects.filter(concerning).select_related("member__user").order_by("-at", "-pk")
    if before:
        found = found.filter(Q(at__lt=before[0]) | Q(at=before[0], pk__lt=before[1]))
    facts = list(found[: SIZE + 1])
    is_last, facts = len(facts) <= SIZE, facts[:SIZE]
    names = dict(sequences.values_list("pk", "name"))
    lines = [*_told(facts, names)]
    between = {"since": None if is_last else facts[-1].at, "until": before[0] if before else None}
    derived = [*_stays(stays, names), *_unsent(stays, names)]
    lines += [line for line in derived if _is_between(line, **between)]
    if is_last:
        lines.append(Line("arrived" if isinstance(about, Contact) else "made", about.created_at))
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


def _stays_of(about: Contact | Opportunity) -> QuerySet[Enrollment]:
    if isinstance(about, Contact):
        return Enrollment.objects.filter(contact=about)
    return Enrollment.objects.filter(opportunity=about)


def _stays(stays: QuerySet[Enrollment], names: dict[int, str]) -> Iterator[Line]:
    """When the contact came in and left."""
    found = stays.filter(sequence__in=names).select_related("added_by__user")
    for stay in found:
        name = names[stay.sequence_id]
        yield Line("entered", stay.entered_at, sequence=name, by=_name(stay.added_by))
        if stay.exited_at:
            yield Line("exited", stay.exited_at, sequence=name, data={"reason": stay.exit_reason})


def _unsent(stays: QuerySet[Enrollment], names: dict[int, str]) -> Iterator[Line]:
    """Messages of these stays that did not leave, or of which nobody knows; they make no facts."""
    sequences = dict(stays.values_list("pk", "sequence_id"))
    unsent = Q(state__in=evidence.UNSENT) | OFF_THE_LIST
    found = Message.objects.filter(unsent, enrollment_id__in=sequences)
    for message in found.select_related("mailbox", "mailing__template_version__template"):
        version = message.mailing.template_version
        yield Line(
            message.state,
            evidence.ended_at(message),
            about=message.subject or (version.template.name if version else ""),
            sequence=names.get(sequences[message.enrollment_id or 0], ""),
            channel=message.channel,
            message=message,
        )


def _is_between(line: Line, since: datetime | None, until: datetime | None) -> bool:
    """Whether it happened from ``since`` (inside) to ``until`` (outside)."""
    return (since is None or line.at >= since) and (until is None or line.at < until)


def _name(member: Member | None) -> str:
    return member.name if member else ""
