"""What is known of people before they are added by hand (semantics 2.13)."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from messaging.intake import take_in
from sequences.commands import people
from sequences.reading.adding import Picked, picked
from tenants.models import Tenant
from tests.apps.sequences.lives import Stage, at, stage
from tests.factories import make_member

pytestmark = pytest.mark.django_db

BODY = """
contacts:
  - {id: new, email: new@x.example}
  - {id: inside, email: inside@x.example}
  - {id: paused, email: paused@x.example}
  - {id: waiting, email: waiting@x.example}
  - {id: removed, email: removed@x.example}
  - {id: replied, email: replied@x.example}
  - {id: again, email: again@x.example}
  - {id: stopped, email: stopped@x.example}
sequences:
  - name: S
    kind: classic
    schedule: {time: "09:00"}
    steps: [{key: a, day: 1, kind: email, template: t}, {key: b, day: 9, kind: email, template: t}]
"""
EVERYBODY = ("new", "inside", "paused", "waiting", "removed", "replied", "again", "stopped")


@pytest.fixture
def on(tenant: Tenant) -> Stage:
    """Somebody in each relation to the sequence; ``again`` has left and is inside again."""
    on = stage(tenant, BODY)
    for name in ("inside", "paused", "removed", "replied", "again"):
        on.happens("05-04 08:30", do="add", sequence="S", contact=name)
    on.work("05-04 09:00")
    on.happens("05-04 10:00", do="pause", sequence="S", contact="paused")
    for name in ("removed", "again"):
        on.happens("05-04 10:00", do="remove", sequence="S", contact=name)
    on.happens("05-04 10:00", do="reply", contact="replied", step="a")
    take_in("unsubscribed", address="stopped@x.example", at=at("05-04 10:00"), source="page")
    on.happens("05-04 11:00", do="add", sequence="S", contact="again")
    on.work("05-05 09:00")
    on.happens("05-05 10:00", do="add", sequence="S", contact="waiting")
    return on


def asked(on: Stage, *names: str) -> Picked:
    return picked(on.sequence, [on.contact(name) for name in names])


def test_2_13_everyone_is_told_by_what_will_become_of_them(on: Stage) -> None:
    found = asked(on, *EVERYBODY)
    assert found.new == sorted([on.contact("new"), on.contact("stopped")])
    assert (found.inside, found.waiting, found.stopped) == (3, 1, 1)
    assert found.earlier == sorted([on.contact("removed"), on.contact("replied")])
    assert sorted(found.left) == [("removed", 1), ("replied", 1)]


def test_2_13_a_warning_names_those_who_were_here_before_and_how_they_left(on: Stage) -> None:
    assert asked(on, "new", "inside", "waiting").warning == ""
    assert asked(on, "new", "replied").warning == (
        "1 person was in this sequence before (1 replied) and begins again with its first step."
    )
    words = asked(on, *EVERYBODY).warning
    assert words.startswith("2 people were in this sequence before (1 re")
    assert (
        "1 removed" in words and "1 replied" in words and words.endswith("begin again with its first step.")
    )


def test_the_last_of_several_stays_says_how_somebody_left(on: Stage) -> None:
    on.happens("05-05 11:00", do="reply", contact="again", step="a")
    assert asked(on, "again").left == (("replied", 1),)


def test_it_takes_few_statements_however_many_are_asked_about(on: Stage) -> None:
    sequence, ids = on.sequence, [on.contact(name) for name in EVERYBODY]
    with CaptureQueriesContext(connection) as of_one:
        picked(sequence, ids[4:5])
    with CaptureQueriesContext(connection) as of_all:
        picked(sequence, ids)
    assert len(of_one) == len(of_all) == 6


def test_2_13_who_may_not_add_people_again_adds_only_the_others(on: Stage) -> None:
    rep = make_member("sales_rep")
    sequence = on.sequence
    sequence.owner = rep
    sequence.save(update_fields=["owner"])
    ids = [on.contact(name) for name in EVERYBODY]
    assert people.add(sequence=sequence, contacts=ids, by=rep, now=at("05-05 12:00")) == 2
    assert people.add(sequence=sequence, contacts=ids, by=make_member("admin"), now=at("05-05 12:00")) == 2
