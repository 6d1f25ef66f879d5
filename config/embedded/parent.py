"""The `make` that started us: whether it is over."""

import os
import re
import signal
from pathlib import Path


class Parent:
    """Our parent process, if that is `make`.

    It passes SIGTERM on to us, and Ctrl-C reaches us by itself. What does not reach us is a SIGINT for `make` alone:
    it then waits, politely and for ever, for us to end. But it has stopped catching that signal, which Linux shows.
    """

    def __init__(self) -> None:
        self.is_make = "STEPWISE_RUN_BY_MAKE" in os.environ
        self.pid = os.getppid()
        self.caught_at_first = self._caught()

    def is_over(self) -> bool:
        """Whether it was killed, or interrupted and waits for us."""
        return self.is_make and (os.getppid() != self.pid or (self.caught_at_first and not self._caught()))

    def _caught(self) -> bool:
        """Whether it catches SIGINT; False where the system does not tell."""
        status = Path(f"/proc/{self.pid}/status")
        found = (
            re.search(r"^SigCgt:\s*([0-9a-f]+)$", status.read_text(), re.MULTILINE)
            if status.exists()
            else None
        )
        return bool(found and int(found[1], 16) & 1 << (signal.SIGINT - 1))
