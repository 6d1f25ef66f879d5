"""/sequences/<id>/publish/: what a draft changes and whom it touches, with a note; then it holds (semantics 2.38)."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from messaging.models import Template
from sequences.commands.planning import add_step, change_step, move_step, remove_step
from sequences.files.loading import load_plan
from sequences.models import Sequence
from tenants.models import Member, Tenant
from tests.apps.sequences.lives import stage
from tests.factories import NOW, ContactFactory, make_member
from tests.pages.conftest import SignIn
from tests.pages.sequences.conftest import live
from tests.pages.somebody import words


def text(response: Any) -> str:
    return response.content.decode()


def publish(sequence: Sequence) -> str:
    return f"/sequences/{sequence.pk}/publish/"


@pytest.fixture
def running(sequence: Sequence, tenant: Tenant) -> Sequence:
    """Three people inside, past day 2."""
    live(sequence, tenant, people=3, days=2)
    return sequence


def shown(client: Client, sequence: Sequence) -> str:
    return words(text(client.get(publish(sequence))))


def test_each_setting_is_shown_with_its_old_and_its_new_value(
    client: Client, running: Sequence, rep: Member
) -> None:
    given: dict[str, Any] = {"sequence": running, "by": rep, "now": NOW}
    asked = [{"field": "step.email1.opened", "op": "is", "value": True}]
    settings = {"title": "Call {{ first_name }}", "outcomes": ["Connected"], "due": {"days": 2}}
    change_step(key="call1", day=5, conditions=asked, settings=settings, **given)
    change_step(key="email1", settings={"track_opens": False, "cc": ["owner"]}, **given)
    page = shown(client, running)
    assert "Publish 2 changes" in page and "Version 2 against version 1, which runs." in page
    for said in (
        "Intro on day 1 is changed. 3 are past it.",
        "Track opens Yes → No",
        "CC – → Owner of the sequence",
        "moves from day 3 to day 5. 3 will get it.",
        "Place Day 3 → Day 5",
        "Outcomes – → Connected",
        "Due At once → 2 days after the run",
    ):
        assert said in page, said
    assert "Only if – → step 1 “Intro” was opened" in page


def test_a_new_step_is_read_whole_before_it_is_published(
    client: Client, running: Sequence, rep: Member
) -> None:
    add_step(
        sequence=running, kind="task", by=rep, now=NOW, day=9, settings={"title": "Look", "type": "Demo"}
    )
    page = shown(client, running)
    assert "Look is new on day 9. 3 will get it." in page
    assert "Activity type Demo" in page and "Assignee Owner of the contact" in page


def test_the_fewest_steps_are_called_moved(client: Client, running: Sequence, rep: Member) -> None:
    given: dict[str, Any] = {"sequence": running, "by": rep, "now": NOW}
    for title in ("One", "Two", "Three"):
        add_step(kind="task", day=9, settings={"title": title}, **given)
    client.post(publish(running))
    running.refresh_from_db()
    move_step(key="task3", day=9, place=0, **given)
    page = shown(client, running)
    assert "Publish 1 change" in page and "Three has another place on day 9. 3 will get it." in page
    assert "Place Day 9, after Step 4 “Two” → Day 9, first" in page


def test_who_would_come_in_is_counted(client: Client, running: Sequence, rep: Member) -> None:
    ContactFactory.create_batch(2, city="Bonn")
    remove_step(sequence=running, key="call1", by=rep, now=NOW)
    page = shown(client, running)
    assert "is removed from day 3; its open reminders are cancelled. 3 will not get it any more." in page
    assert "2 would come in new at the next run." in page
    ContactFactory(city="Bonn", email="", email_norm="")
    assert "2 would come in new" in shown(client, running), "nothing could reach who has no address"


def test_the_note_is_kept_and_leads_to_the_sequence(client: Client, running: Sequence, rep: Member) -> None:
    remove_step(sequence=running, key="call1", by=rep, now=NOW)
    answer = client.post(publish(running), {"note": "No more calls"})
    assert answer["Location"] == f"/sequences/{running.pk}/"
    running.refresh_from_db()
    assert (running.draft, running.plan.number, running.plan.note) == (None, 2, "No more calls")


def test_a_note_that_is_too_long_is_said_at_its_place_and_stays(
    client: Client, running: Sequence, rep: Member
) -> None:
    remove_step(sequence=running, key="call1", by=rep, now=NOW)
    answer = client.post(publish(running), {"note": "x" * 301})
    assert answer.status_code == 422
    field = text(answer).partition('name="note"')[2].partition("form-foot")[0]
    assert "x" * 301 in field and "at most 300 characters" in field
    running.refresh_from_db()
    assert running.draft is not None


def test_a_fault_is_named_and_nothing_is_published(client: Client, running: Sequence, rep: Member) -> None:
    remove_step(sequence=running, key="call1", by=rep, now=NOW)
    Template.objects.update(archived_at="2026-01-01T00:00Z")
    page = text(client.get(publish(running)))
    assert "disabled" in page.partition("form-foot")[2] and "1 fault to mend first" in page
    answer = client.post(publish(running), {"note": "Typed"})
    assert answer.status_code == 422 and "Not published" in text(answer) and 'value="Typed"' in text(answer)
    running.refresh_from_db()
    assert running.plan.number == 1


def test_what_another_changed_meanwhile_is_shown_before_it_is_published(
    client: Client, running: Sequence, rep: Member
) -> None:
    remove_step(sequence=running, key="call1", by=rep, now=NOW)
    seen = text(client.get(publish(running))).partition('name="seen" value="')[2].partition('"')[0]
    maya = make_member("admin", "maya@us.example")
    add_step(sequence=running, kind="task", by=maya, now=NOW, day=7, settings={"title": "Hers"})
    answer = client.post(publish(running), {"note": "Mine", "seen": seen})
    assert answer.status_code == 422
    assert "changed the sequence after you had opened the page" in text(answer)
    assert "Hers" in text(answer) and 'value="Mine"' in text(answer)
    running.refresh_from_db()
    assert running.plan.number == 1


def test_without_a_draft_the_editor_is_shown(client: Client, running: Sequence) -> None:
    for answer in (client.get(publish(running)), client.post(publish(running))):
        assert answer["Location"] == f"/sequences/{running.pk}/edit/#steps"
    assert "nothing to publish" in text(client.get(f"/sequences/{running.pk}/edit/"))


def test_only_who_may_change_it_publishes(running: Sequence, rep: Member, sign_in: SignIn) -> None:
    remove_step(sequence=running, key="call1", by=rep, now=NOW)
    other = sign_in(make_member("sales_rep"))
    assert other.get(publish(running)).status_code == other.post(publish(running)).status_code == 404
    Sequence.objects.update(is_shared=True)
    assert other.get(publish(running)).status_code == other.post(publish(running)).status_code == 403
    running.refresh_from_db()
    assert running.plan.number == 1


def test_a_draft_that_changes_nothing_is_not_published(
    client: Client, running: Sequence, rep: Member
) -> None:
    given: dict[str, Any] = {"sequence": running, "key": "call1", "by": rep, "now": NOW}
    change_step(name="Other", **given)
    change_step(name="", **given)
    answer = client.post(publish(running))
    assert answer.status_code == 422 and "same steps" in text(answer)


SMART = """
contacts:
  - {id: ann, email: ann@x.example, city: Bonn}
  - {id: ben, email: ben@x.example, city: Bonn}
