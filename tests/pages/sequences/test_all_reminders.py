"""/sequences/<id>/reminders/: completing or skipping all that the list asks for, by a job (S5; semantics 2.34)."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from activities.models import Fact, Reminder
from audience.bulk import work
from audience.models import Contact, RecordJob
from audience.tasks import work_records
from messaging.models import Message
from sequences.commands.planning import add_step
from sequences.models import Sequence, StepRun
from sequences.reading.reminders import PAGE
from tenants.models import Member, Tenant
from tests.factories import NOW, ContactFactory, make_member
from tests.pages.conftest import SignIn
from tests.pages.sequences.conftest import live
from tests.pages.somebody import words

PEOPLE = 6


def at(sequence: Sequence, rest: str = "") -> str:
    return f"/sequences/{sequence.pk}/reminders/{rest}"


@pytest.fixture
def running(sequence: Sequence, tenant: Tenant, rep: Member) -> Sequence:
    """A call and a mail by hand for each of six people."""
    ContactFactory.create_batch(PEOPLE, city="Bonn", owner=rep)
    given: dict[str, Any] = {"sequence": sequence, "by": rep, "now": NOW, "day": 1}
    add_step(kind="call", settings={"title": "Ring", "outcomes": ["Connected", "Busy"]}, **given)
    add_step(kind="email_reminder", settings={"title": "Write"}, **given)
    live(sequence, tenant, people=0)
    return sequence


def form(sequence: Sequence, do: str = "complete", query: str = "", **more: Any) -> dict[str, Any]:
    return {"do": do, "everyone": "1", "filter": f"sequence={sequence.pk}&{query}", "ids": ["1"]} | more


def states() -> dict[tuple[str, str, str], int]:
    found: dict[tuple[str, str, str], int] = {}
    for row in Reminder.objects.values_list("kind", "state", "outcome"):
        found[row] = found.get(row, 0) + 1
    return found


def test_the_list_offers_all_that_match_where_there_are_more_than_a_page(
    client: Client, running: Sequence
) -> None:
    assert 'name="everyone"' not in client.get(at(running), {"kind": "call"}).content.decode()
    call = Reminder.objects.filter(kind="call")[0]
    for _ in range(PAGE):
        call.pk = None
        call.save()
    html = client.get(at(running), {"kind": "call"}).content.decode()
    assert 'name="everyone"' in html and f"all {PAGE + PEOPLE} that match" in words(html)
    assert f'name="filter" value="sequence={running.pk}&amp;kind=call"' in html


def test_all_that_the_filter_asks_for_are_completed_by_a_job(
    client: Client, running: Sequence, tenant: Tenant
) -> None:
    answer = client.post(at(running, "do/"), form(running, query="kind=call", outcome="Busy"))
    job = RecordJob.objects.get()
    assert answer["Location"] == f"/jobs/{job.pk}/" and not Reminder.objects.exclude(state="open").exists()
    assert "Complete reminders of “Outbound”, calls as “Busy”" in words(
        client.get(f"/jobs/{job.pk}/").content.decode()
    )
    work_records(tenant.pk, job.pk)
    assert states() == {("call", "completed", "Busy"): PEOPLE, ("email_reminder", "open", ""): PEOPLE}
    assert StepRun.objects.filter(outcome="Busy").count() == PEOPLE
    page = client.get(f"/jobs/{job.pk}/").content.decode()
    assert f"{PEOPLE} reminders" in words(page) and f'href="{at(running)}?kind=call"' in page
    assert job.said in client.get("/jobs/").content.decode()


def test_what_people_sent_counts_as_sent_and_is_marked(
    client: Client, running: Sequence, tenant: Tenant
) -> None:
    client.post(at(running, "do/"), form(running))
    work_records(tenant.pk, RecordJob.objects.get().pk)
    assert Message.objects.filter(state="sent", resolved_by="person").count() == PEOPLE
    assert StepRun.objects.filter(sent_at__isnull=False).count() == PEOPLE
    assert Fact.objects.filter(kind="email_reminder_completed").count() == PEOPLE
    assert Fact.objects.filter(kind="call_completed").count() == PEOPLE
    assert not Contact.objects.filter(city="Bonn", last_sent_at=None).exists()


def test_a_job_that_was_killed_goes_on_where_it_stopped(
    client: Client, running: Sequence, tenant: Tenant
) -> None:
    client.post(at(running, "do/"), form(running, "skip", "kind=call"))
    job = RecordJob.objects.get()
    assert work.step(job.pk, now=NOW, size=2) and work.step(job.pk, now=NOW, size=2)
    assert Reminder.objects.filter(state="skipped").count() == 4
    assert "4 of 6" in words(client.get(f"/jobs/{job.pk}/").content.decode())
    work_records(tenant.pk, job.pk)
    job.refresh_from_db()
    assert (job.changed, job.left_out) == (PEOPLE, 0)
    assert Fact.objects.filter(kind="call_skipped").count() == PEOPLE, "each once"


def test_many_are_closed_by_their_number(client: Client, running: Sequence, tenant: Tenant) -> None:
    Tenant.objects.filter(pk=tenant.pk).update(confirm_above=5)
    given = form(running, query="kind=call", outcome="Busy")
    asked = client.post(at(running, "do/"), given)
    page = asked.content.decode()
    assert asked.status_code == 200 and "Complete 6 reminders?" in words(page)
    assert 'name="outcome" value="Busy"' in page and not RecordJob.objects.exists()
    wrong = client.post(at(running, "do/"), given | {"people": "61"})
    assert wrong.status_code == 422 and "That is not their number" in words(wrong.content.decode())
    assert not RecordJob.objects.exists()
    assert client.post(at(running, "do/"), given | {"people": "6"}).status_code == 302
    assert RecordJob.objects.get().total == PEOPLE


def test_an_outcome_that_a_call_does_not_offer_begins_nothing(client: Client, running: Sequence) -> None:
    answer = client.post(at(running, "do/"), form(running, outcome="Nonsense"), follow=True)
    said = answer.content.decode()
    assert "“Nonsense” is no outcome of the call with" in said and "Nothing was completed." in said
    assert not RecordJob.objects.exists()


def test_2_34_what_others_have_to_do_is_left_out(running: Sequence, tenant: Tenant, sign_in: SignIn) -> None:
    Sequence.objects.update(is_shared=True)
    other = make_member("sales_rep")
    some = list(Reminder.objects.filter(kind="call").order_by("pk").values_list("pk", flat=True)[:2])
    Reminder.objects.filter(pk__in=some).update(assignee=other)
    theirs = sign_in(other)
    theirs.post(at(running, "do/"), form(running, "skip", "kind=call"))
    job = RecordJob.objects.get()
    work_records(tenant.pk, job.pk)
    job.refresh_from_db()
    assert job.changed == 2
    assert set(Reminder.objects.filter(state="skipped").values_list("pk", flat=True)) == set(some)
    assert theirs.get(f"/jobs/{job.pk}/").status_code == 200
    assert sign_in(make_member("read_only")).post(at(running, "do/"), form(running)).status_code == 403


@pytest.mark.parametrize("query", ["", "sequence=x", "sequence=999999", "kind=nonsense&state=x"])
def test_whatever_is_posted_it_is_about_this_sequence(client: Client, running: Sequence, query: str) -> None:
    client.post(at(running, "do/"), form(running) | {"filter": query})
    job = RecordJob.objects.get()
    assert (job.total, job.filter) == (2 * PEOPLE, f"sequence={running.pk}")


def test_one_button_is_one_reminder_whatever_is_ticked(client: Client, running: Sequence) -> None:
    one = Reminder.objects.filter(kind="call").order_by("pk")[0]
    client.post(at(running, "do/"), form(running, f"skip {one.pk}"))
    assert Reminder.objects.filter(state="skipped").count() == 1 and not RecordJob.objects.exists()
