"""Use the embedded services: join those that run, or start them."""

import contextlib
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from config.embedded.errors import EmbeddedError
from config.embedded.locks import Lock, owning
from config.embedded.server import Identity, last_line, spawn

CHECKOUT = Path(__file__).resolve().parent.parent.parent
DATA = CHECKOUT / ".data"
TEST_DATA = DATA / "test"

START_SECONDS = 120
"""How long a start may take, initdb included, on a machine busy with other things."""


class Services:
    """A hold on the embedded services of one data folder; let go of it with :meth:`detach`."""

    def __init__(self, data: Path, users: Lock, keeper: subprocess.Popen | None, facts: dict) -> None:
        self.data = data
        self.facts = facts
        self._users: Lock | None = users
        self._keeper = keeper
        self._pid = os.getpid()

    @property
    def urls(self) -> dict[str, str]:
        """``DATABASE_URL`` and ``REDIS_URL``."""
        return {name: self.facts[name] for name in ("DATABASE_URL", "REDIS_URL")}

    def detach(self) -> None:
        """Let go. If nobody else holds the services they end, and this returns when they have.

        Does nothing in a child that a fork made: the hold is its parent's.
        """
        if self._users is None or self._pid != os.getpid():
            return
        keeper = Identity(**_facts(self.data)["keeper"])  # not our own: one that died was followed by another
        self._users.release()
        self._users = None
        while keeper.process() and not _has_users(self.data):
            time.sleep(0.02)
        if self._keeper is not None:
            self._keeper.poll()


def attach(data: Path = DATA, *, durable: bool = True, options: Mapping[str, str] | None = None) -> Services:
    """Hold the services of the folder `data`, starting them if they do not run.

    `durable` and `options` (settings of PostgreSQL) count for a start only. `durable=False` is for test data.
    Raises :class:`EmbeddedError` if they cannot start.
    """
    _make_data_folder(data)
    users = Lock(data / "users.lock")
    users.share()
    with owning(data / "start.lock"):
        keeper = None
        if not is_kept(data):
            _forget_crashed(data)
            keeper = _start_keeper(data, durable, options or {})
        facts = _wait_for_facts(data, keeper)
    return Services(data, users, keeper, facts)


def _make_data_folder(data: Path) -> None:
    try:
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise EmbeddedError(f"Cannot create {data}: {error.strerror}") from error
    if not os.access(data, os.W_OK) or (os.geteuid() != data.stat().st_uid):
        raise EmbeddedError(
            f"{data} belongs to another user: work as that user, or use a checkout of your own"
        )


def _forget_crashed(data: Path) -> None:
    """Remove what a killed keeper could not remove itself. (Its servers are the next keeper's task.)"""
    with contextlib.suppress(FileNotFoundError):
        shutil.rmtree(_facts(data)["sockets"], ignore_errors=True)
        (data / "services.json").unlink()


def _start_keeper(data: Path, durable: bool, options: Mapping[str, str]) -> subprocess.Popen:
    command = [sys.executable, "-m", "config.embedded.keeper", str(data)]
    command += [] if durable else ["--loose"]
    command += [flag for name, value in options.items() for flag in ("--option", f"{name}={value}")]
    (data / "log").mkdir(exist_ok=True)
    return spawn(command, data / "log" / "keeper.log", cwd=CHECKOUT)


def _wait_for_facts(data: Path, keeper: subprocess.Popen | None) -> dict:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        with contextlib.suppress(FileNotFoundError):
            return _facts(data)
        if keeper is not None and keeper.poll() is not None:
            raise EmbeddedError(last_line(data / "log" / "keeper.log"))
        time.sleep(0.02)
    raise EmbeddedError(f"The embedded services did not start in {START_SECONDS} s; see {data}/log")


def _facts(data: Path) -> dict:
    return json.loads((data / "services.json").read_text())


def is_kept(data: Path) -> bool:
    """Whether a keeper lives; it holds its lock for life."""
    return not _could(data / "keeper.lock", Lock.try_share)


def _has_users(data: Path) -> bool:
    """Whether somebody holds the services.

    The keeper that is stopping them holds the lock alone, and it may come to that between our two looks: hence
    the third.
    """
    looks = (Lock.try_share, Lock.try_own, Lock.try_share)
    return [_could(data / "users.lock", look) for look in looks] == [True, False, True]


def _could(path: Path, attempt: object) -> bool:
    lock = Lock(path)
    try:
        return bool(attempt(lock))  # type: ignore[operator]
    finally:
        lock.release()
