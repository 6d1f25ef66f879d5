"""Reading and writing scenario files (semantics 6.1-6.7, 6.10)."""

from __future__ import annotations

import copy
from datetime import UTC, date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audience.conditions.types import FieldType
from sequences.calendar import Schedule
from sequences.files.document import NotYaml, read_document, scalar
from sequences.files.scenario import FaultyFile, read_scenario
from sequences.files.writing import dump, write_scenario
from sequences.hours import Duration, WorkingHours

SCENARIOS = Path(__file__).parents[1] / "scenarios"
GOOD = sorted(SCENARIOS.glob("*.yaml"))
BROKEN = sorted((SCENARIOS / "broken").glob("*.yaml"))

SMALL = """
now: 2026-05-04 08:00
timezone: Europe/Berlin
until: 2026-05-09 12:00
"""


def read(text: str, **more: Any):
    return read_scenario(text, file="f.yaml", **more)


def faults(text: str, **more: Any) -> list[str]:
    with pytest.raises(FaultyFile) as caught:
        read(text, **more)
    return [f"{fault.place}: {fault.reason}" for fault in caught.value.faults]


@pytest.mark.parametrize("path", GOOD, ids=lambda path: path.stem)
def test_every_scenario_is_read_without_a_fault_and_written_back_the_same(path):
    scenario = read(path.read_text())
    assert scenario.expect is not None
    assert read(write_scenario(scenario)) == scenario


@pytest.mark.parametrize("path", BROKEN, ids=lambda path: path.stem)
def test_6_10_a_broken_file_names_each_fault_at_its_place(path):
    text = path.read_text()
    expected = [line[4:] for line in text.partition("# faults:\n")[2].splitlines()]
    assert faults(text) == expected


def test_all_scenarios_are_here():
    assert len(GOOD) >= 34 and len(BROKEN) >= 20


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("true", True),
        ("false", False),
        ("True", "True"),
        ("yes", "yes"),
        ("no", "no"),
        ("on", "on"),
        ("null", None),
        ("~", None),
        ("", None),
        ("NULL", "NULL"),
        ("5", 5),
        ("-5", -5),
        ("1.50", Decimal("1.50")),
        ("0", 0),
        ("09", "09"),
        ("+49", "+49"),
        ("1_000", "1_000"),
        ("0x1F", "0x1F"),
        ("1e3", "1e3"),
        (".5", ".5"),
        (".inf", ".inf"),
        ("09:00", "09:00"),
        ("12:30:45", "12:30:45"),
        ("2026-05-04", date(2026, 5, 4)),
        ("2026-5-4", "2026-5-4"),
        ("2026-02-30", "2026-02-30"),
        ("2026-05-04 10:00", "2026-05-04 10:00"),
        ("<<", "<<"),
    ],
)
def test_6_10_what_looks_odd_is_text(text, value):
    assert scalar(text) == value
    assert type(scalar(text)) is type(value)


def test_6_10_what_stands_in_quotes_is_text():
    assert read_document('["5", \'true\', "2026-05-04", ""]').value == ["5", "true", "2026-05-04", ""]


def test_a_yaml_file_cannot_grow_without_bound():
    levels = "\n".join(f"l{n + 1}: &l{n + 1} [{', '.join([f'*l{n}'] * 9)}]" for n in range(9))
    with pytest.raises(NotYaml, match="more than"):
        read_document(f"l0: &l0 [x]\n{levels}\n")
    with pytest.raises(NotYaml, match="nested deeper"):
        read_document("[" * 5000)
    assert read_document("a: &x [1, 2]\nb: *x\n").value == {"a": [1, 2], "b": [1, 2]}


plain = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**12), 10**12)
    | st.decimals(-(10**6), 10**6, places=2)
    | st.dates()
    | st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]) | st.just("\n")),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("abcyno :'", max_size=4), inner),
    max_leaves=12,
)


@given(st.dictionaries(st.text("abc"), plain))
def test_what_is_dumped_is_read_back(value):
    assert read_document(dump(value)).value == value


def test_2_35_a_scenario_has_its_defaults():
    scenario = read(
        SMALL
        + """
sequences:
  - name: S
    kind: classic
    schedule: {time: 9:30}
    steps: [{key: a, day: 1, kind: call}]
  - name: T
    kind: adaptive
    schedule: {hours: "00:00-24:00", timezone: Asia/Kathmandu, holidays: [2026-05-05]}
    steps: [{key: a, kind: wait, for: {days: 1, minutes: 5}}, {key: b, kind: call}]
"""
    )
    classic, adaptive = scenario.sequences
    assert scenario.now == datetime(2026, 5, 4, 6, 0, tzinfo=UTC)
    assert scenario.limit == 500 and scenario.users[0].emails_per_day == 500
    assert classic.owner == scenario.users[0].email
    assert classic.schedule == Schedule(time(9, 30), scenario.timezone)
    assert (classic.status, classic.record, classic.sender) == ("active", "contact", "owner")
    assert classic.exits.replied and not adaptive.exits.replied
    assert classic.exits.group.match == "any" and classic.audience.group.match == "all"
    assert classic.steps[0].conditions.match == "all"
    assert not classic.audience.unique_email and not classic.audience.exclusive
    assert not classic.schedule.exclude_weekends and not adaptive.schedule.exclude_weekends
    assert isinstance(adaptive.schedule, WorkingHours)
    assert adaptive.schedule.opens == adaptive.schedule.closes == time(0)
    assert adaptive.steps[0].length("for") == Duration(days=1, minutes=5)
    assert scenario.expect is None


