"""The tables of the embedded database: there before any command looks at them."""

import os
import subprocess
import sys
from pathlib import Path

import psycopg

from config.embedded.errors import EmbeddedError
from config.embedded.locks import owning
from config.embedded.services import CHECKOUT

ABOUT_TABLES = {"migrate", "makemigrations", "showmigrations", "sqlmigrate", "squashmigrations", "dbshell"}
"""Commands that deal with the tables themselves."""


def bring_up_to_date(data: Path, url: str) -> None:
    """Migrate the embedded database at `url` where it lacks a migration of this checkout.

    Of two commands that come at once one migrates and the other waits. Raises :class:`EmbeddedError`.
    """
    if _of_this_checkout() <= _applied(url):
        return
    with owning(data / "schema.lock"):
        if _of_this_checkout() <= _applied(url):
            return
        command = [sys.executable, "manage.py", "migrate", "--no-input", "--verbosity", "0"]
        if subprocess.run(command, cwd=CHECKOUT, env=os.environ, check=False, stdout=sys.stderr).returncode:
            raise EmbeddedError("The tables could not be made; see above.")


def _of_this_checkout() -> set[tuple[str, str]]:
    return {(file.parent.parent.name, file.stem) for file in CHECKOUT.glob("*/migrations/[0-9]*.py")}


def _applied(url: str) -> set[tuple[str, str]]:
    with psycopg.connect(url) as connection:
        (there,) = connection.execute("SELECT to_regclass('django_migrations') IS NOT NULL").fetchone() or (
            False,
        )
        return set(connection.execute("SELECT app, name FROM django_migrations")) if there else set()
