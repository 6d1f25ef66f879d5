"""The one function for facts from outside: opened, clicked, replied, bounced, out of office, unsubscribed, SMS stop.

Stops win (reliability §3.2): what stops something is written down, with the suppression, in a short transaction of its
own; everything else follows in a second one. What a crash leaves between the two, ``follow_left`` picks up.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any

from audience.models import Suppression
from messaging import effects, signals, stops
from messaging.about import Event, Kind, concerning
from messaging.models import StopEvent
from tenants.models import Tenant
from tenants.wall import use


def take_in(
    kind: Kind,
    *,
    at: datetime,
    source: str,
    contact: Any = None,
    message: Any = None,
    address: str | None = None,
    by_machine: bool = False,
    tenant: Tenant | int | None = None,
    until: date | None = None,
    hard: bool = True,
    **details: Any,
) -> bool:
    """Take in that something happened at ``at``; False where it concerns nobody and nothing and is ignored (2.25).

    ``contact`` and ``message`` are rows or ids; without a message it is the one last sent to the contact by then.
    ``address`` (normalised) is given where one is meant that no message names: it is unsubscribed or bounced by itself.
    ``source`` says who told us: pixel, link, one_click, page, smtp, imap, webhook, person, simulation.
    ``by_machine``: a scanner or proxy did it; it is recorded and moves nothing.
    ``until``: the local date of return that an auto_reply names. ``hard``: of a bounce.
    ``details`` go into the fact as they are (the URL of a click, the text of a bounce).

    Called outside of any transaction with ``tenant`` the stop is in force, and known to every gate, before the rest
    begins. Inside one it all commits with that one.
    """
    given = {
        "kind": kind, "at": at, "source": source, "contact": contact, "message": message, "address": address,
        "by_machine": by_machine, "until": until, "hard": hard, "details": details,
    }  # fmt: skip
    if tenant is None:
        return _take_in(given)
    with use(tenant):
        event = concerning(**given)
        stop = stop_first(event) if event else None
    if event is None:
        return False
    with use(tenant):
        _follow(event, stop)
    return True


def _take_in(given: dict[str, Any]) -> bool:
    event = concerning(**given)
    if event is None:
        return False
    _follow(event, stop_first(event))
    return True


def stop_first(event: Event) -> StopEvent | None:
    """Write the suppression and the stop of an event that stops something."""
    if event.by_machine:
        return None
    match event.kind:
        case "replied" | "auto_reply" if event.contact_id is not None:
            named = (stops.CONTACT, str(event.contact_id))
        case "unsubscribed" | "sms_stop" if event.address:
            named = (stops.ADDRESS, event.address)
        case "bounced" if event.hard and event.address:
            named = (stops.ADDRESS, event.address)
        case _:
            return None
    scope, key = named
    (stop,) = stops.stop(
        scope, [key], kind=event.kind, at=event.at, source=event.source, data=event.to_json()
    )
    if scope == stops.ADDRESS:
        suppress(event)
    return stop


def suppress(event: Event) -> None:
    """Nobody of the tenant writes to the address any more (semantics 2.22, 2.23)."""
    reason = Suppression.BOUNCED if event.kind == "bounced" else Suppression.UNSUBSCRIBED
    Suppression.objects.bulk_create(
        [
            Suppression(
                channel="sms" if event.kind == "sms_stop" else "email",
                address_norm=event.address,
                reason=reason,
                source=event.source,
                at=event.at,
            )
        ],
        ignore_conflicts=True,
    )


def unsubscribe_all(addresses: Iterable[str], *, at: datetime) -> None:
    """Shut the gates of many addresses and let everything follow, as a set, in the caller's transaction.

    The caller writes the suppressions in the same one. A gate opens before all of it or sees all of it; so no stop has
    to be in force in between.
    """
    found = sorted(set(addresses))
    stops.lock((stops.ADDRESS, address) for address in found)
    signals.addresses_unsubscribed.send(sender=StopEvent, addresses=found, at=at)


def follow_left(*, now: datetime, after: timedelta = timedelta(minutes=1)) -> int:
    """Let everything follow those stops whose process died in between; how many there were."""
    left = StopEvent.objects.filter(lifted_at__isnull=True, at__lt=now - after).exclude(data={})
    found = 0
    for stop in left.order_by("pk"):
        _follow(Event.from_json(stop.data), stop)
        found += 1
    return found


def _follow(event: Event, stop: StopEvent | None) -> None:
    """Everything else, once: whoever holds the stop's row first does it."""
    if stop is not None:
        mine = StopEvent.objects.select_for_update().filter(pk=stop.pk, lifted_at__isnull=True)
        if not mine.exists():
            return
    effects.apply(event)
    if stop is not None:
        StopEvent.objects.filter(pk=stop.pk).update(lifted_at=event.at)
