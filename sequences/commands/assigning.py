"""Giving a sequence to another owner (templates-and-roles §3): view, edit and delete go with it."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from messaging.models import Mailbox
from sequences import enrollment
from sequences.commands import confirming
from sequences.commands.editing import refuse_beyond_limit
from sequences.models import SenderMode, Sequence, SequenceShare, Status
from sequences.refusals import Refused
from tenants.commands import audit
from tenants.models import Member
from tenants.policy import can, require


def may_own(member: Member) -> bool:
    """Whether somebody could look after a sequence of their own: active, and their role lets them edit sequences."""
    return member.is_active and can(member, "sequence.edit") and can(member, "sequence.view")


def sends_by_owner(sequence: Sequence) -> bool:
    """Whether its automatic mails go out in the name of its owner where steps name nobody."""
    return sequence.sender_mode == SenderMode.OWNER


def has_mailbox(member: Member) -> bool:
    return Mailbox.objects.filter(member=member, state=Mailbox.WORKING).exists()


@transaction.atomic
def assign(
    *,
    sequence: Sequence,
    to: Member,
    by: Member,
    now: datetime,
    keep_view: bool = True,
    confirmed: int | None = None,
) -> bool:
    """Make ``to`` its owner from the next run on; whether that changed anything.

    Where its owner sends, what the next run makes leaves in the name and from the mailbox of ``to`` and counts for
    their limit; what was made waits and leaves as it was made. ``me`` in its conditions is ``to``. Reminders stay with
    whom they were given to, a draft stays its draft. With ``keep_view`` the owner until now may still view it.

    Raises Refused for somebody who cannot own it, and TooMany as ``change_settings`` does.
    """
    require(by, "sequence.share", sequence)
    (row,) = enrollment.hold_rows([sequence.pk])
    before = row.owner
    if before.pk == to.pk:
        return False
    _refuse_unfit(row, to)
    coming = confirming.coming_in(row, now=now)
    row.owner = to
    confirming.refuse_more(row, coming, confirmed, now=now)
    row.edited_at = now
    row.save(update_fields=["owner", "edited_at"])
    shares = SequenceShare.objects.filter(sequence=row)
    shares.filter(member=to).delete()
    if keep_view and before.is_active and not row.is_shared:
        SequenceShare.objects.get_or_create(sequence=row, member=before, team=None)
    said = {"before": {"owner": before.pk}, "after": {"owner": to.pk}, "kept_view": keep_view}
    audit(by=by, verb="sequence.assign", obj=row, at=now, was=before.name, now_is=to.name, **said)
    sequence.refresh_from_db()
    return True


def _refuse_unfit(row: Sequence, to: Member) -> None:
    if not may_own(to):
        why = "is deactivated" if not to.is_active else "has a role that edits no sequences"
        raise Refused(f"{to.name} {why}: choose somebody else.", "owner")
    if row.status != Status.ARCHIVED:
        try:
            refuse_beyond_limit(to)
        except Refused as refused:
            many = (
                "1 sequence" if to.role.sequences_per_user == 1 else f"{to.role.sequences_per_user} sequences"
            )
            words = f"The role of {to.name} permits {many}, and they own as many."
            raise Refused(words, "owner") from refused
