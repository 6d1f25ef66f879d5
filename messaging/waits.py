"""Why messages that were made have not left yet, in words for a person, and where it is mended (complaint 10)."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.db.models import Count, Min, Q, QuerySet

from messaging.channels import LEAVES_BY
from messaging.lifecycle import NOT_LEFT
from messaging.models import Mailbox, Message
from tenants.models import Member

BEHIND = timedelta(minutes=5)
"""What should have left so long ago does not wait for a worker that is busy."""


@dataclass(frozen=True)
class Wait:
    """``why`` ends a sentence that begins with who or what waits. ``until``: when it is tried again, if that is known.

    ``mailbox``: the id of the mailbox that a person has to look at, None where there is nothing to be done.
    """

    why: str
    until: datetime | None = None
    mailbox: int | None = None
    count: int = 1
    channel: str = "email"


def why_waits(message: Message, *, now: datetime) -> Wait | None:
    """Why a message waits (its mailbox and sender are read); None where it leaves in a moment, or a pause holds it."""
    if message.state not in NOT_LEFT:
        return None
    if message.channel not in LEAVES_BY:
        return Wait("no provider for texts is set up", channel=message.channel)
    is_later = message.due_at > now
    found = _of_sender(message.sender)
    if found is None and message.mailbox is not None:
        found = why_rests(message.mailbox, now=now)
    if found or message.held_since is not None:
        return found
    if is_later and message.refusals:
        return Wait("the recipient’s server asked to come again later", message.due_at)
    if is_later:
        return Wait("it is not yet time for the recipient’s own hours", message.due_at)
    is_behind = now - message.due_at > BEHIND and not _is_stopped(message)
    return Wait("sending is behind: ask who runs this server to look at it") if is_behind else None


def waits_of(messages: QuerySet[Message], *, now: datetime) -> list[Wait]:
    """The reasons for which some of these messages wait, each with how many, the most frequent first.

    One statement for the groups, one for their mailboxes and senders.
    """
    waiting = messages.filter(state__in=NOT_LEFT).order_by()
    groups = waiting.values(
        "mailbox_id", "sender_id", "state", "channel",
        is_later=Q(due_at__gt=now), was_refused=Q(refusals__gt=0), is_held=Q(held_since__isnull=False),
    ).annotate(n=Count("pk"), due_at=Min("due_at"), held_since=Min("held_since"), refusals=Min("refusals"))  # fmt: skip
    rows = list(groups)
    boxes = Mailbox.objects.in_bulk({row["mailbox_id"] for row in rows} - {None})
    senders = Member.objects.select_related("user", "tenant").in_bulk(
        {row["sender_id"] for row in rows} - {None}
    )
    found = Counter[Wait]()
    for row in rows:
        one = Message(
            state=row["state"],
            channel=row["channel"],
            due_at=row["due_at"],
            held_since=row["held_since"],
            refusals=row["refusals"],
        )
        one.mailbox, one.sender = boxes.get(row["mailbox_id"]), senders.get(row["sender_id"])
        if wait := why_waits(one, now=now):
            found[replace(wait, channel=row["channel"])] += row["n"]
    return [replace(wait, count=n) for wait, n in found.most_common()]


def _of_sender(sender: Member | None) -> Wait | None:
    if sender is None or sender.is_active:
        return None
    return Wait(f"{sender.name}, who sends, is not active any more")


def why_rests(box: Mailbox, *, now: datetime) -> Wait | None:
    """Why nothing leaves from a mailbox now; None where it does."""
    if box.state == Mailbox.OFF:
        return Wait(f"the mailbox {box.email} is switched off", None, box.pk)
    if box.state == Mailbox.BROKEN:
        return Wait(f"the mailbox {box.email} does not work. {box.problem}".rstrip(), None, box.pk)
    if box.backoff_until is None or box.backoff_until <= now:
        return None
    return Wait(f"the mailbox {box.email} rests. {box.problem}".rstrip(), box.backoff_until, box.pk)


def _is_stopped(message: Message) -> bool:
    sender = message.sender
    return sender is not None and bool(sender.sending_paused_at or sender.tenant.sending_paused_at)
