"""What the floors below tell, and what follows here: marks on step runs, ends and pauses of stays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.dispatch import receiver

from activities.models import Reminder
from activities.signals import reminder_closed, reminder_closing, reminders_skipped
from audience.signals import tag_renamed
from messaging import mailings, outbox, signals
from messaging.models import Template
from sequences import enrollment, marks, reactions
from sequences.commands import renaming, status
from sequences.engine.adaptive.path import go_on_by_hand
from sequences.models import Sequence, StepRun
from tenants.models import Member
from tenants.signals import member_deactivated, member_reactivated


@receiver(tag_renamed)
def follow_tag(before: str, after: str, **_: Any) -> None:
    renaming.follow(renaming.TAGS, before, after)


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


@receiver(reminder_closed)
def follow_reminder(reminder: Reminder, at: datetime, **_: Any) -> None:
    """A completed reminder of a stay: the outcome of a call; what a person sent counts as sent (2.30)."""
    if reminder.step_run_id is None:
        return
    if reminder.state == Reminder.COMPLETED:
        if reminder.kind == "call":
            marks.outcome(reminder.step_run_id, reminder.outcome)
        elif reminder.kind in CHANNELS:
            send_by_hand(reminder, at)
    go_on_in_trees([reminder], at)


@receiver(reminders_skipped)
def go_on_in_trees(reminders: list[Reminder], at: datetime, **_: Any) -> None:
    """In a tree the stay goes on, also when its reminder was skipped (semantics 5.5)."""
    runs = StepRun.objects.filter(pk__in=[reminder.step_run_id for reminder in reminders])
    in_trees = set(runs.filter(enrollment__sequence__kind="adaptive").values_list("pk", flat=True))
    for reminder in reminders:
        if reminder.step_run_id in in_trees:
            go_on_by_hand(reminder, now=at)


CHANNELS = {"email_reminder": "email", "sms_reminder": "sms"}


@dataclass
class ByHand:
    """A step as its message needs it."""

    key: str
    settings: Mapping[str, Any]


def send_by_hand(reminder: Reminder, at: datetime) -> None:
    """The message that a person sent: what comes back attaches to it as to any other."""
    channel = CHANNELS[reminder.kind]
    step_run = StepRun.objects.get(pk=reminder.step_run_id or 0)
    template_id = reminder.settings.get("template")
    template = (
        Template.objects.select_related("current").filter(pk=template_id).first() if template_id else None
    )
    version = template.current if template and channel == "email" else None
    contact = reminder.contact
    outbox.record_by_hand(
        mailing=mailings.pin(ByHand(step_run.key, reminder.settings), version),
        contact_id=contact.pk,
        address_norm=(contact.email_norm if channel == "email" else contact.sms_number) or "",
        at=at,
        sender_id=reminder.closed_by_id or reminder.assignee_id,
        enrollment_id=reminder.enrollment_id,
        step_run_id=step_run.pk,
        opportunity_id=reminder.opportunity_id,
        channel=channel,
    )
