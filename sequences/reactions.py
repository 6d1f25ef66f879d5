"""What facts from outside do to stays (semantics 2.18 to 2.25). Each takes the rows of the sequences concerned first.

The stop itself was written before, by the floor below; here the stays follow.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import date, datetime, timedelta

from django.db.models import QuerySet

from audience.models import Contact
from messaging import outbox
from sequences import agenda, enrollment
from sequences.engine.questions import INSIDE
from sequences.engine.sql import Sql, compiled
from sequences.models import Enrollment, Sequence
from tenants.localtime import local_date

INSIDE_NOW = Enrollment.objects.filter(state__in=INSIDE)

AWAY_DAYS = 5
"""How long an automatic reply without a date pauses (semantics 2.24)."""


def stop_writing(
    contact_id: int | None,
    address: str,
    *,
    switch: str,
    reason: str,
    now: datetime,
    refused: int | None = None,
) -> int:
    """Nobody writes to the address any more (semantics 2.22); how many stays ended.

    Those of the contacts meant end in every sequence with the switch on, such as ``exit_bounced``. What waits to leave
    for the address is taken back at once, whatever the switches say and whoever has it (R-036); the message whose
    refusal this is has failed.
    """
    having = whose(None, address) if address else []
    meant = having if contact_id is None else [contact_id]
    return _stop(meant, {*having, *meant}, [address], switch, reason, now, refused)


def stop_writing_to(addresses: Collection[str], *, switch: str, reason: str, now: datetime) -> int:
    """The same for many addresses of nobody in particular, as a set."""
    having = Contact.objects.filter(email_norm__in=addresses).values_list("pk", flat=True)
    people = list(having)
    return _stop(people, people, addresses, switch, reason, now)


def _stop(
    meant: Collection[int],
    having: Collection[int],
    addresses: Collection[str],
    switch: str,
    reason: str,
    now: datetime,
    refused: int | None = None,
) -> int:
    """``meant`` leave where the switch says so; of ``having`` what waits to leave for the addresses is taken back."""
    if not having:
        return 0
    ending = INSIDE_NOW.filter(contact__in=meant, **{f"sequence__{switch}": True})
    stays = Enrollment.objects.filter(contact__in=having)
    held = _held(ending, stays.filter(state__in=INSIDE))
    of = _by_sequence(ending)
    ended = sum(
        enrollment.leave(s, _these(of[s.pk]), reason=reason, now=now, refused=refused)
        for s in held
        if of[s.pk]
    )
    everyone = _these(stays.values_list("pk", flat=True))
    outbox.cancel(enrollments=everyone, reason=reason, now=now, to=("email", addresses), but=refused)
    return ended


def _by_sequence(stays: QuerySet[Enrollment]) -> dict[int, list[int]]:
    """The ids of these stays by sequence; read once the rows of the sequences are held."""
    found: dict[int, list[int]] = defaultdict(list)
    for sequence_id, pk in stays.values_list("sequence_id", "pk"):
        found[sequence_id].append(pk)
    return found


def _these(ids: Iterable[int]) -> Sql:
    """Stays by their ids, as one parameter however many they are."""
    return "SELECT unnest(%s::bigint[])", (list(ids),)


def stop_texting(number: str, *, now: datetime) -> int:
    """Nobody sends SMS to the number any more (semantics 2.23): what waits is taken back; no stay ends."""
    stays = Enrollment.objects.filter(contact__in=Contact.objects.filter(sms_number=number).values("pk"))
    _held(stays.filter(state__in=INSIDE))
    reason = enrollment.UNSUBSCRIBED
    return outbox.cancel(enrollments=stays.values("pk"), reason=reason, now=now, to=("sms", [number]))


def end_gone(contact_ids: list[int], *, now: datetime) -> int:
    """End all stays of contacts who are about to be deleted."""
    meant = INSIDE_NOW.filter(contact__in=contact_ids)
    return sum(_end(sequence, meant, enrollment.REMOVED, now) for sequence in _held(meant))


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
        agenda.wake([sequence.pk], now=now)
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


def _end(
    sequence: Sequence,
    meant: QuerySet[Enrollment],
    reason: str,
    now: datetime,
    refused: int | None = None,
) -> int:
    stays = compiled(meant.filter(sequence=sequence).values("pk"))
    return enrollment.leave(sequence, stays, reason=reason, now=now, refused=refused)
