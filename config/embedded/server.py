"""What PostgreSQL and Valkey have in common as processes: start, recognise, stop."""

import contextlib
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import psutil

from config.embedded.errors import EmbeddedError

LOG_LIMIT = 10 * 1024 * 1024
"""Bytes; a larger log is begun anew at the next start."""


@dataclass(frozen=True)
class Identity:
    """One process, for certain: ids are reused, an id with its time of birth is not.

    `born` is in clock ticks since the machine started where the system tells that, since a time of day is
    computed from the clock and moves when the clock is set; else it is a time of day.
    """

    pid: int
    born: float

    @classmethod
    def of(cls, pid: int) -> "Identity":
        """The identity of the running process `pid`."""
        return cls(pid, _born(pid))

    def process(self) -> psutil.Process | None:
        """The process if it still runs, else None."""
        with contextlib.suppress(psutil.NoSuchProcess):
            process = psutil.Process(self.pid)
            if _born(self.pid) == self.born and process.status() != psutil.STATUS_ZOMBIE:
                return process
        return None

    def stop(self, gentle: signal.Signals, seconds: float) -> None:
        """Ask the process to end, wait up to `seconds`, then kill it. Its children are its own affair."""
        for sign in (gentle, signal.SIGKILL):
            process = self.process()
            if process is None:
                return
            with contextlib.suppress(psutil.NoSuchProcess, psutil.TimeoutExpired):
                process.send_signal(sign)
                process.wait(seconds)


def _born(pid: int) -> float:
    stat = Path(f"/proc/{pid}/stat")
    try:
        return float(stat.read_text().rpartition(")")[2].split()[19])
    except FileNotFoundError:
        return psutil.Process(pid).create_time()


def open_log(path: Path) -> IO[bytes]:
    """`path` for appending, emptied first when it has grown too long."""
    path.parent.mkdir(parents=True, exist_ok=True)
    too_long = path.exists() and path.stat().st_size > LOG_LIMIT
    return path.open("wb" if too_long else "ab")


def spawn(command: list[str], log: Path, **kwargs: Any) -> subprocess.Popen:
    """Start a server in a session of its own, so that a Ctrl-C in the terminal does not reach it."""
    with open_log(log) as out:
        return subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True, **kwargs
        )


def wait_until(ready: Any, process: subprocess.Popen, what: str, log: Path, seconds: float = 60) -> None:
    """Return once `ready()` is true.

    Raises :class:`EmbeddedError` with the log's last line if the process ends or `seconds` pass before.
    """
    until = time.monotonic() + seconds
    while not ready():
        if process.poll() is not None or time.monotonic() > until:
            raise EmbeddedError(f"{what} did not start: {last_line(log)} (see {log})")
        time.sleep(0.02)


def last_line(log: Path) -> str:
    """The last line of a log that says something."""
    lines = [line.strip() for line in log.read_text(errors="replace").splitlines() if line.strip()]
    return lines[-1] if lines else "no message"
