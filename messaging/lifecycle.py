"""The life of a message: its states, and the only ways from one to another (reliability §3.1, §3.2).

The outbox, claim, gate, results and reaper write what stands here; each names its move in the WHERE of its
UPDATE (``MOVES[…].sources``), so that a move which is no longer allowed changes no row.

The rule that everything hangs on: *from ``sending`` no way leads to where the message could be sent again,
except after a definite refusal or by the worker that knows it wrote no dot.* In doubt it is ``unknown``.
"""

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """Where a message is."""

    PENDING = "pending"
    """Waits for its time, a claim, or the end of a pause. Nothing was sent, or it was definitely refused."""

    LEASED = "leased"
    """A worker has claimed it; its bytes are frozen. No body was sent. Over after the lease."""

    SENDING = "sending"
    """Past the gate: the body may be on the wire. From here a crash leaves doubt."""

    SENT = "sent"
    """The server has taken it, or something came back that only a delivered message can cause."""

    FAILED = "failed"
    """For good, with its reason: refused, an empty placeholder, an address that cannot be used, poison."""

    CANCELLED = "cancelled"
    """Taken back before the gate: the stay ended, the address is stopped, a person did it."""

    EXPIRED = "expired"
    """Its time ran out before it could leave (``not_after``)."""

    UNKNOWN = "unknown"
    """The answer to the dot is missing. Counts as sent for what follows; never sent again by itself."""


NOT_LEFT = (State.PENDING, State.LEASED, State.SENDING)
"""States of a message that still waits or is on its way: its stay is not completed before (semantics 2.19)."""


@dataclass(frozen=True)
class Move:
    """One way. ``own``: only for the holder of the lease (the WHERE has the token, too)."""

    name: str
    sources: frozenset[State]
    target: State
    own: bool
    why: str


def _move(name: str, sources: str, target: State, why: str, *, own: bool = False) -> Move:
    return Move(name, frozenset(State(source) for source in sources.split()), target, own, why)


MOVES = {
    move.name: move
    for move in (
        _move("claim", "pending", State.LEASED, "due, and a worker takes it with a new token"),
        _move(
            "give_back",
            "leased",
            State.PENDING,
            "the mailbox or a gate said not now; no attempt burnt",
            own=True,
        ),
        _move("put_off", "leased sending", State.PENDING, "4xx, or broken off without a dot", own=True),
        _move("rescue", "leased", State.PENDING, "the lease ran out: its worker died before the gate"),
        _move("pass_gate", "leased", State.SENDING, "the gate, the point of no return", own=True),
        _move("accept", "sending unknown", State.SENT, "2xx to the dot", own=True),
        _move("refuse", "leased sending", State.FAILED, "5xx for the recipient or the message", own=True),
        _move("lose", "sending", State.UNKNOWN, "no answer to the dot, or its lease ran out"),
        _move("resolve", "unknown", State.SENT, "evidence: the Sent folder, a bounce, a reply, an open"),
        _move("give_up", "pending leased", State.FAILED, "can never be sent: placeholder, address, poison"),
        _move("cancel", "pending leased", State.CANCELLED, "its stay, address or sender was stopped"),
        _move("expire", "pending leased", State.EXPIRED, "its time ran out"),
        _move(
            "simulate", "pending", State.SENT, "handed over and accepted at once; only in a scratch tenant"
        ),
    )
}
"""Every way there is, by name."""

INITIAL = State.PENDING
FINAL = frozenset({State.SENT, State.FAILED, State.CANCELLED, State.EXPIRED})
"""Nothing leads out of these. ``unknown`` is not among them: evidence may still come."""

SETTLED = FINAL | {State.UNKNOWN}
"""Delivery has nothing more to do with these."""

COUNTS_AS_SENT = frozenset({State.SENDING, State.SENT, State.UNKNOWN})
"""For caps, waits and threads: what left or may have left."""


def allows(source: str, target: str) -> bool:
    """Whether any move leads from ``source`` to ``target``."""
    return any(source in move.sources and target == move.target for move in MOVES.values())


def diagram() -> str:
    """The states and moves as a Mermaid state diagram, for the documentation."""
    lines = ["stateDiagram-v2", f"    [*] --> {INITIAL}"]
    for move in MOVES.values():
        lines += [f"    {source} --> {move.target}: {move.name}" for source in sorted(move.sources)]
    lines += [f"    {state} --> [*]" for state in sorted(FINAL)]
    return "\n".join(lines) + "\n"
