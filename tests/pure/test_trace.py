"""The trace of a simulation (semantics 6.1, 6.8, 6.9)."""

from __future__ import annotations

import json
from pathlib import Path

from sequences.files.scenario import read_scenario
from sequences.trace import (
    EVENTS,
    TraceEvent,
    difference_json,
    differences,
    event_json,
    fault_json,
    in_order,
    lines,
)
from tenants.localtime import zone_named
from tests.pure.test_localtime import utc

SCENARIOS = Path(__file__).parents[1] / "scenarios"
BERLIN, NEW_YORK = zone_named("Europe/Berlin"), zone_named("America/New_York")


def event(at, contact, name="entered", *detail, sequence="One", zone=BERLIN):
    return TraceEvent(utc(at), contact, name, detail, sequence, zone)


def test_6_8_a_line_has_the_local_time_and_the_sequence_where_there_are_several():
    one = event("2026-05-04 07:00", "ann", "skipped", "a", "no_email")
    assert lines([one], named=False) == ["2026-05-04 09:00  ann  skipped  a  no_email"]
    assert lines([one], named=True) == ["2026-05-04 09:00  ann  skipped  a  no_email  @ One"]


def test_6_8_lines_are_sorted_by_instant_then_contact_then_happening():
    events = [
        event("2026-05-04 08:00", "ann"),
        event("2026-05-04 07:00", "bob"),
        event("2026-05-04 07:00", "Zoe", zone=NEW_YORK),
        event("2026-05-04 07:00", "bob", "executed", "b"),
        event("2026-05-04 07:00", "bob", "executed", "a"),
    ]
    found = [(line.contact, line.detail) for line in in_order(events)]
    assert found == [("Zoe", ()), ("bob", ()), ("bob", ("b",)), ("bob", ("a",)), ("ann", ())]


def test_6_8_blank_lines_do_not_matter_and_runs_of_blanks_are_one():
    assert differences(["a   b", "", "  c"], ["a b", "c", " "]) == []


def test_6_1_differing_lines_come_in_order():
    assert differences(["a", "b", "c"], ["a", "x", "c", "d"]) == [("-", "b"), ("+", "x"), ("+", "d")]
    assert differences([], ["a"]) == [("+", "a")]


def test_6_1_the_json_forms():
    one = event("2026-05-04 07:00", "ann", "executed", "a")
    assert json.loads(event_json("f.yaml", one)) == {
        "file": "f.yaml",
        "at": "2026-05-04T09:00:00+02:00",
        "contact": "ann",
        "event": "executed",
        "detail": ["a"],
        "sequence": "One",
    }
    assert json.loads(difference_json("f", "-", "x")) == {"file": "f", "diff": "-", "line": "x"}
    assert json.loads(fault_json("f", "p", "r")) == {"file": "f", "place": "p", "reason": "r"}


SAID = {
    ("held",): {"mailbox", "placeholder", "limit"},
    ("paused",): {"manual", "auto_reply"},
    ("exited",): {
        *("completed", "replied", "colleague_replied", "unsubscribed"),
        *("bounced", "condition", "removed", "advanced"),
    },
    ("skipped", "KEY"): {
        *("condition", "no_email", "no_phone", "unsubscribed", "bounced"),
        *("second_email", "no_record", "manual"),
    },
    ("branched", "KEY"): {"yes", "no"},
    ("executed",): {"KEY"},
    ("completed",): {"KEY"},
    ("entered",): {""},
    ("resumed",): {""},
}
"""What stands after each event, with its last word (semantics 6.9 and, of skips, 2.26)."""


def test_6_9_the_scenarios_show_every_event_with_every_reason_and_no_other():
    found: dict[tuple[str, ...], set[str]] = {}
    for path in sorted(SCENARIOS.glob("*.yaml")):
        scenario = read_scenario(path.read_text(), file=path.name)
        for line in scenario.expect or ():
            words = line.partition("@")[0].split()[3:]
            if words[0] in ("skipped", "branched"):
                words[1] = "KEY"
            if words[0] in ("executed", "completed"):
                words[1:] = ["KEY", *words[2:]]
            *before, last = words if len(words) > 1 else [*words, ""]
            found.setdefault(tuple(before), set()).add(last)
    assert found == SAID
    assert {words[0] for words in SAID} == set(EVENTS)
