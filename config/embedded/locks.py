"""Locks between processes by ``flock``: the kernel releases them with the process that held them."""

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path


class Lock:
    """One handle on a lock file. Shared and exclusive holders as in ``flock(2)``."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def share(self) -> None:
        """Take the lock beside other sharers, waiting for an exclusive holder to leave."""
        fcntl.flock(self.fd, fcntl.LOCK_SH)

    def own(self) -> None:
        """Take the lock alone, waiting for all others to leave."""
        fcntl.flock(self.fd, fcntl.LOCK_EX)

    def try_own(self) -> bool:
        """Take the lock alone if nobody else holds it. A failed try also gives up a shared hold."""
        return self._try(fcntl.LOCK_EX)

    def try_share(self) -> bool:
        """Take the lock beside other sharers unless somebody holds it alone."""
        return self._try(fcntl.LOCK_SH)

    def release(self) -> None:
        """Give the lock up and close the handle."""
        os.close(self.fd)

    def _try(self, kind: int) -> bool:
        with contextlib.suppress(BlockingIOError):
            fcntl.flock(self.fd, kind | fcntl.LOCK_NB)
            return True
        return False


@contextlib.contextmanager
def owning(path: Path) -> Iterator[None]:
    """Hold the lock file `path` alone inside the block."""
    lock = Lock(path)
    try:
        lock.own()
        yield
    finally:
        lock.release()
