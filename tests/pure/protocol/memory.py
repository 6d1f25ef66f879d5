"""The protocol on a table in memory, and the mutants of it that the checks must catch (reliability §8.2)."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from tests.pure.protocol.model import BATCH, LEASE, MESSAGES, SENDING

POISON, REFUSALS, RETRY = 5, 4, 900


@dataclass
class Row:
    state: str = "pending"
    token: int = 0
    until: int = 0
    due: int = 0
    rescues: int = 0
    refusals: int = 0
    gate: int = 0


@dataclass
class MemStore:
    """As messaging does it; see there."""

    rows: dict[int, Row] = field(default_factory=dict)
    stops: dict[int, int] = field(default_factory=dict)
    clock: int = 0

    def run(self, at: int) -> None:
        for id in range(MESSAGES):
            self.rows.setdefault(id, Row(due=at))

    def claim(self, token: int, at: int) -> list[int]:
        for rescued, most in ((False, BATCH), (True, 1)):
            due = [
                id
                for id, row in sorted(self.rows.items(), key=lambda r: (r[1].due, r[0]))
                if row.state == "pending" and row.due <= at and (row.rescues > 0) == rescued
            ][:most]
            for id in due:
                row = self.rows[id]
                row.state, row.token, row.until = "leased", token, at + LEASE
            if due:
                return due
        return []

    def held(self, id: int, token: int, *states: str) -> bool:
        return self.rows[id].state in states and self.rows[id].token == token

    def give_back(self, id: int, token: int) -> None:
        if self.held(id, token, "leased"):
            self.rows[id].state = "pending"

    def gate(self, id: int, token: int, at: int) -> bool:
        row = self.rows[id]
        if not self.held(id, token, "leased"):
            return False
        if self.is_stopped(id):
            row.state = "cancelled"
            return False
        self.clock += 1
        row.state, row.gate, row.until = "sending", self.clock, at + SENDING
        return True

    def is_stopped(self, id: int) -> bool:
        return id in self.stops

    def sent(self, id: int, token: int, at: int) -> None:
        if self.held(id, token, "sending", "unknown"):
            self.rows[id].state = "sent"

    def failed(self, id: int, token: int, at: int) -> None:
        if self.held(id, token, "leased", "sending"):
            self.rows[id].state = "failed"

    def again(self, id: int, token: int, at: int) -> None:
        row = self.rows[id]
        if self.held(id, token, "leased", "sending"):
            row.refusals += 1
            row.state = "failed" if row.refusals > REFUSALS else "pending"
            row.due = at + RETRY

    def unknown(self, id: int, token: int, at: int) -> None:
        if self.held(id, token, "sending"):
            self.rows[id].state = "unknown"

    def reap(self, at: int) -> None:
        for row in self.rows.values():
            if row.state == "leased" and row.until < at:
                row.rescues += 1
                row.state = "failed" if row.rescues >= POISON else "pending"
            elif row.state == "sending" and row.until < at:
                row.state = "unknown"

    def resolve(self, id: int, at: int) -> None:
        if self.rows[id].state == "unknown":
            self.rows[id].state = "sent"

    def stop(self, id: int, at: int) -> None:
        self.clock += 1
        self.stops.setdefault(id, self.clock)

    def stopped_before_gate(self) -> list[int]:
        return [id for id, at in self.stops.items() if id in self.rows and self.rows[id].gate > at]

    def mine(self, id: int, token: int) -> str | None:
        return self.rows[id].state if self.rows[id].token == token else None

    def states(self) -> dict[int, str]:
        return {id: row.state for id, row in self.rows.items()}


class ChecksNothing(MemStore):
    """Transitions check neither state nor token."""

    def held(self, id: int, token: int, *states: str) -> bool:
        return True


class ReaperRetries(MemStore):
    """The reaper puts ``sending`` back to ``pending``."""

    def reap(self, at: int) -> None:
        for row in self.rows.values():
            if row.state in ("leased", "sending") and row.until < at:
                row.state = "pending"


class IgnoresStops(MemStore):
    """The gate ignores stops."""

    def is_stopped(self, id: int) -> bool:
        return False


class LateFailureOverwrites(MemStore):
    """A late failure overwrites a result."""

    def again(self, id: int, token: int, at: int) -> None:
        self.rows[id].state, self.rows[id].due = "pending", at + RETRY


class FlagAfterSend(MemStore):
    """No lease and no gate: whoever finds it pending sends it, and then sets a flag."""

    def claim(self, token: int, at: int) -> list[int]:
        return [id for id, row in self.rows.items() if row.state == "pending" and row.due <= at][:BATCH]

    def gate(self, id: int, token: int, at: int) -> bool:
        return True

    def held(self, id: int, token: int, *states: str) -> bool:
        return True


class LeaseAlone(MemStore):
    """A visibility time-out: what is not confirmed in time is delivered again."""

    def gate(self, id: int, token: int, at: int) -> bool:
        return True

    def held(self, id: int, token: int, *states: str) -> bool:
        return self.rows[id].token == token

    def reap(self, at: int) -> None:
        for row in self.rows.values():
            if row.state == "leased" and row.until < at:
                row.state = "pending"


class MarkBeforeSend(MemStore):
    """Sent is what is about to be sent; nothing is looked at again."""

    def gate(self, id: int, token: int, at: int) -> bool:
        if not self.held(id, token, "leased"):
            return False
        self.rows[id].state = "sent"
        return True

    def again(self, id: int, token: int, at: int) -> None:
        if self.held(id, token, "leased"):
            super().again(id, token, at)


MUTANTS = (ChecksNothing, ReaperRetries, IgnoresStops, LateFailureOverwrites)
NAIVE = (FlagAfterSend, LeaseAlone)


def kinds(faults: list[str]) -> Counter[str]:
    return Counter(fault[:2] for fault in faults)
