"""The environment a process starts in: ``.env``, the mode, and the embedded services where none are named."""

import atexit
import os
from collections.abc import Mapping
from pathlib import Path

import environ

from config.embedded.services import CHECKOUT, DATA, attach

MODES = ("production", "demo", "test")

WITHOUT_SERVICES = {
    *("check", "collectstatic", "compilemessages", "diffsettings", "findstatic", "help", "version", "--help"),
    *("--version", "makemessages", "startapp", "startproject"),
}
"""Commands that look at neither the database nor Redis."""


def load_env_file() -> None:
    """Read ``.env`` of the checkout; what the environment says already counts more. Not read by tests."""
    file = CHECKOUT / ".env"
    if os.environ.get("MODE") != "test" and file.exists():
        environ.Env.read_env(file)


def prepare_command(arguments: list[str]) -> None:
    """Make ready for ``manage.py`` with `arguments`.

    A checkout that names neither a mode nor a database is somebody trying Stepwise: demonstration mode, on
    the embedded services. ``MODE=production`` never gets embedded services.
    """
    load_env_file()
    if "DATABASE_URL" not in os.environ:
        os.environ.setdefault("MODE", "demo")
    command = arguments[1] if len(arguments) > 1 else "help"
    if os.environ.get("MODE", "production") != "production" and command not in WITHOUT_SERVICES:
        provide_services()


def provide_services(
    data: Path = DATA, *, durable: bool = True, options: Mapping[str, str] | None = None
) -> None:
    """Name the embedded services of `data` in the environment of this process, and hold them until it ends.

    An address that the environment names already stays. Raises :class:`config.embedded.errors.EmbeddedError`.
    """
    if {"DATABASE_URL", "REDIS_URL"} <= os.environ.keys():
        return
    services = attach(data, durable=durable, options=options)
    atexit.register(services.detach)
    for name, url in services.urls.items():
        os.environ.setdefault(name, url)