sequences:
  - name: Smart
    kind: smart
    schedule: {time: "09:00"}
    audience: {conditions: [{field: city, op: is, value: Bonn}]}
    steps: [{key: a, kind: call, title: One}, {key: b, kind: call, title: Two}, {key: c, kind: call, title: Three}]
timeline:
  - at: 2026-05-04 12:00
    do: publish
    sequence: Smart
    steps: [{key: c, kind: call, title: Three}, {key: a, kind: call, title: First}, {key: d, kind: task, title: New}]
"""


def test_a_smart_plan_is_compared_by_its_order(tenant: Tenant, sign_in: SignIn) -> None:
    on = stage(tenant, SMART)
    on.work("05-04 10:00")
    sequence, steps = on.sequence, on.life.scenario.timeline[0].steps
    assert steps is not None
    sequence.draft = load_plan(on.life.world, steps, at=NOW, number=2)
    sequence.save()
    client = sign_in(make_member("admin", "admin@us.example"))
    page = shown(client, sequence)
    assert "First is changed. 2 are past it. Title One → First" in page
    assert "Three has another place. 2 will get it. Place After Step 2 “Two” → First" in page
    assert "New is new, after Step 2 “First”. 2 will get it." in page
    assert "Two is removed; its open reminders are cancelled. 2 will not get it any more." in page
    assert client.post(publish(sequence))["Location"] == f"/sequences/{sequence.pk}/"
    assert on.sequence.plan.number == 2
