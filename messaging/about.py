"""Whom and which message something from outside concerns (semantics 2.20, 2.22, 2.25)."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from typing import Any, Literal, get_args

from audience.models import Contact
from messaging.models import Message

Kind = Literal["opened", "clicked", "replied", "auto_reply", "bounced", "unsubscribed", "sms_stop"]
NEED_A_MESSAGE = ("opened", "clicked")


@dataclass(frozen=True)
class Event:
    """Something from outside, with everything looked up. ``address`` is the one meant, normalised; "" where none is.

    ``is_named``: what came in named its message; else the message is the one last sent, which proves nothing about it.
    """

    kind: Kind
    at: datetime
    source: str
    contact_id: int | None
    message_id: int | None
    enrollment_id: int | None
    address: str
    by_machine: bool = False
    until: date | None = None
    hard: bool = True
    is_named: bool = True
    details: dict[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        return asdict(self) | {
            "at": self.at.isoformat(),
            "until": self.until.isoformat() if self.until else None,
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Event:
        until = date.fromisoformat(data["until"]) if data["until"] else None
        return cls(**data | {"at": datetime.fromisoformat(data["at"]), "until": until})


def concerning(
    *, kind: Kind, at: datetime, source: str, contact: Any, message: Any, address: str | None, **rest: Any
) -> Event | None:
    """The event with its contact, message and address; None where it is to be ignored (semantics 2.25)."""
    assert kind in get_args(Kind), f"unknown kind {kind}"
    channel = "sms" if kind == "sms_stop" else "email"
    sent = _message(message)
    contact_id = sent.contact_id if sent else _id(contact)
    if sent is None and address is None and contact_id is not None and channel == "email":
        sent = last_sent(contact_id, at)
    if sent is None and kind in NEED_A_MESSAGE:
        return None
    if address is None:
        address = sent.address_norm if sent and channel == "email" else _address_of(contact_id, channel)
    if contact_id is None and not address:
        return None
    return Event(
        kind=kind, at=at, source=source, contact_id=contact_id, message_id=sent.pk if sent else None,
        enrollment_id=sent.enrollment_id if sent else None, address=address,
        is_named=message is not None, **rest,
    )  # fmt: skip


def last_sent(contact_id: int, at: datetime) -> Message | None:
    """The e-mail last sent to the contact by ``at``, by any sequence."""
    found = Message.objects.filter(contact_id=contact_id, channel="email", sent_at__lte=at)
    return found.order_by("-sent_at", "-pk").first()


def _message(given: Any) -> Message | None:
    if given is None or isinstance(given, Message):
        return given
    return Message.objects.get(pk=given)


def _id(given: Any) -> int | None:
    return given.pk if isinstance(given, Contact) else given


def _address_of(contact_id: int | None, channel: str) -> str:
    if contact_id is None:
        return ""
    column = "sms_number" if channel == "sms" else "email_norm"
    return Contact.objects.values_list(column, flat=True).get(pk=contact_id) or ""
