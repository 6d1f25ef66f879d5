"""`make run`, as far as it can be tried without installing anything: started, used, ended by a signal."""

import json
import os
import re
import shlex
import signal
import smtplib
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from config.embedded import ports
from config.embedded.clean import remove
from config.embedded.errors import EmbeddedError
from config.embedded.group import Group
from config.embedded.services import CHECKOUT


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Run:
    """One `make run` on a checkout of its own; `said` are its lines up to the address."""

    def __init__(self, checkout: Path, port: int) -> None:
        names = (
            "MODE",
            "DATABASE_URL",
            "REDIS_URL",
            "DJANGO_SETTINGS_MODULE",
            "SECRET_KEY",
            "PYTEST_XDIST_WORKER",
        )
        environment = {name: value for name, value in os.environ.items() if name not in names}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "config.embedded.run"],
            cwd=checkout,
            env=environment | {"PORT": str(port), "WEB_CONCURRENCY": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.said: list[str] = []

    def wait_for_address(self) -> str:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.said.append(line)
            found = re.search(r"Stepwise answers at (\S+)", line)
            if found:
                threading.Thread(target=self.process.stdout.read, daemon=True).start()
                return found[1]
        raise AssertionError("it ended before it answered:\n" + "".join(self.said))

    def family(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children(recursive=True)

    def end(self, number: signal.Signals) -> int:
        self.process.send_signal(number)
        return self.process.wait(120)


@pytest.fixture
def checkout(tmp_path: Path) -> Iterator[Path]:
    """The checkout's code in a folder of its own, so that it has a `.data/` of its own."""
    folder = tmp_path / "checkout"
    folder.mkdir()
    for item in CHECKOUT.iterdir():
        if item.name not in (".data", ".env", ".git", ".pytest_cache"):
            (folder / item.name).symlink_to(item)
    (folder / "config").unlink()
    _copy_package(CHECKOUT / "config", folder / "config")
    yield folder
    remove(folder / ".data")


def _copy_package(source: Path, target: Path) -> None:
    """Copy, since a module finds its checkout by its own resolved path."""
    subprocess.run(["cp", "-r", str(source), str(target)], check=True)


@pytest.mark.slow
def test_a_signal_ends_every_process_and_a_second_start_keeps_the_data(checkout: Path) -> None:
    port = free_port()
    run = Run(checkout, port)
    assert run.wait_for_address() == f"http://127.0.0.1:{port}/"
    facts = json.loads((checkout / ".data" / "services.json").read_text())
    family = run.family()
    assert {facts[name]["pid"] for name in ("keeper", "postgres", "valkey")} <= {p.pid for p in family}
    keys = (checkout / ".data" / "keys.json").read_text()
    assert run.end(signal.SIGTERM) == 0
    assert [process for process in family if process.is_running()] == []

    again = Run(checkout, port)
    again.wait_for_address()
    family = again.family()
    assert (checkout / ".data" / "keys.json").read_text() == keys
    assert again.end(signal.SIGINT) == 0
    assert [process for process in family if process.is_running()] == []


def test_a_taken_port_is_named(checkout: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        run = Run(checkout, port)
        said, _ = run.process.communicate(timeout=60)
    assert run.process.returncode == 1
    assert said.splitlines() == [f"Port {port} is taken. Choose another: make run PORT={port + 1}"]


def test_of_two_runs_at_one_moment_each_has_a_mail_port_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DEMO_SMTP_PORT", raising=False)
    same = free_port()
    with ports.mail(same) as one, ports.mail(same) as other:
        assert ports.number_of(one) == same != ports.number_of(other)
        for mine in (one, other):  # both hear who calls
            socket.create_connection(mine.getsockname()).close()


def test_of_two_runs_at_one_moment_one_has_the_port_of_the_web(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", str(free_port()))
    with ports.web(), pytest.raises(EmbeddedError, match=r"^Port \d+ is taken\. Choose another: make run"):
        ports.web()


@pytest.mark.parametrize("port", ["eight", "0", "65536", "-1", "8000 "])
def test_a_port_that_is_none_is_named(monkeypatch: pytest.MonkeyPatch, port: str) -> None:
    monkeypatch.setenv("PORT", port)
    with pytest.raises(EmbeddedError, match=f"^PORT is {port!r}, not a port between 1 and 65535.$"):
        ports.web()


def test_the_mailbox_serves_the_socket_it_was_given_and_does_so_again_after_its_death(tmp_path: Path) -> None:
    with ports.listen(ports.ANY) as listening:
        serve = [sys.executable, "manage.py", "demo_mailbox"]
        environment = {**os.environ, "MODE": "test", "DJANGO_SETTINGS_MODULE": "config.settings"}
        with Group(
            {"mailbox": serve},
            CHECKOUT,
            environment=environment,
            logs=tmp_path,
            sockets={"mailbox": listening},
        ) as group:
            for _ in range(2):
                with smtplib.SMTP(*listening.getsockname(), timeout=60) as client:
                    assert client.noop()[0] == 250
                group.processes["mailbox"].kill()
                group.processes["mailbox"].wait()
                group.revive()


def test_a_process_that_dies_is_started_again_and_all_end_together(tmp_path: Path) -> None:
    sleeper = [sys.executable, "-c", "import time; time.sleep(600)"]
    with Group({"one": sleeper, "two": sleeper}, tmp_path) as group:
        first = group.processes["one"]
        first.kill()
        first.wait()
        group.revive()
        second = group.processes["one"]
        assert second.pid != first.pid
        started = list(group.processes.values())
    assert all(process.returncode is not None for process in started)


def test_an_interrupt_of_make_alone_is_noticed(tmp_path: Path) -> None:
    waits = "from config.embedded.parent import Parent; import time; p = Parent(); print('up', flush=True)\n"
    waits += "while not p.is_over(): time.sleep(0.05)"
    (tmp_path / "wait.py").write_text(waits)
    where, python = shlex.quote(str(CHECKOUT)), shlex.quote(sys.executable)
    (tmp_path / "Makefile").write_text(
        f"wait:\n\t@exec env STEPWISE_RUN_BY_MAKE=1 PYTHONPATH={where} {python} wait.py\n"
    )
    alone = {name: value for name, value in os.environ.items() if name not in {"MAKEFLAGS", "MAKELEVEL"}}
    make = subprocess.Popen(
        ["make", "wait"], cwd=tmp_path, env=alone, stdout=subprocess.PIPE, start_new_session=True
    )
    assert make.stdout is not None and make.stdout.readline() == b"up\n"
    make.send_signal(signal.SIGINT)
    make.communicate(timeout=60)
    assert make.returncode == -signal.SIGINT
