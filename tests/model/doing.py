"""What becomes of a step: skipped, held, or done (2.26-2.31), and what doing it leaves behind (6.5)."""

from __future__ import annotations

from datetime import datetime
from functools import cache
from typing import Any

from audience.conditions.types import FieldType
from messaging.liquid import analyse, analyse_text
from sequences.files.specs import CONTACT_OWNER, MANUAL_KINDS, OWNER, StepSpec
from tests.model.truth import is_empty, of_stay
from tests.model.world import Mark, Record, Stay, World, address_of, number_of

ANY_FIELD = type("AnyField", (tuple,), {"__contains__": lambda self, name: True})()
"""Every name may be a field: one that no record has is empty (6.5)."""


def skip_reason(world: World, stay: Stay, step: StepSpec) -> str:
    """Why a step whose conditions match is skipped all the same, in the order of 2.26; empty if it is not."""
    address, number = address_of(stay.contact), number_of(stay.contact)
    if step.kind == "email" and not address:
        return "no_email"
    if step.kind == "sms" and not number:
        return "no_phone"
    if step.kind in ("email", "email_reminder") and address in world.unsubscribed:
        return "unsubscribed"
    if step.kind in ("email", "email_reminder") and address in world.bounced:
        return "bounced"
    if step.kind in ("sms", "sms_reminder") and number in world.stopped_numbers:
        return "unsubscribed"
    return ""


def sender_of(world: World, stay: Stay, step: StepSpec) -> str:
    """The user who sends an automatic e-mail (2.29)."""
    mode = step.options.get("from", stay.sequence.spec.sender)
    if mode == CONTACT_OWNER:
        return stay.contact.values.get("owner") or stay.sequence.spec.owner
    return stay.sequence.spec.owner if mode == OWNER else mode


def hold_reason(world: World, stay: Stay, steps: list[StepSpec], at: datetime) -> str:
    """Why a contact for whom these steps would run is held, but for the limit (2.27)."""
    if any(step.kind == "email" and sender_of(world, stay, step) in world.down for step in steps):
        return "mailbox"
    if any(lacks_placeholder(world, stay, step, at) for step in steps if step.kind in ("email", "sms")):
        return "placeholder"
    return ""


def lacks_placeholder(world: World, stay: Stay, step: StepSpec, at: datetime) -> bool:
    """Whether a field that the message needs is empty (2.31)."""
    sender = sender_of(world, stay, step)
    if step.kind == "sms":
        needed = needed_by_text(step.options.get("text", ""))
    else:
        template = world.templates[step.options["template"]]
        needed = needed_by_mail(template.subject, template.body, world.users[sender].signature)
    never_empty = {field.name for field in world.scenario.custom_fields if field.type is FieldType.YES_NO}
    return any(is_empty(placeholder(world, stay, name, sender, at)) for name in needed - never_empty)


@cache
def needed_by_text(text: str) -> frozenset[str]:
    return frozenset(analyse_text(text, ANY_FIELD).needed)


@cache
def needed_by_mail(subject: str, body: str, signature: str) -> frozenset[str]:
    return frozenset(analyse(subject, body, ANY_FIELD, signature=signature).needed)


def placeholder(world: World, stay: Stay, name: str, sender: str, at: datetime) -> Any:
    """The value of ``contact.city``, ``sender.name`` and so on (6.6)."""
    head, _, key = name.partition(".")
    if head in ("sender", "owner"):
        user = world.users.get(sender if head == "sender" else stay.contact.values.get("owner", ""))
        return getattr(user, key) if user else None
    record = of_stay(world, stay, at).named(head)
    return record.values.get(key) if record else None


def has_capacity(world: World, sender: str, at: datetime) -> bool:
    """Whether a sender may make one more automatic e-mail on this day of their zone (2.29)."""
    user = world.users[sender]
    day = at.astimezone(user.timezone).date()
    return world.emails_made.count((sender, day)) < user.emails_per_day


def take_capacity(world: World, sender: str, at: datetime) -> None:
    world.emails_made.append((sender, at.astimezone(world.users[sender].timezone).date()))


def in_order(stays: list[Stay], at: datetime) -> list[Stay]:
    """Follow-ups before newcomers; within each by time of entry, then by creation of the contact (2.28)."""

    def is_newcomer(stay: Stay) -> bool:
        return not any(mark.state == "executed" and mark.at < at for mark in stay.marks.values())

    return sorted(stays, key=lambda stay: (is_newcomer(stay), stay.entered_at, stay.contact.order))


def execute(world: World, stay: Stay, step: StepSpec, at: datetime) -> None:
    """Makes the message, handed over and accepted at once (6.1), or the reminder."""
    mark = Mark(step, "executed", at)
    stay.marks[step.key] = mark
    world.line(at, stay, "executed", step.key)
    if step.kind in MANUAL_KINDS:
        mark.reminder = "open"
    elif step.kind in ("email", "sms"):
        send(world, stay.contact, mark, at)
        if step.kind == "sms":
            log_activity(world, stay.contact, "SMS", at)


def skip(world: World, stay: Stay, step: StepSpec, reason: str, at: datetime) -> None:
    stay.marks[step.key] = Mark(step, "skipped", at, reason)
    world.line(at, stay, "skipped", step.key, reason)


def send(world: World, contact: Record, mark: Mark, at: datetime) -> None:
    """A message has left, by itself or by hand."""
    world.sent += 1
    mark.sent_at, mark.sent_order = at, world.sent
    mark.address = address_of(contact)
    for record in kept_on(world, contact):
        record.values["last_sent_at"] = at
        record.values["last_contacted_mode"] = "No reply"


def log_activity(world: World, contact: Record, type_: str, at: datetime) -> None:
    """Sets the type of the last activity and with it its time (6.5)."""
    for record in kept_on(world, contact):
        record.values["last_activity_type"] = type_
        record.values["last_activity_at"] = at


def kept_on(world: World, contact: Record) -> list[Record]:
    """Activity fields are kept on the contact and its account of that moment (6.5)."""
    account = world.account_of(contact)
    return [contact, account] if account else [contact]
