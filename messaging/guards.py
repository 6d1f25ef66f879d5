"""What the floor above has to say before a message leaves; it registers here when its app is ready."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from messaging.models import Message

Look = Callable[[list[int], datetime], None]


@dataclass(frozen=True)
class Guard:
    """SQL by which the gate asks about a stay."""

    name: str
    sql: str
    names: str = ""


guards: list[Guard] = []
looks: dict[str, Look] = {}


def register_guard(name: str, sql: str, *, names: str = "") -> None:
    """Have the gate ask this about the stay of each automatic message, in the transaction that lets it go.

    ``sql`` is one SELECT that locks the stay's row (``FOR NO KEY UPDATE OF …``) and gives one row with one text column:
    ``go``; ``wait`` (a pause: the message is held until ``outbox.release``); anything else is the reason for which the
    message is cancelled. No row cancels it, too. Its parameters are ``%(enrollment_id)s`` and ``%(message_id)s``.

    ``names`` is SQL that gives rows (enrollment_id, scope, key) of what else may stop these stays, the sequence above
    all, for the array ``%(enrollment_ids)s``: the gate takes the advisory locks of these names, too, before it asks,
    and lets nothing go while one is stopped (messaging.stops). It is asked once for each claimed batch.
    """
    guards[:] = [g for g in guards if g.name != name] + [Guard(name, sql, names)]


def register_look(name: str, look: Look) -> None:
    """Have ``look(enrollment_ids, now)`` called once for each claimed batch, just before its gates (semantics 2.18).

    It ends the stays whose exit conditions match, in the transaction it is called in, and cancels their messages with
    ``outbox.cancel``; what it cancels does not leave.
    """
    looks[name] = look


def verdict_on(message: Message) -> str:
    """What the guards say of a message now, as its gate would hear it: ``go``, ``wait``, or why it may not leave.

    It locks what they lock. A message of no stay may always leave.
    """
    said = "go"
    for guard in guards if message.enrollment_id is not None else ():
        with connection.cursor() as cursor:
            cursor.execute(guard.sql, {"enrollment_id": message.enrollment_id, "message_id": message.pk})
            row = cursor.fetchone()
        if row is None or row[0] not in ("go", "wait"):
            return str(row[0]) if row else "removed"
        said = "wait" if row[0] == "wait" else said
    return said
