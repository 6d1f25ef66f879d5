"""Stops win: what is stopped is written down before anything else reacts, and the gate reads it (reliability §3.2).

A stop takes the advisory lock of what it names, exclusively; the gate takes the locks of everything a message belongs
to, shared. So either the gate commits first (the message was already leaving), or it sees the stop. Stops do not wait
for runs: they touch no row that a run locks.

While a stop is in force nothing of what it names leaves. It is lifted when the rows it concerns have followed it, or
when the pause it stands for ends.

``scope`` and ``key`` of a stop: contact, sequence, member, mailbox, tenant with the id; address with the normalised
address or number. A stay (enrollment) needs none: the gate locks its row and reads it.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from hashlib import blake2b
from typing import Any

from django.db import connection

from messaging.models import StopEvent
from tenants.wall import current_id

CONTACT, ADDRESS, SEQUENCE, MEMBER = "contact", "address", "sequence", "member"
MAILBOX, TENANT = "mailbox", "tenant"

Named = tuple[str, str]
"""Scope and key of something that can be stopped."""


def advisory_key(tenant_id: int, scope: str, key: str) -> int:
    """The number of the advisory lock that stands for ``scope`` and ``key`` in this tenant."""
    digest = blake2b(f"{tenant_id}\0{scope}\0{key}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)


def lock(names: Iterable[Named]) -> None:
    """Take the locks of these, exclusively, until the transaction ends; always in the same order."""
    tenant_id = current_id()
    numbers = sorted({advisory_key(tenant_id, scope, key) for scope, key in names})
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(n) FROM unnest(%s::bigint[]) AS n", [numbers])


def share(names: Iterable[Named]) -> None:
    """Take the locks of these as a gate does: no stop of them begins or ends until the transaction does."""
    tenant_id = current_id()
    numbers = sorted({advisory_key(tenant_id, scope, key) for scope, key in names})
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock_shared(n) FROM unnest(%s::bigint[]) AS n", [numbers])


def stop(
    scope: str,
    keys: Iterable[object],
    *,
    kind: str,
    at: datetime,
    source: str = "",
    data: dict[str, Any] | None = None,
) -> list[StopEvent]:
    """Stop everything of these from leaving, as soon as the caller's transaction commits.

    Call it in a short transaction of its own, then change what has to follow in a second one that ends with ``lift``.
    Inside one transaction it works as well, only that others wait for that transaction. ``kind`` says why: replied,
    unsubscribed, bounced, auto_reply, paused, halted, removed.
    """
    names = [(scope, str(key)) for key in keys]
    lock(names)
    return StopEvent.objects.bulk_create(
        StopEvent(
            scope=scope, key=key, number=advisory_key(current_id(), scope, key), kind=kind, source=source, at=at,
            data=data or {},
        )
        for scope, key in names
    )  # fmt: skip


def lift(scope: str, keys: Iterable[object], *, kind: str, at: datetime) -> int:
    """What was stopped for this reason may leave again as far as its rows permit. Returns how many stops ended.

    It waits for the gates that still see the stop, so that what the caller lets go afterwards is all that they held.
    """
    names = [str(key) for key in keys]
    lock((scope, name) for name in names)
    found = StopEvent.objects.filter(scope=scope, key__in=names, kind=kind, lifted_at__isnull=True)
    return found.update(lifted_at=at)
