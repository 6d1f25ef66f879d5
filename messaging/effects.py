"""What follows from something from outside: the fact, the signal to the floors above, the activity fields.

In this order, which is also that of the locks: stays and their messages, then contacts and accounts.
"""

from __future__ import annotations

from activities.models import Fact
from audience import activity
from audience.models import Contact
from messaging import results, sent, signals
from messaging.about import Event
from messaging.models import Message


def apply(event: Event) -> None:
    """Everything but stop and suppression, in the caller's transaction."""
    record(event)
    if not event.by_machine:
        tell(event)
    elif event.message_id is not None:
        is_click = event.kind == "clicked"
        signals.seen_by_machine.send(
            sender=Message, message_id=event.message_id, at=event.at, is_click=is_click
        )
    if event.message_id is not None and event.is_named:
        results.resolve_unknown(event.message_id, by=event.kind, at=event.at)
    if event.contact_id is not None:
        sent.tell(contact_id=event.contact_id)
    if not event.by_machine:
        mark(event)


def record(event: Event) -> None:
    """The line of the timeline, where it is somebody's."""
    if event.contact_id is None:
        return
    account_id = Contact.objects.values_list("account_id", flat=True).get(pk=event.contact_id)
    data = {"source": event.source, **event.details}
    if event.kind == "bounced":
        data["hard"] = event.hard
    if event.until:
        data["until"] = event.until.isoformat()
    Fact.objects.create(
        contact_id=event.contact_id, account_id=account_id, kind=event.kind, at=event.at,
        by_machine=event.by_machine, message_id=event.message_id, enrollment_id=event.enrollment_id, data=data,
    )  # fmt: skip


def tell(event: Event) -> None:
    """The signal of this kind."""
    about = {"contact_id": event.contact_id, "message_id": event.message_id, "at": event.at}
    match event.kind:
        case "opened":
            signals.opened.send(sender=Message, **about)
        case "clicked":
            signals.clicked.send(sender=Message, **about)
        case "replied":
            signals.replied.send(sender=Message, **about)
        case "auto_reply":
            signals.auto_replied.send(sender=Message, until=event.until, **about)
        case "bounced":
            signals.bounced.send(sender=Message, address_norm=event.address, hard=event.hard, **about)
        case "unsubscribed":
            signals.unsubscribed.send(sender=Message, address_norm=event.address, **about)
        case "sms_stop":
            signals.sms_stopped.send(sender=Message, number=event.address, at=event.at)


def mark(event: Event) -> None:
    """Opened, clicked and replied set activity fields; an answer to a message opens it, too (semantics 6.5)."""
    if event.contact_id is None or event.kind not in ("opened", "clicked", "replied"):
        return
    answers_nothing = event.kind == "replied" and event.message_id is None
    activity.mark([event.contact_id], "wrote" if answers_nothing else event.kind, event.at)
