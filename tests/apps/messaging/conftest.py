"""A server to send to, and a clock."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.apps.messaging.factories import Time
from tests.sink import Sink


@pytest.fixture
def sink() -> Iterator[Sink]:
    with Sink() as sink:
        yield sink


@pytest.fixture
def time() -> Time:
    return Time()
