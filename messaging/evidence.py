"""What is known of a message that did not leave, or may not have left, in words for a person. Pure."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

UNSENT = ("failed", "unknown", "expired")
"""States of messages that somebody may have to look at."""

WHY = {
    "hard_bounce": "there is nobody at this address",
    "soft_bounce": "the recipient’s server did not take it, after several tries",
    "refused": "the recipient’s server refused it",
    "too_large": "it is too large for the server",
    "placeholder": "a value that the template needs is missing",
    "template": "its template cannot be read",
    "address": "the address cannot be written to",
    "header": "a name or address in it cannot be written",
    "poison": "sending it broke off five times",
    "no_zone": "the contact’s time zone is not known",
    "no_consent": "the contact has not consented",
    "late": "its time ran out before it could leave",
    "trial": "the address is not on the trial list",
    "no_answer": "the connection broke when it was handed over",
}
PHASES = {
    "connect": "while connecting",
    "helo": "while greeting",
    "tls": "while securing the connection",
    "auth": "while signing in",
    "mail": "when the sender was named",
    "rcpt": "when the recipient was named",
    "data": "before the text",
    "gate": "before the text",
    "dot": "at the end of the text",
}


class Ended(Protocol):
    """What is asked of a message."""

    state: str
    reason: str
    smtp_phase: str
    smtp_code: int | None
    smtp_text: str
    resolved_by: str
    gate_at: datetime | None
    due_at: datetime


def why(message: Ended) -> str:
    """Why it did not leave, or why nobody knows."""
    return WHY.get(message.reason, message.reason.replace("_", " "))


def heard(message: Ended) -> str:
    """What the server said and where, or what broke off; empty where nothing was heard."""
    said = " ".join(part for part in (str(message.smtp_code or ""), message.smtp_text) if part)
    where = PHASES.get(message.smtp_phase, "")
    if said and where:
        return f"{where[0].upper()}{where[1:]}: {said}"
    return said or (f"Broke off {where}" if where else "")


def ended_at(message: Ended) -> datetime:
    """When it was last tried; of one that never was, when it was due."""
    return message.gate_at or message.due_at
