"""The states of a message and the ways between them (reliability §3.1)."""

import re
from itertools import product

import pytest

from messaging.lifecycle import FINAL, INITIAL, MOVES, SETTLED, State, allows, diagram

# The sentence of §3.1, written down a second time.
ALLOWED = {
    "pending": {"leased", "failed", "cancelled", "expired", "sent"},  # sent: simulation alone
    "leased": {"pending", "sending", "failed", "cancelled", "expired"},
    "sending": {"sent", "failed", "pending", "unknown"},
    "unknown": {"sent"},
    "sent": set(),
    "failed": set(),
    "cancelled": set(),
    "expired": set(),
}


@pytest.mark.parametrize(("source", "target"), list(product(State, State)))
def test_only_these_ways_exist(source, target):
    assert allows(source, target) == (target in ALLOWED[source])


def test_nothing_leaves_an_end():
    assert not [move for move in MOVES.values() if move.sources & FINAL]


def test_every_state_can_be_reached_and_every_message_can_come_to_an_end():
    reached = {INITIAL}
    for _ in State:
        reached |= {move.target for move in MOVES.values() if move.sources & reached}
    assert reached == set(State)
    ending = set(FINAL)
    for _ in State:
        ending |= {source for move in MOVES.values() if move.target in ending for source in move.sources}
    assert ending == set(State)


def test_only_its_worker_moves_a_message_out_of_doubt_back_to_waiting():
    ways = [move for move in MOVES.values() if State.SENDING in move.sources and move.target not in SETTLED]
    assert [move.name for move in ways] == ["put_off"]
    assert all(move.own for move in ways)


def test_what_a_worker_says_needs_its_token():
    assert {move.name for move in MOVES.values() if move.own} == {
        "give_back", "put_off", "pass_gate", "accept", "refuse",
    }  # fmt: skip


def test_the_diagram_shows_every_way():
    drawn = set(re.findall(r"^    (\w+) --> (\w+): (\w+)$", diagram(), re.MULTILINE))
    assert drawn == {(source, move.target, move.name) for move in MOVES.values() for source in move.sources}
