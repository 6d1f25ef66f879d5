"""The embedded PostgreSQL: make the cluster, start it, recover from a crashed one."""

import contextlib
import os
import secrets
import shutil
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from config.embedded.errors import EmbeddedError
from config.embedded.places import Account, postgres_programs, server_folder
from config.embedded.server import Identity, last_line, open_log, spawn, wait_until

ROLE = DATABASE = "stepwise"
SUPERUSER = "postgres"

OPTIONS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "200",
    "shared_buffers": "256MB",
    "max_wal_size": "2GB",
    "jit": "off",
    "log_timezone": "UTC",
    "timezone": "UTC",
    "lc_messages": "C",
}
FAST_AND_LOSE = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
"""For tests: their data need not outlive a power cut."""


@dataclass
class Postgres:
    """The PostgreSQL server of one data folder.

    `durable` is False for test data only. `options` are further server settings, as in ``postgresql.conf``.
    """

    data: Path
    sockets: Path
    account: Account
    durable: bool = True
    options: dict[str, str] | None = None

    @property
    def log(self) -> Path:
        """The server's log."""
        return self.data / "log" / "postgres.log"

    @property
    def url(self) -> str:
        """The address of the database for the application's role."""
        return f"postgresql://{ROLE}@/{DATABASE}?host={self.sockets}&port=5432"

    def start(self) -> subprocess.Popen:
        """Start the server, making its cluster on the first start; returns when it takes connections."""
        cluster = self._cluster()
        _end_leftover(cluster)
        settings = OPTIONS | ({} if self.durable else FAST_AND_LOSE) | (self.options or {})
        settings["unix_socket_directories"] = str(self.sockets)
        flags = [flag for name, value in settings.items() for flag in ("-c", f"{name}={value}")]
        process = self._spawn("postgres", "-D", str(cluster), *flags)
        wait_until(lambda: _is_ready(cluster, process.pid), process, "PostgreSQL", self.log)
        return process

    def stop(self, process: subprocess.Popen) -> None:
        """End the server; its sessions are ended too, their transactions rolled back."""
        if process.poll() is None:
            Identity.of(process.pid).stop(signal.SIGINT, 30)
        process.wait()

    def _cluster(self) -> Path:
        cluster = server_folder(self.data, "postgres", self.account) / "cluster"
        if not cluster.exists():
            self._make_cluster(cluster)
        made_by = (cluster / "PG_VERSION").read_text().strip()
        ours = self._program("postgres", "--version").stdout.split()[-1].partition(".")[0]
        if made_by != ours:
            raise EmbeddedError(
                f"{self.data}/postgres was made by PostgreSQL {made_by}, this is {ours}: go back to the "
                "version of Stepwise that made it and take a backup, or begin anew with: make clean"
            )
        return cluster

    def _make_cluster(self, cluster: Path) -> None:
        """Make the cluster with role and database beside its place and move it there whole."""
        draft = cluster.with_name(f"draft-{secrets.token_hex(6)}")
        arguments = ["-D", str(draft), "-U", SUPERUSER, "--auth=trust", "--encoding=UTF8", "--locale=C"]
        arguments += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        arguments += [] if self.durable else ["--no-sync"]
        # A role without SUPERUSER and BYPASSRLS: either would walk through the tenant wall.
        setup = f"CREATE ROLE {ROLE} LOGIN CREATEDB\nCREATE DATABASE {DATABASE} OWNER {ROLE}\n"
        try:
            self._program("initdb", *arguments)
            self._program(
                "postgres", "--single", "-D", str(draft), "-c", "log_statement=none", SUPERUSER, input=setup
            )
            draft.rename(cluster)
        finally:
            shutil.rmtree(draft, ignore_errors=True)

    def _program(self, name: str, *arguments: str, **kwargs: Any) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            self._command(name, arguments), capture_output=True, text=True, **self._process_kwargs(), **kwargs
        )
        with open_log(self.log) as log:
            log.write((done.stdout + done.stderr).encode())
        if done.returncode != 0:
            raise EmbeddedError(f"PostgreSQL's {name} failed: {last_line(self.log)} (see {self.log})")
        return done

    def _spawn(self, name: str, *arguments: str) -> subprocess.Popen:
        return spawn(self._command(name, arguments), self.log, **self._process_kwargs())

    def _command(self, name: str, arguments: tuple[str, ...]) -> list[str]:
        return [str(postgres_programs(self.account) / name), *arguments]

    def _process_kwargs(self) -> dict:
        clean = {
            name: value for name, value in os.environ.items() if not name.startswith(("PG", "LC_", "LANG"))
        }
        return {
            "cwd": "/",
            "env": clean | {"LC_ALL": "C", "TZ": "UTC"},
            "umask": 0o077,
        } | self.account.popen_kwargs()


def _is_ready(cluster: Path, pid: int) -> bool:
    lines = _pid_file(cluster)
    return len(lines) >= 8 and lines[0] == str(pid) and lines[7].strip() == "ready"


def _pid_file(cluster: Path) -> list[str]:
    with contextlib.suppress(FileNotFoundError):
        return (cluster / "postmaster.pid").read_text().splitlines()
    return []


def _end_leftover(cluster: Path) -> None:
    """End a server that an earlier, killed keeper left on this cluster, and forget a stale pid file.

    PostgreSQL itself refuses to start while *any* process has the id in that file, and ids are reused.
    """
    lines = _pid_file(cluster)
    if not lines:
        return
    with contextlib.suppress(psutil.NoSuchProcess, ValueError):
        process = psutil.Process(int(lines[0]))
        if process.name() == "postgres" and str(cluster) in process.cmdline():
            Identity.of(process.pid).stop(signal.SIGINT, 30)
    (cluster / "postmaster.pid").unlink(missing_ok=True)