def test_6_5_custom_fields_have_the_type_of_their_first_value():
    scenario = read(
        SMALL
        + """
contacts:
  - {id: a, vip: , note: " ", seats: 3}
  - {id: b, vip: true, seen: 2026-05-01, labels: [x, 5], zip: 01234, seats: 4.5}
timeline:
  - {at: 2026-05-04 09:00, do: set, contact: a, field: later, value: 7}
  - {at: 2026-05-04 09:00, do: new, accounts: [{id: c, seats: many}]}
"""
    )
    types = {field.name: field.type for field in scenario.custom_fields}
    assert types == {
        "contact.vip": FieldType.YES_NO,
        "contact.seen": FieldType.DATE,
        "contact.labels": FieldType.TAGS,
        "contact.zip": FieldType.TEXT,
        "contact.seats": FieldType.NUMBER,
        "contact.later": FieldType.NUMBER,
        "account.seats": FieldType.TEXT,
    }
    first, second = scenario.contacts
    assert dict(first.values) == {"seats": Decimal(3)}
    assert second.values["labels"] == ("x", "5") and second.values["zip"] == "01234"
    assert scenario.timeline[1].records[0].values == {"seats": "many"}


def test_6_5_activity_fields_may_have_first_values():
    scenario = read(
        SMALL + "contacts: [{id: a, last_sent_at: 2026-03-29 02:30, last_contacted_mode: no REPLY}]\n"
    )
    assert scenario.contacts[0].values == {
        "last_sent_at": datetime(2026, 3, 29, 1, 0, tzinfo=UTC),
        "last_contacted_mode": "No reply",
    }


def test_names_are_found_without_case_and_spelled_as_written():
    scenario = read(
        SMALL
        + """
users: [{email: Mia@Us.example}]
views: [{name: Leads}]
templates: {Intro: {subject: x, body: y}}
contacts: [{id: a, owner: MIA@us.example}]
sequences:
  - name: First
    kind: classic
    owner: mia@us.EXAMPLE
    schedule: {time: "09:00"}
    audience: {views: [LEADS]}
    steps: [{key: a, day: 1, kind: email, template: intro, from: mia@US.example}]
timeline:
  - {at: 2026-05-04 09:00, do: open, contact: a, step: a}
  - {at: 2026-05-04 09:00, do: add, contact: a, sequence: FIRST}
"""
    )
    (spec,) = scenario.sequences
    assert scenario.contacts[0].values["owner"] == spec.owner == "mia@us.example"
    assert spec.audience.views == ("Leads",)
    assert spec.steps[0].options == {"template": "Intro", "from": "mia@us.example"}
    assert [event.sequence for event in scenario.timeline] == ["First", "First"]


def test_2_31_the_faults_of_templates_are_named_where_they_stand():
    def check(source: str, *, html: bool) -> list[str]:
        return [f"wrong {'html' if html else 'text'}"] if "bad" in source else []

    found = faults(
        SMALL
        + """
users: [{email: a@b, signature: bad}]
templates:
  t: {subject: bad, body: bad}
sequences:
  - {name: S, kind: classic, schedule: {time: "09:00"}, steps: [
      {key: a, day: 1, kind: sms, text: bad}, {key: b, day: 1, kind: call, title: bad, script: good}]}
timeline:
  - {at: 2026-05-04 09:00, do: template, name: t, body: bad}
""",
        check=check,
    )
    assert found == [
        "line 6, users.a@b.signature: wrong html",
        "line 8, templates.t.subject: wrong text",
        "line 8, templates.t.body: wrong html",
        "line 11, sequences.S.steps.a.text: wrong text",
        "line 11, sequences.S.steps.b.title: wrong text",
        "line 13, timeline[1].body: wrong html",
    ]


def test_a_published_plan_is_checked_with_what_names_its_steps():
    found = faults(
        SMALL
        + """
sequences:
  - name: S
    kind: classic
    schedule: {time: "09:00"}
    exit: {conditions: [{field: step.a.sent, op: is, value: true}]}
    steps: [{key: a, day: 1, kind: email_reminder}]
timeline:
  - {at: 2026-05-04 09:00, do: publish, sequence: S, steps: [{key: b, day: 91, kind: call}]}
"""
    )
    assert found == [
        "line 13, timeline[1].steps.b.day: a whole number from 1 to 90 is wanted",
        "line 13, timeline[1].steps: the plan has no step “a”, but audience or exits name it",
    ]


JUNK = [None, "", "x", 5, -1, True, [], ["x"], {}, {"a": 1}, date(2026, 5, 4), "2026-05-04 10:00", [[]], [{}]]


def places(value: Any, at: tuple = ()):
    yield at
    for key, inner in (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    ):
        yield from places(inner, (*at, key))


@settings(max_examples=300)
@given(st.data())
def test_no_file_whatever_it_says_is_more_than_faulty(data):
    raw = copy.deepcopy(read_document(data.draw(st.sampled_from(GOOD)).read_text()).value)
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.sampled_from([place for place in places(raw) if place]))
        inside = raw
        for part in at[:-1]:
            inside = inside[part]
        inside[at[-1]] = copy.deepcopy(data.draw(st.sampled_from(JUNK)))
    try:
        read(dump(raw))
    except FaultyFile as wrong:
        assert all(fault.place and fault.reason for fault in wrong.faults)
