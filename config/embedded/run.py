"""``make run``: the services, the web, workers, beat and the demonstration mailbox, until Ctrl-C or SIGTERM.

1. Make sure that this checkout does not run already, and take the ports.
2. Start (or join) the embedded services, bring the database up to date, fill the demonstration.
3. Start each process in a group of its own; start one again that dies, unless it keeps dying.
4. Once the web answers, print the address and the sign-ins.
5. On a signal, end every group and let go of the services.
"""

import contextlib
import json
import os
import shlex
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path

from config.embedded import ports
from config.embedded.errors import EmbeddedError
from config.embedded.group import Group
from config.embedded.locks import Lock
from config.embedded.parent import Parent
from config.embedded.services import CHECKOUT, DATA
from config.environment import load_env_file, provide_services

BIN = Path(sys.executable).parent


def procfile() -> dict[str, list[str]]:
    """The processes of an installation: name and command, from ``Procfile``; without its one-shot ``release``."""
    lines = (line.partition(":") for line in (CHECKOUT / "Procfile").read_text().splitlines())
    commands = {name: shlex.split(command) for name, _, command in lines if command and name != "release"}
    return {name: [str(BIN / program), *rest] for name, (program, *rest) in commands.items()}


DEMO_PROCESSES = {"mailbox": [sys.executable, "manage.py", "demo_mailbox"]}

ANSWER_SECONDS = 120


class Cannot(Exception):
    """Why Stepwise cannot run here; one line."""


def run(stop: threading.Event, parent: Parent) -> None:
    """Run everything until `stop` is set or the `make` that started us is over."""
    load_env_file()
    os.environ.setdefault("MODE", "demo")
    lock = _the_only_one()
    sockets = _take_ports()
    provide_services()
    sign_ins = _manage("prepare")
    if stop.is_set():
        return
    demo = DEMO_PROCESSES if os.environ["MODE"] == "demo" else {}
    with Group(procfile() | demo, CHECKOUT, sockets=sockets) as group:
        address = f"http://127.0.0.1:{os.environ['PORT']}/"
        if _answers(address, group, stop, parent):
            print(f"Stepwise answers at {address}\n{sign_ins}", flush=True)
        while not stop.wait(0.5) and not parent.is_over():
            group.revive()
    lock.release()


def _the_only_one() -> Lock:
    DATA.mkdir(mode=0o700, exist_ok=True)
    lock = Lock(DATA / "run.lock")
    if not lock.try_own():
        with contextlib.suppress(FileNotFoundError, KeyError, ValueError):
            port = json.loads((DATA / "demo.json").read_text())["PORT"]
            raise Cannot(f"This checkout runs already, at http://127.0.0.1:{port}/")
        raise Cannot("This checkout runs already.")
    return lock


def _take_ports() -> dict[str, socket.socket]:
    """Take the port of the web, and one for the demonstration mailbox, the same as last time if it is still free.

    Both are kept in ``.data/demo.json``, where other commands find them.
    """
    file = DATA / "demo.json"
    known = json.loads(file.read_text()) if file.exists() else {}
    sockets = {"web": ports.web()}
    if os.environ["MODE"] == "demo":
        sockets["mailbox"] = ports.mail(known.get("DEMO_SMTP_PORT"))
        os.environ["DEMO_SMTP_PORT"] = str(ports.number_of(sockets["mailbox"]))
    os.environ["PORT"] = str(ports.number_of(sockets["web"]))
    names = ("PORT", "DEMO_SMTP_PORT")
    file.write_text(json.dumps(known | {name: os.environ[name] for name in names if name in os.environ}))
    return sockets


def _manage(command: str) -> str:
    """Run one of Django's commands to its end; returns what it printed."""
    process = subprocess.Popen(
        [sys.executable, "manage.py", command],
        cwd=CHECKOUT,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    printed, _ = process.communicate()
    if process.returncode != 0:
        raise Cannot(f"manage.py {command} failed; see above.")
    return printed


def _answers(address: str, group: Group, stop: threading.Event, parent: Parent) -> bool:
    until = time.monotonic() + ANSWER_SECONDS
    while time.monotonic() < until and not stop.wait(0.25) and not parent.is_over():
        group.revive()
        try:
            urllib.request.urlopen(address, timeout=30).close()
            return True
        except urllib.error.HTTPError as error:
            if error.code < 500:
                return True
        except OSError:
            continue  # it does not listen yet
    if time.monotonic() >= until:
        raise Cannot(f"No answer from {address} within {ANSWER_SECONDS} s.")
    return False


def main() -> int:
    """Run until a signal; 1 with one line if that is not possible."""
    stop, parent = threading.Event(), Parent()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: stop.set())
    try:
        run(stop, parent)
    except (Cannot, EmbeddedError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
