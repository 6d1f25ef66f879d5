"""Connecting mailboxes, and looking after them. Nothing here talks to a network: settings were tried before."""

from __future__ import annotations

from datetime import datetime

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet

from messaging import mailboxes
from messaging.models import Mailbox
from messaging.probing import Trouble
from tenants.commands import audit
from tenants.models import Member
from tenants.policy import can, require
from tenants.secrets import encrypt

SETTINGS = ("name", "email", "smtp_host", "smtp_port", "smtp_security", "smtp_username", "daily_cap")


def within_reach(member: Member) -> QuerySet[Mailbox]:
    """The mailboxes that a member may look after: their own, and with ``mailbox.manage`` everybody's."""
    found = Mailbox.objects.select_related("member__user")
    if can(member, "mailbox.manage"):
        return found
    require(member, "mailbox.connect")
    return found.filter(member=member)


@transaction.atomic
def keep_mailbox(*, mailbox: Mailbox, password: str | None, by: Member, now: datetime) -> Mailbox:
    """Store settings that were tried and work: of a new mailbox, or changes to one. ``password`` None: as it is.

    A member's first mailbox is their default. One that did not work or was switched off works from now on.
    """
    _require(mailbox, by)
    is_new = mailbox._state.adding
    if password is not None:
        mailbox.smtp_password = encrypt(password)
    if is_new:
        others = Mailbox.objects.filter(member=mailbox.member_id).exclude(state=Mailbox.OFF)
        mailbox.is_default = not others.filter(is_default=True).exists()
        mailbox.save()
    else:
        mailbox.save(update_fields=[*SETTINGS, "smtp_password"])
    mailboxes.works(mailbox, now=now)
    said = {name: getattr(mailbox, name) for name in SETTINGS}
    audit(by=by, verb=f"mailbox.{'connect' if is_new else 'change'}", obj=mailbox, at=now, **said)
    return mailbox


@transaction.atomic
def note_test(*, mailbox: Mailbox, trouble: Trouble | None, by: Member, now: datetime) -> None:
    """Keep how a test ended. A mailbox that works does not stop doing so because its server is not there for once."""
    _require(mailbox, by)
    row = Mailbox.objects.select_for_update(no_key=True).get(pk=mailbox.pk)
    if trouble is None:
        mailboxes.works(row, now=now)
    elif row.state == Mailbox.BROKEN or (row.state == Mailbox.WORKING and trouble.lasting):
        mailboxes.breaks(row, trouble.words, now=now)
    audit(by=by, verb="mailbox.test", obj=row, at=now, trouble=trouble.words if trouble else "")


@transaction.atomic
def make_default(*, mailbox: Mailbox, by: Member, now: datetime) -> None:
    """From this one the member's automatic e-mails leave; those that were made stay with theirs."""
    _require(mailbox, by)
    siblings = Mailbox.objects.filter(member=mailbox.member_id)
    list(siblings.order_by("pk").select_for_update(no_key=True))
    siblings.exclude(pk=mailbox.pk).update(is_default=False)
    siblings.filter(pk=mailbox.pk).update(is_default=True)
    audit(by=by, verb="mailbox.default", obj=mailbox, at=now)


@transaction.atomic
def switch_off(*, mailbox: Mailbox, by: Member, now: datetime) -> None:
    """Nothing leaves from it any more; what was to leave waits until it is switched on again."""
    _require(mailbox, by)
    mailboxes.switch_off(mailbox, now=now)
    audit(by=by, verb="mailbox.off", obj=mailbox, at=now)


def _require(mailbox: Mailbox, by: Member) -> None:
    mine = mailbox.member_id == by.pk and can(by, "mailbox.connect")
    if not mine and not can(by, "mailbox.manage"):
        raise PermissionDenied("Your role does not permit: manage others’ mailboxes.")
