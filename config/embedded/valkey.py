"""The embedded Redis-compatible server (Valkey)."""

import contextlib
import signal
import socket
import subprocess
from dataclasses import dataclass
from pathlib import Path

import psutil

from config.embedded.places import Account, server_folder, valkey_program
from config.embedded.server import Identity, spawn, wait_until


@dataclass
class Valkey:
    """The Valkey server of one data folder; `durable`: write a snapshot now and then, and at the end."""

    data: Path
    sockets: Path
    account: Account
    durable: bool = True

    @property
    def log(self) -> Path:
        """The server's log."""
        return self.data / "log" / "valkey.log"

    @property
    def socket(self) -> Path:
        """Where it listens."""
        return self.sockets / "valkey"

    @property
    def url(self) -> str:
        """Its address, as redis-py reads it."""
        return f"unix://{self.socket}?db=0"

    def start(self) -> subprocess.Popen:
        """Start the server; returns when it takes connections."""
        folder = server_folder(self.data, "valkey", self.account)
        _end_leftover(folder)
        self.socket.unlink(missing_ok=True)
        options = {
            "port": "0",
            "unixsocket": str(self.socket),
            "unixsocketperm": "700",
            "dir": str(folder),
            "save": "300 1" if self.durable else "",
            "appendonly": "no",
            "maxmemory-policy": "noeviction",
            "set-proc-title": "no",
        }
        flags = [flag for name, value in options.items() for flag in (f"--{name}", value)]
        command = [str(valkey_program(self.account)), *flags]
        process = spawn(command, self.log, cwd="/", umask=0o077, **self.account.popen_kwargs())
        wait_until(self._answers, process, "Valkey", self.log)
        return process

    def stop(self, process: subprocess.Popen) -> None:
        """End the server."""
        if process.poll() is None:
            Identity.of(process.pid).stop(signal.SIGTERM, 15)
        process.wait()

    def _answers(self) -> bool:
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as client:
            client.settimeout(5)
            client.connect(str(self.socket))
            client.sendall(b"PING\r\n")
            return client.recv(16).startswith(b"+PONG")
        return False


def _end_leftover(folder: Path) -> None:
    """End a server that an earlier, killed keeper left on this folder: two would overwrite one snapshot."""
    for process in psutil.process_iter(["name", "cmdline"]):
        if process.info["name"] == "valkey-server" and str(folder) in (process.info["cmdline"] or []):
            Identity.of(process.pid).stop(signal.SIGTERM, 15)
