"""What facts from outside do to stays (semantics 2.18 to 2.25). Each takes the rows of the sequences concerned first.

The stop itself was written before, by the floor below; here the stays follow.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta

from django.db.models import QuerySet

from audience.models import Contact
from sequences import enrollment
from sequences.engine.questions import INSIDE
from sequences.engine.sql import compiled
from sequences.models import Enrollment, Sequence
from tenants.localtime import local_date

AWAY_DAYS = 5
"""How long an automatic reply without a date pauses (semantics 2.24)."""


def end_stays(contact_ids: list[int], *, switch: str, reason: str, now: datetime) -> int:
    """End the stays of these contacts in every sequence with the switch on, such as ``exit_replied``."""
    ended = 0
    for sequence, stays in _inside(contact_ids, **{f"sequence__{switch}": True}):
        ended += enrollment.leave(sequence, compiled(stays), reason=reason, now=now)
    return ended


def end_colleagues(contact_id: int, *, now: datetime) -> int:
    """The stays of all others with the same primary account, where a colleague's reply ends them (2.21)."""
    account = Contact.objects.filter(pk=contact_id).values_list("account_id", flat=True).first()
    if account is None:
        return 0
    ended = 0
    switched = {"sequence__exit_colleague_replied": True, "contact__account": account}
    for sequence, stays in _inside(None, **switched):
        others = stays.exclude(contact=contact_id)
        ended += enrollment.leave(sequence, compiled(others), reason=enrollment.COLLEAGUE_REPLIED, now=now)
    return ended


def pause_away(contact_id: int, *, now: datetime, until: date | None) -> int:
    """Pause the contact's stays until they are back, where the sequence pauses for that (2.24)."""
    paused = 0
    for sequence, stays in _inside([contact_id], sequence__out_of_office="pause"):
        back_on = until or local_date(now, sequence.timezone) + timedelta(days=AWAY_DAYS)
        paused += enrollment.pause(
            sequence, compiled(stays), reason=enrollment.AUTO_REPLY, now=now, until=back_on
        )
    return paused


def whose(contact_id: int | None, address_norm: str) -> list[int]:
    """The contact concerned; where none is known, those who have the address now."""
    if contact_id is not None:
        return [contact_id]
    return list(Contact.objects.filter(email_norm=address_norm).order_by("pk").values_list("pk", flat=True))


def _inside(contact_ids: list[int] | None, **where: object) -> Iterator[tuple[Sequence, QuerySet]]:
    """Each sequence concerned, its row locked, all locks before the first change, with the stays meant in it."""
    found = Enrollment.objects.filter(state__in=INSIDE, **where)
    if contact_ids is not None:
        found = found.filter(contact__in=contact_ids)
    concerned = sorted(set(found.values_list("sequence_id", flat=True)))
    for sequence in enrollment.hold_rows(concerned):
        yield sequence, found.filter(sequence=sequence).values("pk")
