"""Processes that live and end together, each the leader of a process group of its own."""

import contextlib
import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from config.embedded.errors import EmbeddedError
from config.embedded.ports import HANDED_OVER
from config.embedded.server import open_log

GRACE_SECONDS = 20
"""How long a process may take to finish what it is doing."""

DEATHS_ALLOWED = 5
CALM_SECONDS = 60
"""A process that dies more than DEATHS_ALLOWED times within CALM_SECONDS is not started again."""

PR_SET_PDEATHSIG = 1


class Group:
    """Starts `commands` on entering and ends them on leaving, with all that they have started themselves.

    They run in `folder`, with `environment` instead of ours if given. What they print goes to our own output or,
    with `logs`, to a file for each in that folder. A process named in `sockets` is started with that socket.
    """

    def __init__(
        self,
        commands: Mapping[str, Sequence[str]],
        folder: Path,
        *,
        environment: Mapping[str, str] | None = None,
        logs: Path | None = None,
        sockets: Mapping[str, socket.socket] | None = None,
    ) -> None:
        self.commands = commands
        self.folder = folder
        self.environment = environment
        self.logs = logs
        self.sockets = sockets or {}
        self.processes: dict[str, subprocess.Popen] = {}
        self.deaths: dict[str, list[float]] = {name: [] for name in commands}

    def __enter__(self) -> "Group":
        for name in self.commands:
            self.start(name)
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def revive(self) -> None:
        """Start again what has died. Raises :class:`EmbeddedError` if one keeps dying."""
        for name, process in self.processes.items():
            if process.poll() is not None:
                self._note_death(name, process.returncode)
                _signal_group(process, signal.SIGKILL)  # what the dead one has left
                self.start(name)

    def end(self) -> None:
        """Ask all to end, wait, and kill what does not."""
        for process in self.processes.values():
            _signal_group(process, signal.SIGTERM)
        until = time.monotonic() + GRACE_SECONDS
        for process in self.processes.values():
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(max(0.1, until - time.monotonic()))
            _signal_group(process, signal.SIGKILL)
            process.wait()

    def start(self, name: str) -> None:
        """Start one of the commands, which must not be running."""
        with contextlib.ExitStack() as stack:
            out = stack.enter_context(open_log(self.logs / f"{name}.log")) if self.logs else None
            environment = os.environ if self.environment is None else self.environment
            own = {"STEPWISE_PROCESS": name}
            if listening := self.sockets.get(name):
                own[HANDED_OVER] = str(listening.fileno())
            self.processes[name] = subprocess.Popen(
                self.commands[name],
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                env={**environment, **own},
                pass_fds=[listening.fileno()] if listening else [],
                start_new_session=True,
                preexec_fn=_end_with_parent,
            )

    def _note_death(self, name: str, code: int) -> None:
        now = time.monotonic()
        recent = [at for at in self.deaths[name] if now - at < CALM_SECONDS] + [now]
        self.deaths[name] = recent
        if len(recent) > DEATHS_ALLOWED:
            raise EmbeddedError(f"The {name} process keeps ending (exit {code}); see its messages above.")
        print(f"The {name} process ended (exit {code}); starting it again.", file=sys.stderr)


def _signal_group(process: subprocess.Popen, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, number)


def _end_with_parent() -> None:
    """Ask the kernel for a SIGTERM when our parent is killed (Linux)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
