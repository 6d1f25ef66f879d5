"""What the floors below tell, and what follows here: marks on step runs, ends and pauses of stays."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.dispatch import receiver

from activities.models import Reminder
from activities.signals import reminder_closing, reminders_closed
from audience.fields import CONTACT
from audience.signals import records_going, tag_renamed
from messaging import outbox, signals
from sequences import by_hand, enrollment, marks, reactions
from sequences.commands import renaming, status
from sequences.models import Sequence
from tenants.models import Member
from tenants.signals import member_deactivated, member_reactivated


@receiver(tag_renamed)
def follow_tag(before: str, after: str, **_: Any) -> None:
    renaming.follow(renaming.TAGS, before, after)


@receiver(records_going)
def end_stays_of_gone(record: str, ids: list[int], at: datetime, **_: Any) -> None:
    """Who is deleted leaves first, so that nothing of theirs is sent any more."""
    if record == CONTACT:
        reactions.end_gone(ids, now=at)


@receiver(signals.messages_sent)
def mark_sent(ids: list[int], at: datetime, **_: Any) -> None:
    marks.sent(ids, at=at)
    marks.wake(ids, at=at)


@receiver(signals.message_ended)
def mark_ended(ids: list[int], state: str, reason: str, at: datetime, **_: Any) -> None:
    if state in ("cancelled", "expired"):
        marks.ended(ids, reason=reason or state)
    elif state == "unknown":
        marks.presumed(ids)
    marks.wake(ids, at=at)


@receiver(signals.opened)
def mark_opened(message_id: int | None, at: datetime, **_: Any) -> None:
    marks.stamp(message_id, "opened_at", at=at)


@receiver(signals.clicked)
def mark_clicked(message_id: int | None, at: datetime, **_: Any) -> None:
    """A click counts as opened, too (semantics 2.25)."""
    marks.stamp(message_id, "clicked_at", "opened_at", at=at)


@receiver(signals.seen_by_machine)
def mark_machine(message_id: int, at: datetime, is_click: bool, **_: Any) -> None:
    marks.stamp(message_id, "machine_clicked_at" if is_click else "machine_opened_at", at=at)


@receiver(signals.click_taken_back)
def unmark_click(message_id: int, **_: Any) -> None:
    marks.unclicked(message_id)


@receiver(signals.replied)
def react_to_reply(contact_id: int, message_id: int | None, at: datetime, **_: Any) -> None:
    """Semantics 2.20, 2.21. Only the message answered counts as replied."""
    reactions.end_on_reply(contact_id, now=at)
    marks.stamp(message_id, "replied_at", "opened_at", at=at)


@receiver(signals.auto_replied)
def react_to_auto_reply(contact_id: int, at: datetime, until: date | None = None, **_: Any) -> None:
    reactions.pause_away(contact_id, now=at, until=until)


@receiver(signals.bounced)
def react_to_bounce(
    contact_id: int | None, message_id: int | None, address_norm: str, hard: bool, at: datetime, **_: Any
) -> None:
    """Semantics 2.22: a soft bounce changes nothing."""
    if hard:
        reactions.stop_writing(
            contact_id,
            address_norm,
            switch="exit_bounced",
            reason=enrollment.BOUNCED,
            now=at,
            refused=message_id,
        )
        marks.stamp(message_id, "bounced_at", at=at)


@receiver(signals.unsubscribed)
def react_to_unsubscribe(contact_id: int | None, address_norm: str, at: datetime, **_: Any) -> None:
    reactions.stop_writing(
        contact_id, address_norm, switch="exit_unsubscribed", reason=enrollment.UNSUBSCRIBED, now=at
    )


@receiver(signals.addresses_unsubscribed)
def react_to_stopped_addresses(addresses: list[str], at: datetime, **_: Any) -> None:
    reactions.stop_writing_to(addresses, switch="exit_unsubscribed", reason=enrollment.UNSUBSCRIBED, now=at)


@receiver(signals.sms_stopped)
def react_to_sms_stop(number: str, at: datetime, **_: Any) -> None:
    reactions.stop_texting(number, now=at)


@receiver(member_deactivated)
def pause_owned(member: Member, by: Member | None, at: datetime, **_: Any) -> None:
    """Semantics 2.29."""
    status.pause_owned_by(member=member, by=by, now=at)


@receiver(member_reactivated)
def admit_sender(member: Member, at: datetime, **_: Any) -> None:
    status.admit_sender(member=member, now=at)


@receiver(signals.sending_resumed)
def hold_what_is_paused(at: datetime, **_: Any) -> None:
    """All sending goes on, but not that of stays and sequences that are paused (semantics 2.33)."""
    outbox.hold((PAUSED, ()), now=at)


PAUSED = """
    SELECT e.id FROM sequences_enrollment e JOIN sequences_sequence s ON s.id = e.sequence_id
    WHERE e.state = 'paused' OR s.status = 'paused'
"""


@receiver(reminder_closing)
def hold_tree(reminder: Reminder, **_: Any) -> None:
    """The stay of a tree is about to go on: the sequence's row is locked before the reminder's, as runs do it."""
    if reminder.enrollment_id is not None:
        of_trees = Sequence.objects.filter(kind="adaptive", enrollments=reminder.enrollment_id)
        enrollment.hold_rows(of_trees.values_list("pk", flat=True))


@receiver(reminders_closed)
def follow_reminders(ids: list[int], state: str, at: datetime, **_: Any) -> None:
    by_hand.follow(ids, state, at=at)
