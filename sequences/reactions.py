"""What facts from outside do to stays (semantics 2.18 to 2.25). Each takes the rows of the sequences concerned first.

The stop itself was written before, by the floor below; here the stays follow.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta

from django.db.models import QuerySet

from audience.models import Contact
from sequences import enrollment
from sequences.engine.questions import INSIDE
from sequences.engine.sql import compiled
from sequences.models import Enrollment, Sequence
from tenants.localtime import local_date

INSIDE_NOW = Enrollment.objects.filter(state__in=INSIDE)

AWAY_DAYS = 5
"""How long an automatic reply without a date pauses (semantics 2.24)."""


def end_stays(contact_ids: list[int], *, switch: str, reason: str, now: datetime) -> int:
    """End the stays of these contacts in every sequence with the switch on, such as ``exit_bounced``."""
    meant = INSIDE_NOW.filter(contact__in=contact_ids, **{f"sequence__{switch}": True})
    return sum(_end(sequence, meant, reason, now) for sequence in _held(meant))


def end_on_reply(contact_id: int, *, now: datetime) -> int:
    """The stays of who replied (2.20), and of all others with the same primary account where that ends them (2.21)."""
    own = INSIDE_NOW.filter(contact=contact_id, sequence__exit_replied=True)
    account = Contact.objects.filter(pk=contact_id, account__isnull=False).values("account")
    same_account = INSIDE_NOW.filter(contact__account__in=account, sequence__exit_colleague_replied=True)
    colleagues = same_account.exclude(contact=contact_id)
    ended = 0
    for sequence in _held(own, colleagues):
        ended += _end(sequence, own, enrollment.REPLIED, now)
        ended += _end(sequence, colleagues, enrollment.COLLEAGUE_REPLIED, now)
    return ended


def pause_away(contact_id: int, *, now: datetime, until: date | None) -> int:
    """Pause the contact's stays until they are back, where the sequence pauses for that (2.24)."""
    meant = INSIDE_NOW.filter(contact=contact_id, sequence__out_of_office="pause")
    paused = 0
    for sequence in _held(meant):
        back_on = until or local_date(now, sequence.timezone) + timedelta(days=AWAY_DAYS)
        stays = compiled(meant.filter(sequence=sequence).values("pk"))
        paused += enrollment.pause(sequence, stays, reason=enrollment.AUTO_REPLY, now=now, until=back_on)
    return paused


def whose(contact_id: int | None, address_norm: str) -> list[int]:
    """The contact concerned; where none is known, those who have the address now."""
    if contact_id is not None:
        return [contact_id]
    return list(Contact.objects.filter(email_norm=address_norm).order_by("pk").values_list("pk", flat=True))


def _held(*meant: QuerySet[Enrollment]) -> list[Sequence]:
    """The sequences of these stays, all their rows locked before the first change: so two facts cannot deadlock."""
    concerned = {pk for stays in meant for pk in stays.values_list("sequence_id", flat=True)}
    return enrollment.hold_rows(sorted(concerned))


def _end(sequence: Sequence, meant: QuerySet[Enrollment], reason: str, now: datetime) -> int:
    stays = compiled(meant.filter(sequence=sequence).values("pk"))
    return enrollment.leave(sequence, stays, reason=reason, now=now)
