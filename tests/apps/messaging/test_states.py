"""One writer of each state: who may write a message's, and by which ways (architecture §6)."""

from __future__ import annotations

import re

from config.embedded.services import CHECKOUT
from messaging import claim, gate, reaper, results
from messaging.lifecycle import MOVES

WRITERS = {"outbox", "claim", "freeze", "gate", "results", "reaper"}
WRITES = re.compile(
    r"UPDATE messaging_message|Message\.objects\b[^\n]*\.(update|create|bulk_create|bulk_update)\("
)


def test_only_the_outbox_and_delivery_write_messages() -> None:
    apps = ("messaging", "steps", "sequences", "activities", "audience", "tenants", "config")
    found = {
        path.stem
        for app in apps
        for path in (CHECKOUT / app).rglob("*.py")
        if "migrations" not in path.parts and WRITES.search(path.read_text())
    }
    assert found <= WRITERS, found - WRITERS


def test_each_statement_goes_a_way_that_there_is() -> None:
    """The states that stand in SQL, where a move is not named by its parameter."""
    ways = {
        (claim.CLAIM, "pending", "leased"),
        (claim.GIVE_BACK, "leased", "pending"),
        (gate.GATE, "leased", "sending"),
        (reaper.RESCUE, "leased", "pending"),
        (reaper.RESCUE, "leased", "failed"),
        (reaper.DOUBT, "sending", "unknown"),
        (reaper.EXPIRE, "pending", "expired"),
    }
    for sql, source, target in ways:
        assert f"'{source}'" in sql
        assert f"'{target}'" in sql
        assert any(source in move.sources and move.target == target for move in MOVES.values())
    assert {"put_off", "accept"} <= set(MOVES)
    assert results.MOVES == MOVES
