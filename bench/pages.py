"""Pages over 1,000,000 contacts and 200 sequences: the server's time for a request, and its statements.

A request goes through all of Django in this process, middleware and template included, as a member who has signed in.
Each is made once to warm up and then in turn with all others; the value is the 95th percentile of all. In the note
stand the slowest request with its median, and the same page's median in an empty workspace, below which no query can
bring it.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import connection
from django.test import Client

from bench import asked, workspace
from bench.harness import Figure, median
from bench.workspace import Office

ROUNDS = 8
GOALS = {"contacts": 150, "sequences": 150, "sequence": 150, "editor": 150, "count": 700}
MOST_QUERIES = 25


@dataclass
class Timed:
    """One request with the milliseconds and the number of statements that it took."""

    name: str
    times: list[float]
    queries: int


def measure(contacts: int = workspace.CONTACTS) -> Iterator[list[Figure]]:
    """pages_contacts, pages_sequences, pages_sequence, pages_editor, pages_count and pages_queries."""
    print(f"filling {contacts:,} contacts and {workspace.SEQUENCES} sequences ...", flush=True)
    workspace.make_office("other", contacts // 10, sequences=20)
    office = workspace.make_office("office", contacts)
    empty = workspace.make_office("empty", 0, sequences=2)
    most = 0
    for page in GOALS:
        print(f"pages_{page} ...", flush=True)
        found = timed(office, getattr(asked, page)(office))
        nothing = timed(empty, getattr(asked, page)(empty)[:1])
        most = max(most, *(one.queries for one in found))
        yield [_figure(page, found, nothing[0])]
    yield [Figure("pages_queries", most, "queries", MOST_QUERIES, note="the most that any of these makes")]


def timed(office: Office, requests: list[asked.Request], rounds: int = ROUNDS) -> list[Timed]:
    """Make each request once, then all of them in turn."""
    settings.ALLOWED_HOSTS = ["testserver"]
    clients = {True: Client(), False: Client()}
    clients[True].force_login(office.rep.user)
    clients[False].force_login(office.admin.user)
    found = []
    for request in requests:
        with counted() as statements:
            _ask(clients[request.by_rep], request)
        found.append(Timed(request.name, [], len(statements)))
    for _ in range(rounds):
        for request, one in zip(requests, found, strict=True):
            one.times.append(_ask(clients[request.by_rep], request))
    return found


def _ask(client: Client, request: asked.Request) -> float:
    """Milliseconds."""
    start = time.perf_counter()
    answer = client.get(request.path) if request.data is None else client.post(request.path, request.data)
    took = (time.perf_counter() - start) * 1000
    if answer.status_code != 200:
        raise SystemExit(f"{request.name}: {request.path} answered {answer.status_code}")
    return took


@contextmanager
def counted() -> Iterator[list[str]]:
    """The statements that are made meanwhile."""
    found: list[str] = []

    def note(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        found.append(sql)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        yield found


def _figure(page: str, found: list[Timed], nothing: Timed) -> Figure:
    times = sorted(ms for one in found for ms in one.times)
    p95 = times[int(len(times) * 0.95)]
    slowest = max(found, key=lambda one: median(one.times))
    return Figure(
        f"pages_{page}", p95, "ms", GOALS[page], runs=[median(times), max(times)],
        note=f"p95 of {len(found)} requests, {len(times) // len(found)} times each; median {median(times):.0f}; "
        f"slowest: {slowest.name} ({median(slowest.times):.0f}); empty workspace: {median(nothing.times):.0f}; "
        f"at most {max(one.queries for one in found)} queries",
    )  # fmt: skip
