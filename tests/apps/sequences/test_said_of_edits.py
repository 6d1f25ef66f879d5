"""What is said of an edit before it is published comes true at the runs after it (semantics 2.38, 3.5, 4.4)."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from sequences.changes import Reach, changes_between
from sequences.commands import people, planning
from sequences.commands.publishing import publish
from sequences.models import Enrollment, Sequence, StepRun
from sequences.reading import effects
from tenants.models import Tenant
from tests.apps.sequences.lives import Stage, at, stage

pytestmark = pytest.mark.django_db

BODY = """
contacts:
  - {id: ann, email: ann@x.example, group: in}
  - {id: bob, email: bob@x.example, group: in}
  - {id: cat, email: cat@x.example, group: in}
  - {id: dan, email: dan@x.example}
  - {id: eve, email: eve@x.example}
sequences:
  - name: Calls
    kind: KIND
    schedule: {time: "09:00"}
    audience: {conditions: [{field: group, op: is, value: in}]}
    steps:
      - {key: a, day: 1, kind: call}
      - {key: b, day: 3, kind: call}
      - {key: c, day: 6, kind: call}
"""


@pytest.fixture
def on(tenant: Tenant) -> Stage:
    """Ann, Bob and Cat have four days behind them, Bob is paused after two; Dan and Eve have one."""
    on = stage(tenant, BODY.replace("KIND", "classic"))
    on.work("05-05 10:00")
    on.happens("05-05 11:00", do="pause", contact="bob", sequence="Calls")
    on.work("05-06 10:00")
    for name in ("dan", "eve"):
        on.happens("05-06 12:00", do="add", contact=name, sequence="Calls")
    on.work("05-07 10:00")
    return on


Edit = Callable[[Sequence], object]


def edit(on: Stage, moment: str, *edits: Edit) -> dict[str, Reach]:
    """Edit and publish; what was said of each change, which the caller compares with what becomes of it."""
    sequence = on.sequence
    for one in edits:
        one(sequence)
    assert sequence.draft
    changes = changes_between(sequence.plan.steps.all(), sequence.draft.steps.all())
    said = effects.reached(sequence, changes)
    assert said["inside"] == Enrollment.objects.filter(state__in=effects.INSIDE).count()
    publish(sequence=sequence, by=sequence.owner, now=at(moment))
    return {change.key: found for change, found in said["changes"]}


def had(key: str) -> int:
    return StepRun.objects.filter(key=key).count()


def move(key: str, day: int) -> Edit:
    return lambda s: planning.move_step(
        sequence=s, key=key, by=s.owner, now=at("05-07 11:00"), day=day, place=0
    )


def switch(key: str, *, is_on: bool) -> Edit:
    return lambda s: planning.switch_step(sequence=s, key=key, by=s.owner, now=at("05-07 11:00"), is_on=is_on)


def rename(key: str) -> Edit:
    return lambda s: planning.change_step(sequence=s, key=key, by=s.owner, now=at("05-07 11:00"), name="New")


def add(day: int) -> Edit:
    return lambda s: planning.add_step(sequence=s, kind="call", by=s.owner, now=at("05-07 11:00"), day=day)


def live_on(on: Stage) -> None:
    """Until everybody has been through."""
    people.resume(
        sequence=on.sequence, contacts=[on.contact("bob")], by=on.sequence.owner, now=at("05-07 12:00")
    )
    on.work("06-10 10:00")
    assert not Enrollment.objects.exclude(state="exited").exists()


@pytest.mark.parametrize(
    "edits, key, said",
    [
        ([add(2)], "call1", Reach(get=2, past=3)),
        ([add(7)], "call1", Reach(get=5)),
        ([move("b", 5)], "b", Reach(get=3, past=2)),
        ([move("c", 2)], "c", Reach(get=2, lose=3)),
        ([rename("a")], "a", Reach(past=5)),
        ([rename("b")], "b", Reach(get=3, past=2)),
        ([switch("b", is_on=False)], "b", Reach(lose=3, past=2)),
    ],
)
def test_2_38_what_is_said_comes_true(on: Stage, edits: list[Edit], key: str, said: Reach) -> None:
    before = had(key)
    assert edit(on, "05-07 11:30", *edits)[key] == said
    live_on(on)
    assert had(key) - before == said.get


def test_who_passed_a_day_before_its_step_came_gets_it_when_it_moves_ahead(on: Stage) -> None:
    edit(on, "05-07 11:20", add(1))
    assert edit(on, "05-07 11:30", move("call1", 5)) == {"call1": Reach(get=5)}
    live_on(on)
    assert had("call1") == 5


def test_who_had_a_step_before_it_moved_ahead_is_past_it_whatever_is_changed_then(on: Stage) -> None:
    edit(on, "05-07 11:20", move("a", 6))
    assert edit(on, "05-07 11:30", rename("a")) == {"a": Reach(past=5)}
    live_on(on)
    assert had("a") == 5


def test_a_step_that_was_off_on_their_day_is_still_ahead_when_it_moves_there(on: Stage) -> None:
    edit(on, "05-07 11:20", switch("b", is_on=False))
    assert edit(on, "05-07 11:25", move("b", 6)) == {"b": Reach()}, "off before and after: nobody is touched"
    assert edit(on, "05-07 11:30", switch("b", is_on=True)) == {"b": Reach(get=3, past=2)}
    live_on(on)
    assert had("b") == 5


def test_who_has_nothing_ahead_any_more_is_said_and_completed_by_the_next_run(on: Stage) -> None:
    sequence = on.sequence
    move("c", 4)(sequence)
    assert sequence.draft
    assert effects.ending(sequence, sequence.draft, now=at("05-07 11:00")) == 2
    publish(sequence=sequence, by=sequence.owner, now=at("05-07 11:30"))
    (worked,) = on.work("05-08 10:00")
    assert worked.run.reasons["exited"] == {"completed": 2}


def test_smart_who_had_every_step_that_is_left_is_said_and_completed(tenant: Tenant) -> None:
    on = stage(tenant, re.sub(r"day: \d+, ", "", BODY.replace("KIND", "smart")))
    on.work("05-05 10:00")
    sequence = on.sequence
    switch("c", is_on=False)(sequence)
    assert sequence.draft
    assert effects.ending(sequence, sequence.draft, now=at("05-05 11:00")) == 3
    assert edit(on, "05-05 11:30", switch("a", is_on=False)) == {"a": Reach(past=3), "c": Reach(lose=3)}
    (worked,) = on.work("05-06 10:00")
    assert worked.run.reasons["exited"] == {"completed": 3}
