"""A run is a handful of set operations, whatever the audience (architecture §1)."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from activities.models import Reminder
from sequences.commands.people import skip_reminders
from sequences.commands.reminders import complete
from sequences.engine import recorder
from sequences.engine.planning import MANY, SOME, as_sets, grown, outgrown
from sequences.engine.sql import execute, rows
from sequences.models import Enrollment
from tenants.models import Tenant
from tenants.wall import use
from tests.apps.sequences.lives import at, stage
from tests.factories import ContactFactory, make_tenant

pytestmark = pytest.mark.django_db

BODY = """
contacts: [{id: ann, email: ann@x.example, city: Rome}]
sequences:
  - name: S
    kind: KIND
    schedule: {time: "09:00"}
    audience: {unique_email: true, conditions: [{field: email, op: not_empty}]}
    exit: {conditions: [{field: score, op: '>', value: 5}]}
    reentry: 5
    steps:
      - {key: a, DAY1kind: email, template: named, conditions: [{field: city, op: is_not, value: Oslo}]}
      - {key: r, DAY1kind: call, title: Call}
      - {key: b, DAY2kind: email, template: t, conditions: [{field: step.a.opened, op: is, value: false}]}
"""


NOT_COUNTED = ("SAVEPOINT", "RELEASE SAVEPOINT", "SELECT pg_get_serial_sequence")
"""Django's own, and what a process asks once in its life."""


def statements(tenant: Tenant, kind: str, people: int) -> list[int]:
    """How many statements the first three runs take."""
    days = ("day: 1, ", "day: 2, ") if kind == "classic" else ("", "")
    with use(tenant):
        on = stage(tenant, BODY.replace("KIND", kind).replace("DAY1", days[0]).replace("DAY2", days[1]))
        ContactFactory.create_batch(people, city="Rome")
        found = []
        for day in ("04", "05", "06"):
            with CaptureQueriesContext(connection) as queries:
                on.work(f"05-{day} 09:00", is_accepted=False)
            found.append(len([query for query in queries if not query["sql"].startswith(NOT_COUNTED)]))
        assert Enrollment.objects.count() == people + 1
    return found


@pytest.mark.parametrize("kind", ["classic", "smart"])
def test_a_run_takes_as_many_statements_for_many_as_for_few(db: None, kind: str) -> None:
    few, many = (statements(make_tenant(), kind, people) for people in (1, 200))
    assert many == few
    assert max(few) <= 60


TREE = """
contacts: [{id: ann, email: ann@x.example, city: Rome}]
sequences:
  - name: S
    kind: adaptive
    schedule: {hours: "09:00-17:00"}
    audience: {unique_email: true, conditions: [{field: email, op: not_empty}]}
    exit: {conditions: [{field: score, op: '>', value: 5}]}
    steps:
      - {key: a, kind: email, template: t}
      - {key: q, kind: condition, of: a, event: opened, within: {hours: 2}, yes: [], no: [{key: u, kind: update_field,
         field: score, value: 3}]}
      - {key: w, kind: wait, for: {hours: 1}}
      - {key: r, kind: call, title: Call}
"""


def statements_of_a_tree(tenant: Tenant, people: int) -> list[int]:
    """How many statements each instant of half a day takes at which something happens."""
    with use(tenant):
        on = stage(tenant, TREE)
        ContactFactory.create_batch(people, city="Rome")
        found = []
        for moment in ("09:00", "11:00", "12:00"):
            with CaptureQueriesContext(connection) as queries:
                on.work(f"05-04 {moment}")
            found.append(len([query for query in queries if not query["sql"].startswith(NOT_COUNTED)]))
        assert Enrollment.objects.filter(step_key="r", is_waiting=True).count() == people + 1
    return found


def test_passes_take_as_many_statements_for_many_as_for_few(db: None) -> None:
    _, few, many = (statements_of_a_tree(make_tenant(), people) for people in (1, 1, 200))
    assert many == few  # the first found no temporary tables of another run


def test_recording_is_off_in_live_runs(tenant: Tenant) -> None:
    on = stage(tenant, BODY.replace("KIND", "smart").replace("DAY1", "").replace("DAY2", ""))
    with CaptureQueriesContext(connection) as queries:
        on.work("05-04 09:00")
    assert not [query for query in queries if "engine_trace" in query["sql"]]
    with recorder.recording():
        assert recorder.noted() == []


def test_a_table_that_grew_by_many_rows_is_analysed_and_nested_loops_are_off_only_inside(
    tenant: Tenant,
) -> None:
    with CaptureQueriesContext(connection) as queries:
        grown(Enrollment, SOME - 1)
        grown(Enrollment, MANY)
    assert [query["sql"] for query in queries] == ['ANALYZE (SKIP_LOCKED) "sequences_enrollment"']
    with as_sets():
        assert rows("SHOW enable_nestloop") == [("off",)]
    assert rows("SHOW enable_nestloop") == [("on",)]


def test_a_table_that_was_found_empty_is_counted_when_some_rows_come(tenant: Tenant) -> None:
    """Its keys would be looked for in all rows of the tenant: 10,000 people's mails took minutes, not seconds."""
    execute("ANALYZE sequences_enrollment")  # of no rows
    with CaptureQueriesContext(connection) as queries:
        outgrown(Enrollment, SOME - 1)
        outgrown(Enrollment, SOME)
    said = [query["sql"] for query in queries]
    assert len(said) == 2 and said[1] == 'ANALYZE (SKIP_LOCKED) "sequences_enrollment"'


def statements_of_closing(tenant: Tenant, people: int, *, by_list: bool) -> int:
    """How many statements it takes to close the open calls of everybody: by their people, or as the list's job does."""
    with use(tenant):
        on = stage(
            tenant, BODY.replace("KIND", "classic").replace("DAY1", "day: 1, ").replace("DAY2", "day: 2, ")
        )
        ContactFactory.create_batch(people, city="Rome")
        on.work("05-04 09:00", is_accepted=False)
        contacts = list(Enrollment.objects.values_list("contact_id", flat=True))
        ids = list(Reminder.objects.values_list("pk", flat=True))
        given: dict[str, Any] = {"sequence": on.sequence, "by": on.life.by, "now": at("05-04 10:00")}
        with CaptureQueriesContext(connection) as queries:
            if by_list:
                closed = complete(reminders=ids, outcomes=dict.fromkeys(ids, "Busy"), **given)
            else:
                closed = skip_reminders(contacts=contacts, **given)
        assert closed == people, "Ann is held: she has no first name"
    return len(queries)


@pytest.mark.parametrize("by_list", [False, True])
def test_closing_the_reminders_of_many_takes_as_many_statements_as_of_few(db: None, by_list: bool) -> None:
    few, many = (statements_of_closing(make_tenant(), people, by_list=by_list) for people in (1, 60))
    assert many == few


def test_skipping_reminders_waits_for_the_run_before_it_locks_any(db: None) -> None:
    """The sequence's row first, as runs do it; else both could wait for each other (semantics 2.3)."""
    tenant = make_tenant()
    with use(tenant):
        on = stage(tenant, BODY.replace("KIND", "smart").replace("DAY1", "").replace("DAY2", ""))
        with CaptureQueriesContext(connection) as queries:
            skip_reminders(
                sequence=on.sequence, contacts=[on.contact("ann")], by=on.life.by, now=at("05-04 10:00")
            )
    locks = [query["sql"] for query in queries if "FOR NO KEY UPDATE" in query["sql"]]
    assert "sequences_sequence" in locks[0] and "activities_reminder" in locks[1]
