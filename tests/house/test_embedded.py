"""The embedded services: shared, ended with their last user, and started again after a crash."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import psycopg
import pytest
import redis

from config.embedded.clean import remove
from config.embedded.schema import bring_up_to_date
from config.embedded.server import Identity
from config.embedded.services import CHECKOUT, Services, attach, is_kept


@pytest.fixture
def data(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "data"
    remove(tmp_path / "data")


@pytest.fixture
def services(data: Path) -> Iterator[Services]:
    services = attach(data, durable=False)
    yield services
    services.detach()


def identities(services: Services) -> list[Identity]:
    return [Identity(**services.facts[name]) for name in ("keeper", "postgres", "valkey")]


def eventually(true: Callable[[], bool], seconds: float = 60) -> None:
    until = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < until, "it did not happen"
        time.sleep(0.05)


def ask(services: Services, sql: str) -> tuple:
    with psycopg.connect(services.urls["DATABASE_URL"]) as connection:
        row = connection.execute(sql).fetchone()
    assert row is not None
    return row


def test_the_role_is_plain_and_may_create_databases(services: Services) -> None:
    sql = "SELECT rolsuper, rolbypassrls, rolcreatedb FROM pg_roles WHERE rolname = current_user"
    assert ask(services, sql) == (False, False, True)


def test_the_database_is_utf8_with_the_builtin_locale(services: Services) -> None:
    sql = """SELECT pg_encoding_to_char(encoding), datlocprovider, datlocale
             FROM pg_database WHERE datname = current_database()"""
    assert ask(services, sql) == ("UTF8", "b", "C.UTF-8")


def test_redis_answers(services: Services) -> None:
    assert redis.from_url(services.urls["REDIS_URL"]).ping()


def test_a_second_user_joins_and_the_last_one_ends_the_servers(data: Path) -> None:
    first = attach(data, durable=False)
    second = attach(data, durable=False)
    assert second.facts == first.facts
    first.detach()
    assert ask(second, "SELECT 1") == (1,)
    second.detach()
    assert [identity.process() for identity in identities(first)] == [None] * 3


def test_data_outlives_a_restart(data: Path) -> None:
    first = attach(data, durable=False)
    with psycopg.connect(first.urls["DATABASE_URL"]) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    first.detach()
    second = attach(data, durable=False)
    assert ask(second, "SELECT answer FROM kept") == (42,)
    second.detach()


def test_a_killed_user_does_not_keep_the_servers_alive(data: Path) -> None:
    code = "import sys, pathlib; from config.embedded.services import attach\n"
    code += (
        "s = attach(pathlib.Path(sys.argv[1]), durable=False); print(s.facts, flush=True); sys.stdin.read()"
    )
    user = subprocess.Popen(
        [sys.executable, "-c", code, str(data)], cwd=CHECKOUT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert user.stdout is not None and user.stdin is not None
    user.stdout.readline()
    other = attach(data, durable=False)
    ours = identities(other)
    other.detach()
    assert all(identity.process() for identity in ours)
    user.kill()
    user.communicate()
    eventually(lambda: not any(identity.process() for identity in ours))


@pytest.mark.parametrize("name", ["postgres", "valkey"])
def test_a_server_that_dies_is_started_again_at_the_same_address(services: Services, name: str) -> None:
    before = Identity(**services.facts[name])
    os.kill(before.pid, signal.SIGKILL)
    eventually(lambda: not before.process())
    eventually(lambda: _answers(services))
    assert ask(services, "SELECT 1") == (1,)


def test_servers_left_by_a_killed_keeper_are_taken_over(data: Path) -> None:
    first = attach(data, durable=False)
    keeper, *servers = identities(first)
    os.kill(keeper.pid, signal.SIGKILL)
    eventually(lambda: not is_kept(data))
    assert all(identity.process() for identity in servers)
    second = attach(data, durable=False)
    assert not any(identity.process() for identity in servers)
    assert ask(second, "SELECT 1") == (1,)
    second.detach()
    first.detach()


def test_a_stale_pid_file_that_names_a_living_stranger_does_not_stop_the_start(data: Path) -> None:
    attach(data, durable=False).detach()
    pid_file = data / "postgres" / "cluster" / "postmaster.pid"
    pid_file.write_text(f"{os.getpid()}\n{pid_file.parent}\n")
    services = attach(data, durable=False)
    assert ask(services, "SELECT 1") == (1,)
    assert psutil.pid_exists(os.getpid())
    services.detach()


def _answers(services: Services) -> bool:
    try:
        ask(services, "SELECT 1")
        return bool(redis.from_url(services.urls["REDIS_URL"]).ping())
    except (psycopg.OperationalError, redis.exceptions.ConnectionError):
        return False


@pytest.mark.slow
def test_the_first_command_of_a_checkout_finds_its_tables(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, url in services.urls.items():
        monkeypatch.setenv(name, url)
    bring_up_to_date(services.data, services.urls["DATABASE_URL"])
    assert ask(services, "SELECT count(*) FROM sequences_sequence") == (0,)
    monkeypatch.setattr(sys, "executable", "/nowhere")
    bring_up_to_date(services.data, services.urls["DATABASE_URL"])
