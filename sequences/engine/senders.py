"""Who sends, from which mailbox, and how much is left for the day (semantics 2.29)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from django.db.models import Expression, F, Value
from django.db.models.fields import BigIntegerField
from django.db.models.functions import Coalesce

from messaging.liquid import analyse_text
from messaging.models import Mailbox, SenderUsage
from sequences.engine.scratch import prepare
from sequences.engine.sql import Sql, execute
from sequences.models import SenderMode, Sequence
from tenants.localtime import local_date
from tenants.models import Member

CONTACT_OWNER = "contact_owner"
OWNER = "owner"

Who = str | int
"""``contact_owner``, or the id of the member."""


@dataclass(frozen=True)
class Senders:
    """The senders of one sequence, by who its steps name."""

    sequence: Sequence
    by_email: Mapping[str, int]

    def of_step(self, settings: Mapping[str, Any]) -> Who:
        """Whom a step's ``from`` means; without one, whom the sequence means."""
        return self.named(settings.get("from")) or self.of_sequence()

    def of_sequence(self) -> Who:
        if self.sequence.sender_mode == SenderMode.CONTACT_OWNER:
            return CONTACT_OWNER
        if self.sequence.sender_mode == SenderMode.MEMBER and self.sequence.sender_id:
            return self.sequence.sender_id
        return self.sequence.owner_id

    def assignee(self, settings: Mapping[str, Any]) -> Who:
        """Whose a reminder is: by default the contact's owner, who may be nobody (then the sequence's)."""
        return self.named(settings.get("assignee")) or CONTACT_OWNER

    def named(self, name: Any) -> Who | None:
        """``owner``, ``contact_owner`` or a user's e-mail; somebody unknown is nobody."""
        if name == OWNER:
            return self.sequence.owner_id
        if name == CONTACT_OWNER:
            return CONTACT_OWNER
        return self.by_email.get(str(name).strip().lower()) if name else None

    def expression(self, who: Who) -> Expression | Coalesce:
        """The member's id for a queryset of stays. A contact without an owner: the sequence's."""
        if who != CONTACT_OWNER:
            return Value(who, output_field=BigIntegerField())
        return Coalesce(F("contact__owner_id"), Value(self.sequence.owner_id), output_field=BigIntegerField())


def senders_of(sequence: Sequence, emails: set[str]) -> Senders:
    """Looks up the users whom the steps name."""
    lowered = {email.strip().lower() for email in emails}
    found = Member.objects.filter(user__email__in=lowered).values_list("user__email", "pk") if lowered else ()
    return Senders(sequence, dict(found))


@dataclass(frozen=True)
class Needs:
    """Fields that signatures need, and of which members (semantics 2.31)."""

    members: tuple[int, ...]
    paths: tuple[str, ...]


@dataclass(frozen=True)
class Able:
    """Who may send at one moment: the rows of the table of senders, and what their signatures need."""

    senders: Sql = ("SELECT NULL::bigint, NULL::bigint, NULL::date, NULL::int, NULL::boolean WHERE false", ())
    needs: tuple[Needs, ...] = ()


def able(members: set[Who], *, owner_id: int, now: datetime) -> Able:
    """These members, or all where the owners of contacts may send."""
    found = Member.objects.select_related("role").annotate(all_stopped_at=F("tenant__sending_paused_at"))
    if CONTACT_OWNER not in members:
        found = found.filter(pk__in=[owner_id, *members])
    people = list(found)
    if not people:
        return Able()
    boxes, made = _mailboxes(people), _made(people, now)
    rows = [
        (
            *(member.pk, boxes.get(member.pk), local_date(now, member.timezone), _room(member, made)),
            bool(member.all_stopped_at or member.sending_paused_at),
        )
        for member in people
    ]
    values = ", ".join(["(%s::bigint, %s::bigint, %s::date, %s::int, %s::boolean)"] * len(rows))
    return Able((f"VALUES {values}", tuple(part for row in rows for part in row)), _signatures(people))


def lay_out(members: set[Who], *, owner_id: int, now: datetime) -> tuple[Needs, ...]:
    """Fill the table of senders. Returns what their signatures need."""
    found = able(members, owner_id=owner_id, now=now)
    prepare("engine_sender")
    execute(f"INSERT INTO engine_sender {found.senders[0]}", found.senders[1])
    return found.needs


def _mailboxes(people: Collection[Member]) -> dict[int, int]:
    """The mailbox of each who has one that works. One that does not work is not replaced by another by itself."""
    active = [member.pk for member in people if member.is_active]
    found = Mailbox.objects.filter(member__in=active).exclude(state=Mailbox.OFF)
    first = found.order_by("member_id", "-is_default", "pk").distinct("member_id")
    return {
        member: box
        for member, box, state in first.values_list("member_id", "pk", "state")
        if state == Mailbox.WORKING
    }


def _made(people: Collection[Member], now: datetime) -> dict[int, int]:
    """How many e-mails were made for each of them today, which is another day in another zone."""
    days = {member.pk: local_date(now, member.timezone) for member in people}
    usage = SenderUsage.objects.filter(day__in=set(days.values())).values_list("sender_id", "day", "made")
    return {sender: made for sender, day, made in usage if days.get(sender) == day}


def _room(member: Member, made: Mapping[int, int]) -> int:
    return max(member.daily_limit - made.get(member.pk, 0), 0)


def _signatures(people: Collection[Member]) -> tuple[Needs, ...]:
    by_paths: dict[tuple[str, ...], list[int]] = {}
    for member in people:
        if member.signature and (paths := needed_by(member.signature)):
            by_paths.setdefault(paths, []).append(member.pk)
    return tuple(Needs(tuple(members), paths) for paths, members in by_paths.items())


@lru_cache(maxsize=1000)
def needed_by(text: str) -> tuple[str, ...]:
    """The fields without which a text cannot be sent."""
    return tuple(sorted(analyse_text(text, ()).needed))
