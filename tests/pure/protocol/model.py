"""A model of the delivery protocol under absurd faults (reliability §8.1, layer 1).

Workers are generators; wherever they yield, one can crash, freeze or be overtaken. A schedule follows from its number
alone. ``Store`` is what the protocol does to the table; the model runs over one in memory, the tests of the
application run the same schedules over the real functions.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Generator
from dataclasses import dataclass, field
from typing import Protocol

LEASE, SENDING, BATCH, MESSAGES = 60, 180, 3, 12
FINAL = {"sent", "failed", "cancelled", "unknown"}
FAULTY, CALM = 700, 400


class Store(Protocol):
    """The table of messages, each call one transaction. ``at`` is the clock of whoever calls."""

    def run(self, at: int) -> None:
        """Make all messages; a second run makes none."""

    def claim(self, token: int, at: int) -> list[int]: ...
    def give_back(self, id: int, token: int) -> None: ...
    def gate(self, id: int, token: int, at: int) -> bool: ...
    def sent(self, id: int, token: int, at: int) -> None: ...
    def failed(self, id: int, token: int, at: int) -> None: ...
    def again(self, id: int, token: int, at: int) -> None: ...
    def unknown(self, id: int, token: int, at: int) -> None: ...
    def reap(self, at: int) -> None: ...
    def resolve(self, id: int, at: int) -> None:
        """Evidence was found that an unknown one was delivered."""

    def stop(self, id: int, at: int) -> None:
        """Stop the recipient of this message; acknowledged when it returns."""

    def stopped_before_gate(self) -> list[int]:
        """Messages whose gate committed after the stop of their recipient was acknowledged."""

    def mine(self, id: int, token: int) -> str | None:
        """Its state, as far as the token is still on it."""

    def states(self) -> dict[int, str]: ...


@dataclass
class Server:
    """Counts what it accepted."""

    dice: random.Random
    faulty: bool = True
    accepted: Counter[int] = field(default_factory=Counter)

    def begin(self) -> str:
        """MAIL, RCPT, DATA until 354."""
        return self.dice.choices(["354", "drop", "4", "5"], [85, 5, 6, 1])[0] if self.faulty else "354"

    def dot(self, id: int) -> str | None:
        """The final dot; what the sender gets to see of the answer."""
        took, answer = True, "250"
        if self.faulty:
            ways = [(True, "250"), (True, None), (False, None), (False, "4"), (False, "5")]
            took, answer = self.dice.choices(ways, [80, 6, 6, 5, 3])[0]
        self.accepted[id] += took
        return answer


Worker = Generator[str, None, None]


class World:
    """One schedule: a random order of steps, faults in the first part, peace in the second."""

    def __init__(self, store: Store, seed: int, lost_is: str = "unknown", faulty: int = FAULTY) -> None:
        self.dice = random.Random(seed)
        self.store, self.server, self.lost_is, self.steps = store, Server(self.dice), lost_is, faulty
        self.clock, self.tokens, self.workers = 0, 0, dict[int, Worker]()
        self.asleep: dict[int, int] = {}

    def live(self) -> World:
        latest = 0
        for step in range(self.steps + CALM):
            self.server.faulty = step < self.steps
            latest = max(latest, self.clock)
            if step == self.steps:
                self.clock = latest  # right again: set back by hours, its leases would outlast the peace
            self.clock += self.dice.randrange(20 if self.server.faulty else 120)
            if self.server.faulty:
                self.fault(step)
            if step % 10 == 0 or self.dice.random() < 0.1:
                self.store.run(self.clock)  # a second one is harmless
                self.store.reap(self.clock)
            self.turn(step)
        return self

    def fault(self, step: int) -> None:
        roll = self.dice.random()
        if roll < 0.01:
            self.store.stop(self.dice.randrange(MESSAGES), self.clock)
        elif roll < 0.02:
            self.clock += self.dice.choice([-3600, -200, 200, 3600])
        elif roll < 0.05 and self.workers:
            self.workers.pop(self.dice.choice(sorted(self.workers)))  # kill -9
        elif roll < 0.09 and self.workers:
            self.asleep[self.dice.choice(sorted(self.workers))] = step + self.dice.randrange(200)
        elif roll < 0.10:
            delivered = [
                id for id, s in self.store.states().items() if s == "unknown" and self.server.accepted[id]
            ]
            if delivered:
                self.store.resolve(self.dice.choice(delivered), self.clock)

    def turn(self, step: int) -> None:
        """One step of one worker; the doorbell starts new ones, now and then too many or too few."""
        awake = sorted(w for w in self.workers if self.asleep.get(w, 0) <= step)
        if len(awake) < 2 or (self.server.faulty and self.dice.random() < 0.02):
            self.tokens += 1
            self.workers[self.tokens] = self.work(self.tokens)
            awake.append(self.tokens)
        worker = self.dice.choice(awake)
        if next(self.workers[worker], None) is None:
            del self.workers[worker]

    def work(self, token: int) -> Worker:
        store = self.store
        claimed = store.claim(token, self.clock)
        yield "C2"
        for id in claimed:
            yield "C3"
            answer = self.server.begin()
            yield "C4"
            if answer == "drop":
                store.give_back(id, token)
            elif answer != "354":
                (store.again if answer == "4" else store.failed)(id, token, self.clock)
            elif self.server.faulty and self.dice.random() < 0.03:
                yield from self.lose_commit(id, token)
            elif store.gate(id, token, self.clock):
                yield "C5"
                reply = self.server.dot(id)
                yield "C6"
                ways = {"250": store.sent, "4": store.again, "5": store.failed}
                (ways[reply] if reply else getattr(store, self.lost_is))(id, token, self.clock)
                yield "C8"

    def lose_commit(self, id: int, token: int) -> Worker:
        """The connection to the database breaks at the gate: committed or not, no dot is written."""
        if self.dice.random() < 0.5:
            self.store.gate(id, token, self.clock)
        yield "C5?"
        state = self.store.mine(id, token)
        if state == "leased":
            self.store.give_back(id, token)
        elif state == "sending":
            self.store.again(id, token, self.clock)

    def faults(self) -> list[str]:
        """What was promised and not kept."""
        states, accepted = self.store.states(), self.server.accepted
        return [
            *(f"I1: {id} accepted {n} times" for id, n in accepted.items() if n > 1),
            *(f"I2: {id} is {state} for ever" for id, state in states.items() if state not in FINAL),
            *(
                f"I3: {id} is sent and nobody has it"
                for id, s in states.items()
                if s == "sent" and not accepted[id]
            ),
            *(
                f"I3: {id} was accepted and is {states[id]}"
                for id, n in accepted.items()
                if n and states[id] not in ("sent", "unknown")
            ),
            *(f"I4: {id} left after its stop" for id in self.store.stopped_before_gate()),
        ]
