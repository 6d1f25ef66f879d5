"""The environment a process starts in: ``.env``, the mode, its defaults, and the embedded services.

Settings are environment variables; the README's table lists them. In production each of :data:`REQUIRED` has to be
given. In demonstration and test mode what is missing gets a default that is of no use to anybody else.
"""

import atexit
import json
import os
from collections.abc import Mapping
from pathlib import Path

import environ

from config.embedded.schema import ABOUT_TABLES, bring_up_to_date
from config.embedded.services import CHECKOUT, DATA, attach
from config.keys import demo_keys

MODES = ("production", "demo", "test")

REQUIRED = (
    *("SECRET_KEY", "FIELD_ENCRYPTION_KEYS", "DATABASE_URL", "REDIS_URL", "PUBLIC_BASE_URL", "ALLOWED_HOSTS"),
    *("EMAIL_URL", "DEFAULT_FROM_EMAIL"),
)

WITHOUT_SERVICES = {
    *("check", "collectstatic", "compilemessages", "diffsettings", "findstatic", "help", "version", "--help"),
    *("--version", "makemessages", "startapp", "startproject"),
}
"""Commands that look at neither the database nor Redis."""

DEMO_PORTS = {"PORT": "8000", "DEMO_SMTP_PORT": "1025"}

TEST_KEYS = {
    "SECRET_KEY": "a-key-for-tests-only-that-is-long-enough-for-the-checks",
    "FIELD_ENCRYPTION_KEYS": "dGVzdHMtb25seS10ZXN0cy1vbmx5LXRlc3RzLW9ubHk=",
}
"""Fixed, so that several processes of one test understand each other."""


def load_env_file() -> None:
    """Read ``.env`` of the checkout; what the environment says already counts more. Not read by tests."""
    file = CHECKOUT / ".env"
    if os.environ.get("MODE") != "test" and file.exists():
        environ.Env.read_env(file)


def complete() -> None:
    """Complete the environment before the settings are read.

    Ends the process with one line that names what is wrong: an unknown mode, or variables that production lacks.
    """
    load_env_file()
    mode = os.environ.setdefault("MODE", "production")
    if mode not in MODES:
        raise SystemExit(f"Stepwise cannot start: MODE is {mode!r}, not one of {', '.join(MODES)}.")
    if mode != "production":
        for name, value in _defaults(mode).items():
            os.environ.setdefault(name, value)
    missing = [name for name in REQUIRED if not os.environ.get(name)]
    if missing:
        names = ", ".join(missing)
        raise SystemExit(f"Stepwise cannot start: not set in production mode: {names} (see .env.example).")


def _defaults(mode: str) -> dict[str, str]:
    ports = (
        DEMO_PORTS
        | _ports_of_the_run()
        | {name: os.environ[name] for name in DEMO_PORTS if name in os.environ}
    )
    return {
        "DEMO_SMTP_PORT": ports["DEMO_SMTP_PORT"],
        "DATABASE_URL": "postgresql://stepwise@/stepwise?host=/not-started&port=5432",
        "REDIS_URL": "unix:///not-started/valkey?db=0",
        "PUBLIC_BASE_URL": f"http://127.0.0.1:{ports['PORT']}",
        "ALLOWED_HOSTS": "127.0.0.1,localhost,[::1]",
        "EMAIL_URL": "memorymail://" if mode == "test" else f"smtp://127.0.0.1:{ports['DEMO_SMTP_PORT']}",
        "DEFAULT_FROM_EMAIL": "Stepwise <stepwise@stepwise.example>",
        "EGRESS_ALLOW": "127.0.0.0/8,::1/128",
    } | (TEST_KEYS if mode == "test" else demo_keys(DATA))


def _ports_of_the_run() -> dict[str, str]:
    """The ports that ``make run`` chose in this checkout, so that other commands write the same addresses."""
    file = DATA / "demo.json"
    return json.loads(file.read_text()) if file.exists() else {}


def prepare_command(arguments: list[str]) -> None:
    """Make ready for ``manage.py`` with `arguments`.

    A checkout that names neither a mode nor a database is somebody trying Stepwise: demonstration mode, on
    the embedded services, with their tables. ``MODE=production`` never gets embedded services.
    """
    load_env_file()
    if "DATABASE_URL" not in os.environ:
        os.environ.setdefault("MODE", "demo")
    command = arguments[1] if len(arguments) > 1 else "help"
    if os.environ.get("MODE", "production") == "production" or command in WITHOUT_SERVICES:
        return
    own = "DATABASE_URL" not in os.environ
    provide_services()
    if own and command not in ABOUT_TABLES:
        bring_up_to_date(DATA, os.environ["DATABASE_URL"])


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
