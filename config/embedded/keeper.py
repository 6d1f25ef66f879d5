"""The process that owns the embedded servers of one data folder, and ends them when nobody uses them.

Started by :mod:`config.embedded.services`; not meant to be called by hand.
"""

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from dataclasses import asdict
from pathlib import Path

from config.embedded.errors import EmbeddedError
from config.embedded.locks import Lock
from config.embedded.places import Account, service_account
from config.embedded.postgres import Postgres
from config.embedded.server import Identity
from config.embedded.valkey import Valkey

CHECK_SECONDS = 0.5
STARTS_IN_A_ROW = 5
"""So often a server that dies at once is started again before the keeper gives up."""


class Keeper:
    """Both servers of one data folder. A server that dies is started again at the same address."""

    def __init__(self, data: Path, durable: bool, options: dict[str, str]) -> None:
        account = service_account()
        self.data = data
        self.sockets = _socket_folder(account)
        self.servers: dict[str, Postgres | Valkey] = {
            "postgres": Postgres(data, self.sockets, account, durable, options),
            "valkey": Valkey(data, self.sockets, account, durable),
        }
        self.processes: dict[str, subprocess.Popen] = {}
        self.deaths = 0
        self.over = threading.Event()

    def keep(self, users: Lock) -> None:
        """Start both servers, tell where they are, stay until the last user has gone, stop them."""
        try:
            for name, server in self.servers.items():
                self.processes[name] = server.start()
            self._tell()
            threading.Thread(target=self._wait_for_users, args=[users], daemon=True).start()
            while not self.over.wait(CHECK_SECONDS):
                self._revive()
        finally:
            self._stop()

    def _wait_for_users(self, users: Lock) -> None:
        users.own()
        self.over.set()

    def _revive(self) -> None:
        dead = [name for name, process in self.processes.items() if process.poll() is not None]
        self.deaths = self.deaths + 1 if dead else 0
        if self.deaths > STARTS_IN_A_ROW:
            raise EmbeddedError(f"{', '.join(dead)} keeps dying; see {self.data}/log")
        for name in dead:
            self.processes[name] = self.servers[name].start()
            self._tell()

    def _tell(self) -> None:
        """Write ``services.json``: the addresses, and the processes for whoever wants to stop or kill one."""
        facts: dict = {
            "DATABASE_URL": self.servers["postgres"].url,
            "REDIS_URL": self.servers["valkey"].url,
            "sockets": str(self.sockets),
            "keeper": asdict(Identity.of(os.getpid())),
        }
        facts |= {name: asdict(Identity.of(process.pid)) for name, process in self.processes.items()}
        draft = self.data / "services.json.draft"
        draft.write_text(json.dumps(facts, indent=1))
        draft.rename(self.data / "services.json")

    def _stop(self) -> None:
        (self.data / "services.json").unlink(missing_ok=True)
        for name, process in reversed(self.processes.items()):
            self.servers[name].stop(process)
        shutil.rmtree(self.sockets, ignore_errors=True)


def _socket_folder(account: Account) -> Path:
    """A new folder with a short path: a socket's path must stay below some hundred characters."""
    base = tempfile.gettempdir()
    folder = Path(tempfile.mkdtemp(prefix="stepwise-", dir=base if len(base) < 60 else "/tmp"))
    account.give(folder)
    return folder


def main() -> int:
    """Keep the services of a data folder; 1 if they cannot start, the reason being in ``log/keeper.log``."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--loose", action="store_true", help="test data: not safe against a power cut")
    parser.add_argument("--option", action="append", default=[], metavar="NAME=VALUE")
    given = parser.parse_args()

    alive, users = Lock(given.data / "keeper.lock"), Lock(given.data / "users.lock")
    alive.own()  # who started us made sure that there is no other; at most somebody is looking
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    keeper = Keeper(given.data, not given.loose, dict(option.split("=", 1) for option in given.option))
    signal.signal(signal.SIGTERM, lambda *_: keeper.over.set())
    try:
        keeper.keep(users)
    except EmbeddedError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    finally:
        alive.release()  # before `users`: who is waiting to come in then finds no keeper and starts one
    return 0


if __name__ == "__main__":
    sys.exit(main())
