"""Journeys: a story told in a browser, through the real processes and a real mail server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.browser import NewPage
from tests.processes import Running
from tests.sink import Sink


@pytest.fixture
def sink() -> Iterator[Sink]:
    """A mail server that keeps what it is sent, and misbehaves when told to."""
    sink = Sink().start()
    yield sink
    sink.stop()


@pytest.fixture
def running(transactional_db: None, tmp_path: Path) -> Iterator[Running]:
    """Web, workers, two senders and beat on this test's database, ready."""
    with Running(tmp_path / "processes") as running:
        yield running


@pytest.fixture
def page(running: Running, new_page: NewPage) -> Page:
    """A desktop browser on the running site."""
    return new_page(running.address)
