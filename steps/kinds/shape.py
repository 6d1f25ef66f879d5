"""What every kind of step says of itself. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Channel = Literal["email", "sms"]


@dataclass(frozen=True)
class Kind:
    """One kind of step, as data: the engine asks nothing else of it (semantics 2.26, 2.27, 6.2).

    ``channel`` is how it reaches the contact, if it does: its address is looked up in the list of those never written
    to. A manual kind makes a reminder; an automatic one with a channel makes a message; one with neither (update field,
    advance) does something itself. One that ``steers`` (wait, condition) does nothing for anybody: it says when and
    where a path goes on. ``settings`` are its keys in a file besides those of every step, the obligatory ones in
    ``required``.
    """

    name: str
    label: str
    channel: Channel | None = None
    is_manual: bool = False
    steers: bool = False
    settings: tuple[str, ...] = ()
    required: tuple[str, ...] = ()

    @property
    def sends(self) -> bool:
        """Whether it makes a message that leaves by itself: it needs an address and may be held (semantics 2.27)."""
        return self.channel is not None and not self.is_manual

    @property
    def is_email(self) -> bool:
        """Whether it makes an automatic e-mail: it needs a mailbox and counts against the limit (semantics 2.29)."""
        return self.sends and self.channel == "email"

    @property
    def reaches_anyone(self) -> bool:
        """Whether it can be done for a contact without any address (semantics 2.10)."""
        return not self.sends and not self.steers


REMINDER_SETTINGS = ("assignee", "due", "priority", "description")
"""Keys of every manual kind (*R* in semantics 6.2)."""
