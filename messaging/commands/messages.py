"""What a person may do with a single message: send one again of which nobody knows what became (reliability §2)."""

from __future__ import annotations

from datetime import datetime

from django.core.exceptions import PermissionDenied
from django.db import transaction

from activities.models import Fact
from audience.models import Suppression
from messaging import guards, outbox
from messaging.lifecycle import State
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


def is_resendable(message: Message) -> bool:
    """Whether there is anything to decide: nobody knows what became of it, and nobody sent it again."""
    return message.state == State.UNKNOWN and message.resolved_by != outbox.RESENT


@transaction.atomic
def resend(*, message: Message, by: Member, now: datetime) -> Message:
    """Send an ``unknown`` message once more, because a person decided so; the new message. The old one stays unknown.

    The new one is written anew from the values of its sending, by the same version of the template, and waits for the
    same things as any other: pauses, the recipient's window, the mailbox's cap. It does not count for the sender's
    daily limit, which runs alone spend (semantics 2.29). Audit log and timeline name who decided.

    Raises PermissionDenied, and CannotResend where it is known what became of it, it was sent again already, its
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
    if old.state != State.UNKNOWN:
        return "It is known what became of this message; only one in doubt can be sent again."
    if not is_resendable(old):
        return "It was sent again already."
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
