"""The floor of delivery: claim, gate and result of each message, with no mail made and no server spoken to.

``python -m bench.protocol TENANT MAILBOX`` visits the mailbox with the product's own functions until nothing is due.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator
from typing import Any


class Nowhere:
    """A transport that asks the gate and says that all was well."""

    def send(self, sender: str, recipient: str, raw: bytes, gate: Callable[[], bool]) -> Any:
        from messaging.verdicts import Verdict

        is_open = gate()
        return Verdict(
            state="sent" if is_open else "held_back",
            phase="dot",
            scope="message",
            reason="",
            code=250,
            text="ok",
        )


def main(tenant_id: int, mailbox_id: int) -> None:
    import django

    django.setup()
    from django.utils.timezone import now

    from messaging import delivery, mailboxes
    from messaging.freeze import Frozen

    @contextlib.contextmanager
    def nowhere(server: Any) -> Iterator[Nowhere]:
        yield Nowhere()

    vars(mailboxes)["open_transport"] = nowhere
    vars(delivery)["freeze"] = lambda lease, batch, *, now: [Frozen(message, b"") for message in batch]
    print("ready", flush=True)
    sys.stdin.readline()
    counts = delivery.visit(tenant_id, mailbox_id, clock=now)
    print(dict(counts), flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
