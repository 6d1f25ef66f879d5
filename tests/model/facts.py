"""What people do: open, click, reply, unsubscribe, bounce, complete (2.20-2.25, 2.34, 5.5, 6.5)."""

from __future__ import annotations

from datetime import datetime, timedelta

from sequences.files.specs import TimelineEvent
from tests.model import doing, tree
from tests.model.world import Mark, Record, Stay, World, address_of, number_of

DEFAULT_ABSENCE = timedelta(days=5)


def is_ignored(world: World, event: TimelineEvent, contact: Record) -> bool:
    """One that names a step of which nothing was sent to the contact (2.25)."""
    return bool(event.step) and message_of(world, event, contact) is None


def message_of(world: World, event: TimelineEvent, contact: Record) -> Mark | None:
    """The message that an event concerns: of the step that it names, else the last e-mail of any sequence (2.25)."""
    marks = [
        mark
        for stay in world.stays_of(contact)
        for mark in stay.marks.values()
        if mark.sent_at is not None
        and (
            (stay.sequence.name == event.sequence and mark.step.key == event.step)
            if event.step
            else mark.step.kind in ("email", "email_reminder")
        )
    ]
    return max(marks, key=lambda mark: mark.sent_order, default=None)


def opened(world: World, event: TimelineEvent, contact: Record, at: datetime) -> None:
    message = message_of(world, event, contact)
    if message is None:
        return
    message.opened = True
    message.clicked = message.clicked or event.do == "click"
    for record in doing.kept_on(world, contact):
        record.values["last_opened_at"] = at
        if event.do == "click":
            record.values["last_clicked_at"] = at
        if record.values.get("last_contacted_mode") == "No reply":
            record.values["last_contacted_mode"] = "Opened but no reply"


def replied(world: World, event: TimelineEvent, contact: Record, at: datetime) -> None:
    """Ends the stays with the switch on, whichever message it answers, and where asked those of colleagues."""
    message = message_of(world, event, contact)
    if message is not None:
        message.replied = message.opened = True
    for record in doing.kept_on(world, contact):
        record.values["last_replied_at"] = at
        record.values["last_contacted_mode"] = "Replied"
        if message is not None:
            record.values["last_opened_at"] = at
    for stay in all_inside(world):
        exits = stay.sequence.spec.exits
        if stay.contact is contact and exits.replied:
            world.exit(stay, at, "replied")
        elif exits.colleague_replied and is_colleague(world, stay.contact, contact):
            world.exit(stay, at, "colleague_replied")


def is_colleague(world: World, one: Record, other: Record) -> bool:
    """2.21: another contact of the same primary account; who has none has no colleagues."""
    account = world.account_of(other)
    return one is not other and account is not None and world.account_of(one) is account


def all_inside(world: World) -> list[Stay]:
    return [stay for sequence in world.sequences for stay in sequence.inside()]


def unsubscribed(world: World, event: TimelineEvent, contact: Record, at: datetime) -> None:
    """2.22: the address that the message went to is blocked for everyone, the contact's stays end."""
    message = message_of(world, event, contact)
    world.unsubscribed |= {message.address if message else address_of(contact)} - {""}
    for stay in all_inside(world):
        if stay.contact is contact and stay.sequence.spec.exits.unsubscribed:
            world.exit(stay, at, "unsubscribed")


def bounced(world: World, event: TimelineEvent, contact: Record, at: datetime) -> None:
    """As unsubscribing; a soft one changes nothing (2.22)."""
    if not event.hard:
        return
    message = message_of(world, event, contact)
    if message:
        message.bounced = True
    world.bounced |= {message.address if message else address_of(contact)} - {""}
    for stay in all_inside(world):
        if stay.contact is contact and stay.sequence.spec.exits.bounced:
            world.exit(stay, at, "bounced")


def sms_stopped(world: World, event: TimelineEvent, contact: Record, at: datetime) -> None:
    """2.23: blocks the number and ends nothing."""
    world.stopped_numbers |= {number_of(contact)} - {""}


def auto_replied(world: World, event: TimelineEvent, contact: Record, at: datetime) -> None:
    """2.24: pauses until the date that it names, else five days; a second one keeps the later date."""
    for stay in all_inside(world):
        if stay.contact is not contact or stay.sequence.spec.out_of_office != "pause":
            continue
        until = event.until or stay.sequence.today(at) + DEFAULT_ABSENCE
        assert not isinstance(until, datetime)
        if stay.paused == "auto_reply" and stay.resume_on:
            stay.resume_on = max(stay.resume_on, until)
        elif not stay.paused:
            tree.stop(stay, at)
            stay.paused, stay.paused_at, stay.resume_on = "auto_reply", at, until
            world.line(at, stay, "paused", "auto_reply")


def worked(world: World, event: TimelineEvent, contact: Record, at: datetime) -> None:
    """A reminder is completed or skipped; one that is not open is left alone (2.34)."""
    found = open_reminder(world, event, contact)
    if found is None:
        return
    stay, mark = found
    if event.do == "complete":
        mark.reminder, mark.outcome = "completed", event.outcome
        log(world, contact, mark, at)
    else:
        mark.reminder = "skipped"
    if stay.sequence.is_adaptive:
        worked_in_tree(world, stay, mark, event.do, at)


def open_reminder(world: World, event: TimelineEvent, contact: Record) -> tuple[Stay, Mark] | None:
    for stay in reversed(world.sequence(event.sequence).stays_of(contact)):
        mark = stay.marks.get(event.step)
        if mark and mark.reminder == "open":
            return stay, mark
    return None


def worked_in_tree(world: World, stay: Stay, mark: Mark, do: str, at: datetime) -> None:
    """5.5: recorded at once; where nothing follows, the stay is completed at once, but not while paused."""
    line = ("completed", mark.step.key) if do == "complete" else ("skipped", mark.step.key, "manual")
    world.line(at, stay, *line)
    if stay.step is None or stay.step.key != mark.step.key:
        return
    tree.go_on(stay)
    if stay.step is None and stay.sequence.spec.exits.all_steps and not stay.is_stopped:
        world.exit(stay, at, "completed")


def log(world: World, contact: Record, mark: Mark, at: datetime) -> None:
    """What a completed reminder sets (6.5)."""
    kind = mark.step.kind
    if kind in ("email_reminder", "sms_reminder"):
        doing.send(world, contact, mark, at)
        doing.log_activity(world, contact, "Email" if kind == "email_reminder" else "SMS", at)
        return
    mode = "Outgoing call" if kind == "call" else "Sales Activity"
    type_ = {"call": "Call", "linkedin": "LinkedIn"}.get(kind) or mark.step.options.get("type", "Task")
    doing.log_activity(world, contact, type_, at)
    for record in doing.kept_on(world, contact):
        record.values["last_contacted_mode"] = mode


FACTS = {
    "open": opened,
    "click": opened,
    "reply": replied,
    "unsubscribe": unsubscribed,
    "bounce": bounced,
    "auto_reply": auto_replied,
}
