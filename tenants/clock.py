"""The time by which runs and deliveries happen: the database's, whatever the clock of this machine does (R-028).

A worker whose clock is stepped back would otherwise leave alone for so long what is due, and one that is ahead would
let messages expire that others are about to send.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import connection


def database_now() -> datetime:
    """What time it is, aware. For shells: tasks, not what they call."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        at: datetime = cursor.fetchone()[0]
    return at


def steady() -> Callable[[], datetime]:
    """A clock that is set by the database now and then goes by itself: cheap to ask, and no step moves it.

    It goes on while the machine sleeps.
    """
    set_at, began = database_now(), time.clock_gettime(time.CLOCK_BOOTTIME)
    return lambda: set_at + timedelta(seconds=time.clock_gettime(time.CLOCK_BOOTTIME) - began)
