"""The databases of a test run, copied from one that was migrated once.

Migrating takes many times as long as most of the tests that wait for it. So the migrated database is kept as a
template, named after all that can change it; each process of a run gets a copy, and deletes it at its end.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from secrets import token_hex
from time import monotonic, sleep

import psutil
import psycopg
from django.apps import apps
from django.conf import settings
from django.core.management import call_command
from django.db import connection, connections
from psycopg import sql

from config.embedded.services import CHECKOUT

BUSY = """
    SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND pid NOT IN (pg_backend_pid(), %s)
    AND (state = 'active' OR state LIKE 'idle in transaction%%') AND backend_type = 'client backend' LIMIT 1
"""
TRIES = 50
LOCK = 7_310_118
"""Of the server, held while templates are made, copied or dropped."""


@contextmanager
def database_of_this_process() -> Iterator[str]:
    """A migrated, empty database under the default connection; dropped on leaving."""
    name = f"test_stepwise_{os.environ.get('PYTEST_XDIST_WORKER', 'gw0')}_{os.getpid()}"
    with _server() as server:
        _copy(server, _template(server), name)
    before = _point_at(name)
    yield name
    connections.close_all()
    _point_at(before)
    with _server() as server:
        _drop(server, name)


@contextmanager
def copied(of: str | None = None) -> Iterator[str]:
    """One more database: a copy of one to which nobody is connected, or migrated and empty; dropped on leaving."""
    name = f"test_stepwise_gw_{token_hex(4)}_{os.getpid()}"
    with _server() as server:
        _copy(server, of or _template(server), name)
    try:
        yield name
    finally:
        with _server() as server:
            _drop(server, name)


def let_others_end(seconds: float = 5) -> None:
    """Wait, for so long at most, until nobody else is in a transaction of the tests' database.

    A page that is closed leaves its request to the server's thread, and emptying the tables would wait for that one
    while it waits for them.
    """
    ours = connection.connection.info.backend_pid if connection.connection else 0
    until = monotonic() + seconds
    with psycopg.connect(url_of(str(connection.settings_dict["NAME"])), autocommit=True) as looking:
        while looking.execute(BUSY, [ours]).fetchone() and monotonic() < until:
            sleep(0.05)


def url_of(name: str) -> str:
    """The address of another database of the same server."""
    before, _, query = os.environ["DATABASE_URL"].partition("?")
    return before.rpartition("/")[0] + f"/{name}" + (f"?{query}" if query else "")


@contextmanager
def _server() -> Iterator[psycopg.Connection]:
    """A connection to the server's ordinary database, holding the lock. Not the ORM's: that one is to move."""
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as server:
        server.execute("SELECT pg_advisory_lock(%s)", [LOCK])
        yield server


def _copy(server: psycopg.Connection, source: str, name: str) -> None:
    server.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(*map(sql.Identifier, (name, source))))


def _template(server: psycopg.Connection) -> str:
    """The name of the template that fits the code, made if it is missing; others and leftovers are dropped."""
    template = f"template_{fingerprint()}"
    names = {name for (name,) in server.execute("SELECT datname FROM pg_database").fetchall()}
    for name in names - {template}:
        if _is_left_over(name):
            _drop(server, name)
    if template not in names:
        _make(server, template)
    return template


def _is_left_over(name: str) -> bool:
    """Whether a database was left by a killed run, or is the template of other code."""
    kind, _, rest = name.partition("_")
    if kind in ("template", "draft"):
        return True
    return name.startswith("test_stepwise_gw") and not psutil.pid_exists(int(rest.rpartition("_")[2]))


def _make(server: psycopg.Connection, template: str) -> None:
    draft = template.replace("template_", "draft_")
    server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(draft)))
    before = _point_at(draft)
    call_command("migrate", interactive=False, verbosity=0)
    connections.close_all()
    _point_at(before)
    rename = sql.SQL("ALTER DATABASE {} RENAME TO {}")
    server.execute(rename.format(sql.Identifier(draft), sql.Identifier(template)))


def _point_at(name: str) -> str:
    """Let the default connection lead to another database; returns where it led before."""
    before = str(connection.settings_dict["NAME"])
    connection.close()
    settings.DATABASES["default"]["NAME"] = connection.settings_dict["NAME"] = name
    return before


def _drop(server: psycopg.Connection, name: str) -> None:
    """Drop a database with whoever is still connected; autovacuum, which we may not end, is waited for."""
    drop = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
    for tries_left in reversed(range(TRIES)):
        try:
            server.execute(drop)
            return
        except psycopg.errors.InsufficientPrivilege:
            if not tries_left:
                raise
            sleep(0.2)


def fingerprint() -> str:
    """A short hash of all that a migrated database depends on: migrations, what ours import, Django."""
    digest = hashlib.sha256(version("django").encode())
    for path in sorted(_sources()):
        # Not the whole path: a copy of the checkout elsewhere has the same database.
        digest.update(f"{path.parent.parent.name}/{path.name}".encode() + path.read_bytes())
    return digest.hexdigest()[:16]


def _sources() -> Iterator[Path]:
    for app in apps.get_app_configs():
        yield from Path(app.path, "migrations").glob("*.py")
    yield from (CHECKOUT / "tenants").glob("*.py")
