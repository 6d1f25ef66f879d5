"""What a person may do with a single message: send one again that did not leave, or may not have (reliability §2)."""

from __future__ import annotations

from datetime import datetime

from django.core.exceptions import PermissionDenied
from django.db import transaction

from activities.models import Fact
from audience.models import Suppression
from messaging import evidence, guards, outbox
from messaging.models import Mailbox, Message
from tenants.commands import audit
from tenants.models import Member
from tenants.policy import can


class CannotResend(ValueError):
    """Why a message is not sent again; fit for a person. Nothing happened."""


def may_resend(member: Member | None, message: Message) -> bool:
    """Whether this is for the member to decide: the mailbox is theirs, or they look after others', too."""
    if can(member, "mailbox.manage"):
        return True
    mailbox = message.mailbox
    return mailbox is not None and _is_own(mailbox, member)


def why_not(message: Message) -> str:
    """Why there is nothing to decide: it left or still may, nobody is there, or it was sent again; else empty."""
    if message.state not in evidence.UNSENT:
        return "Only a message that failed, came too late or is in doubt can be sent again."
    if message.reason == "hard_bounce":
        return "There is nobody at its address."
    return "It was sent again already." if message.resolved_by == outbox.RESENT else ""


@transaction.atomic
def resend(*, message: Message, by: Member, now: datetime) -> Message:
    """Send a message once more that failed, expired or is in doubt, because a person decided so; the new message.

    The old one stays what it is. The new one is written anew from the values of its sending, by the same version of
    the template, and waits for the same things as any other: pauses, the window of the recipient, the cap of the
    mailbox. It does not count for the daily limit of the sender, which runs alone spend (semantics 2.29). Audit log
    and timeline name who decided.

    Raises PermissionDenied, and CannotResend where it left, was cancelled or still waits, was sent again already, its
    mailbox is gone, its stay has ended otherwise than completed, or its address is suppressed.
    """
    if not may_resend(by, message):
        raise PermissionDenied("Your role does not permit: send again from others’ mailboxes.")
    old = Message.objects.select_for_update(no_key=True).get(pk=message.pk)
    if why := _against(old):
        raise CannotResend(why)
    new = outbox.make_again(old, now=now)
    audit(by=by, verb="message.resent", obj=new, at=now, instead_of=old.pk)
    Fact.objects.create(
        kind="resent", at=now, contact_id=new.contact_id, account_id=new.contact.account_id, message_id=new.pk,
        enrollment_id=new.enrollment_id, member=by, data={"title": old.subject, "instead_of": old.pk},
    )  # fmt: skip
    return new


def _against(old: Message) -> str:
    """What speaks against it, if anything."""
    if why := why_not(old):
        return why
    if old.channel == "email" and old.mailbox_id is None:
        return "The mailbox that it left from is not connected any more."
    reason = Suppression.objects.filter(channel=old.channel, address_norm=old.address_norm).order_by(
        "-reason"
    )
    if found := reason.values_list("reason", flat=True).first():
        return f"Nobody writes to {old.address_norm} any more: {found}."
    said = guards.verdict_on(old)
    if said not in ("go", "wait"):
        return f"The contact has left the sequence ({said.replace('_', ' ')})."
    return ""


def _is_own(mailbox: Mailbox, member: Member | None) -> bool:
    return member is not None and mailbox.member_id == member.pk and can(member, "mailbox.connect")
