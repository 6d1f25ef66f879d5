"""What the sink is told to do wrong, and what it writes down."""

import base64
import email
import email.policy
import threading
from dataclasses import asdict, dataclass, field
from email.message import EmailMessage
from fnmatch import fnmatchcase
from typing import Any, Literal

Place = Literal["connect", "helo", "tls", "auth", "mail", "rcpt", "data", "body", "dot", "rset", "quit"]
Deed = Literal["reply", "drop", "reset", "silence", "trickle"]


@dataclass(frozen=True)
class Rule:
    """One misbehaviour.

    ``at``         where in the conversation: ``body`` is after the first bytes of the message were read,
                   ``dot`` after the whole message was.
    ``do``         ``reply`` answers ``reply`` instead of the usual; ``drop`` closes the connection; ``reset``
                   closes it with RST; ``silence`` never answers; ``trickle`` answers a byte every ``delay``.
    ``reply``      e.g. ``"550 5.1.1 No such user"``; without one the usual answer, so that
                   ``Rule(at="dot", delay=3)`` is a slow server.
    ``recipient``  a pattern (``*@slow.example``); only from ``rcpt`` on is the recipient known.
    ``accept``     at ``dot``: the message counts as accepted, whatever the sender is told.
    ``delay``      seconds to wait first.
    ``after``      the first so many occasions pass; ``times`` then it happens so often (None: always).
    """

    at: Place
    do: Deed = "reply"
    reply: str = ""
    recipient: str = "*"
    accept: bool = False
    delay: float = 0.0
    after: int = 0
    times: int | None = None


class Rules:
    """The rules in force. The newest that fits is obeyed; safe to change from another thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._rules: list[list[Any]] = []  # [rule, occasions so far]

    def add(self, *rules: Rule) -> None:
        with self._lock:
            self._rules[:0] = [[rule, 0] for rule in reversed(rules)]

    def clear(self) -> None:
        with self._lock:
            self._rules.clear()

    def at(self, place: str, recipient: str = "") -> Rule | None:
        """The rule to obey here, counting this as one of its occasions."""
        with self._lock:
            for entry in self._rules:
                rule: Rule = entry[0]
                if rule.at != place or not fnmatchcase(recipient.lower(), rule.recipient.lower()):
                    continue
                entry[1] += 1
                if entry[1] > rule.after and (rule.times is None or entry[1] <= rule.after + rule.times):
                    return rule
        return None


@dataclass(frozen=True)
class Received:
    """A message that came as far as its final dot. Times are those of the sink's wall clock.

    ``accepted`` is the truth of it: whether the server has taken the message, whatever it answered.
    ``wire`` are the bytes between ``354`` and the dot as sent, ``raw`` the same without dot-stuffing.
    """

    number: int
    connection: int
    sender: str
    recipients: tuple[str, ...]
    wire: bytes
    reply: str
    accepted: bool
    user: str = ""
    tls: bool = False
    at_354: float = 0.0
    at_dot: float = 0.0
    replied_at: float = 0.0
    helo: str = field(default="", compare=False)

    @property
    def recipient(self) -> str:
        """The only recipient; more than one in an envelope is a fault of the sender."""
        (only,) = self.recipients
        return only

    @property
    def raw(self) -> bytes:
        """The message as its author made it."""
        unstuffed = b"\r\n" + self.wire
        return unstuffed.replace(b"\r\n.", b"\r\n")[2:]

    @property
    def email(self) -> EmailMessage:
        """The message as the standard library reads it."""
        message = email.message_from_bytes(self.raw, policy=email.policy.default)
        assert isinstance(message, EmailMessage)
        return message

    def to_json(self) -> dict[str, Any]:
        """As one object of the log; the bytes in base64."""
        return asdict(self) | {"wire": base64.b64encode(self.wire).decode()}

    @classmethod
    def from_json(cls, entry: dict[str, Any]) -> "Received":
        """The reverse of ``to_json``."""
        return cls(
            **entry | {"recipients": tuple(entry["recipients"]), "wire": base64.b64decode(entry["wire"])}
        )
