"""The product's real processes against a test database: web, two senders, a worker for the rest, and beat."""

from __future__ import annotations

import json
import os
import signal
import socket
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from django.conf import settings
from django.db import connection

from config.embedded.group import Group
from config.embedded.run import procfile
from config.embedded.services import CHECKOUT
from tests.database import url_of

CEILING_SECONDS = 120
"""So long may something take on a busy machine before a test gives up; nothing depends on it otherwise."""

QUICK = {
    "TICK_SECONDS": "1",
    "DELIVERY_SECONDS": "1",
    "HEARTBEAT_SECONDS": "1",
    "WEB_CONCURRENCY": "1",
    "WORKER_CONCURRENCY": "1",
    "LOG_LEVEL": "INFO",
    "LOG_FORMAT": "text",
}
COMMANDS = procfile()
COMMANDS["sender2"] = ["sender2@%h" if word == "sender@%h" else word for word in COMMANDS["sender"]]


def eventually(true: Callable[[], Any], what: str = "it", seconds: float = CEILING_SECONDS) -> Any:
    """Poll until `true()` is truthy and return that; fail under a generous ceiling."""
    until = time.monotonic() + seconds
    while not (found := true()):
        assert time.monotonic() < until, f"{what} did not happen within {seconds:.0f} s"
        time.sleep(0.1)
    return found


class Running:
    """The processes, started on entering and ended by id on leaving.

    Use it with the fixture `transactional_db`: other processes see committed rows only. `names` are those of
    COMMANDS to start; `environment` adds to the environment, such as `LEASE_SECONDS="2"`.
    """

    def __init__(self, folder: Path, *names: str, **environment: str) -> None:
        self.port = free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        self.logs = folder
        own = {
            "MODE": "test",
            "DATABASE_URL": database_url(),
            "REDIS_URL": settings.REDIS_URL,
            "PORT": str(self.port),
            "PUBLIC_BASE_URL": self.address,
            "MEDIA_ROOT": str(folder / "media"),
            "DJANGO_SETTINGS_MODULE": "config.settings",
        }
        commands = {name: COMMANDS[name] for name in names or COMMANDS}
        self.group = Group(
            commands, CHECKOUT, environment={**os.environ, **QUICK, **own, **environment}, logs=folder
        )

    def __enter__(self) -> Self:
        self.group.__enter__()
        try:
            self.wait_until_ready()
        except BaseException:
            self.group.end()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.group.end()

    def wait_until_ready(self) -> None:
        """Return when the web answers and, if both run, beat's bells are heard by a worker."""
        needed = {"beat", "worker"} & set(self.group.commands)
        eventually(lambda: self._is_ready(needed), f"the start (see {self.logs})")

    def kill(self, name: str, number: signal.Signals = signal.SIGKILL) -> None:
        """Send a signal to a process and its children, and wait for its end."""
        process = self.group.processes[name]
        os.killpg(process.pid, number)
        process.wait(CEILING_SECONDS)

    def start(self, name: str) -> None:
        """Start a process that has ended."""
        self.group.start(name)

    def log(self, name: str) -> str:
        """What a process has written so far."""
        return (self.logs / f"{name}.log").read_text()

    def _is_ready(self, needed: set[str]) -> bool:
        dead = [name for name, process in self.group.processes.items() if process.poll() is not None]
        assert not dead, f"{dead[0]} ended: {self.log(dead[0])[-2000:]}"
        if "web" not in self.group.commands:
            return True
        found = self._readyz()
        return bool(found) and all(found[name]["ok"] for name in needed)

    def _readyz(self) -> dict[str, Any]:
        try:
            with urllib.request.urlopen(f"{self.address}/readyz", timeout=30) as response:
                return dict(json.load(response))
        except urllib.error.HTTPError as error:
            assert error.code == 503, self.log("web")[-2000:]
            return dict(json.load(error))
        except OSError:
            return {}


def free_port() -> int:
    """A port of 127.0.0.1 that nobody uses at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def database_url() -> str:
    """The address of the database that the tests of this process use."""
    return url_of(str(connection.settings_dict["NAME"]))
