"""Leaving in order: a process that is told to end finishes the message in its hands (R-004)."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

SIGNALS = (signal.SIGTERM, signal.SIGINT)


@contextmanager
def in_order() -> Iterator[Callable[[], bool]]:
    """Inside, SIGTERM and SIGINT are kept; the function says whether one has come. They take effect on leaving.

    Also for the children of a worker: systemd and others signal all processes of a service at once, and a child that
    dies between dot and answer leaves its message in doubt. Nothing is kept outside of the main thread.
    """
    came: list[int] = []

    def keep(number: int, frame: FrameType | None) -> None:
        came.append(number)

    if threading.current_thread() is not threading.main_thread():
        yield lambda: False
        return
    before = {number: signal.signal(number, keep) for number in SIGNALS}
    try:
        yield lambda: bool(came)
    finally:
        for kept, handler in before.items():
            signal.signal(kept, handler)
        for number in came[:1]:
            signal.raise_signal(number)
