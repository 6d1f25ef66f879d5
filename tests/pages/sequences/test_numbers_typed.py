"""Before many people come in their number is typed: when they are added, and when a running sequence is widened."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from audience.models import Contact, RecordJob, SavedView
from audience.tasks import work_records
from sequences.commands import people, status
from sequences.commands.editing import change_settings
from sequences.commands.planning import add_step, remove_step
from sequences.commands.publishing import publish
from sequences.commands.status import activate
from sequences.models import Addition, Sequence, SequenceView, Status
from sequences.reading.audience import newcomers
from sequences.refusals import TooMany
from tenants.models import AuditLine, Member, Tenant
from tests.factories import NOW, ContactFactory
from tests.pages.somebody import words

pytestmark = pytest.mark.django_db
BULK = "/contacts/bulk/"


@pytest.fixture(autouse=True)
def asked_above_two(tenant: Tenant, rep: Member) -> None:  # rep: saves the workspace whole
    Tenant.objects.filter(pk=tenant.pk).update(confirm_above=2)


@pytest.fixture
def active(sequence: Sequence, rep: Member) -> Sequence:
    """Two of Bonn are to come in; three of Ulm and one of Kiel are not."""
    for city in ("Bonn", "Bonn", "Ulm", "Ulm", "Ulm", "Kiel"):
        ContactFactory(city=city, owner=rep)
    assert activate(sequence=sequence, by=rep, now=NOW)
    return sequence


def ids(city: str) -> list[int]:
    return list(Contact.objects.filter(city=city).values_list("pk", flat=True))


def page_of(answer: Any) -> str:
    return words(answer.content.decode())


def test_many_picked_from_the_list_of_contacts_are_added_by_their_number(
    client: Client, active: Sequence
) -> None:
    form: dict[str, Any] = {"do": "add_to_sequence", "ids": ids("Ulm")}
    assert "Type their number: 3" in page_of(client.post(BULK, form))
    form |= {"confirm": "1", "sequence": active.pk}
    for typed, said in (("", "That is not their number"), ("2", "That is not their number")):
        answer = client.post(BULK, form | {"people": typed})
        assert answer.status_code == 422 and said in page_of(answer)
    assert not RecordJob.objects.exists() and not Addition.objects.exists()
    done = client.post(BULK, form | {"people": "3"}, follow=True)
    assert "done for 3 people" in done.content.decode()
    assert Addition.objects.count() == 3


def test_all_of_a_filter_are_added_by_their_number(client: Client, active: Sequence, tenant: Tenant) -> None:
    query = "cond-0-field=city&cond-0-op=is&cond-0-value=Ulm"
    form = {"do": "add_to_sequence", "everyone": "1", "filter": query, "confirm": "1", "sequence": active.pk}
    assert client.post(BULK, form).status_code == 422 and not RecordJob.objects.exists()
    assert client.post(BULK, form | {"people": "3 people"}).status_code == 302
    work_records(tenant.pk, RecordJob.objects.get().pk)
    assert Addition.objects.count() == 3


def test_few_are_added_without_a_question(client: Client, active: Sequence) -> None:
    form = {"do": "add_to_sequence", "ids": ids("Kiel"), "confirm": "1", "sequence": active.pk}
    assert client.post(BULK, form).status_code == 302
    assert Addition.objects.count() == 1
    tags = {"do": "add_tag", "ids": ids("Ulm"), "confirm": "1", "tags": "Fair"}
    assert client.post(BULK, tags).status_code == 302, "a tag is no letter"


def test_the_page_of_a_sequence_asks_for_the_number_of_many(client: Client, active: Sequence) -> None:
    url = f"/sequences/{active.pk}/people/add/do/"
    form = {"ids": ids("Ulm")}
    asked = client.post(url, form)
    assert asked.status_code == 200 and "Add 3 people to “Outbound”?" in page_of(asked)
    assert asked.content.decode().count('type="hidden" name="ids"') == 3
    wrong = client.post(url, form | {"people": "4"})
    assert wrong.status_code == 422 and "That is not their number" in page_of(wrong)
    assert not Addition.objects.exists()
    assert (
        "3 people wait for the next run"
        in client.post(url, form | {"people": "3"}, follow=True).content.decode()
    )


def test_the_command_adds_nobody_without_their_number(active: Sequence, rep: Member) -> None:
    for typed in (None, 2, 4):
        with pytest.raises(TooMany):
            people.add(sequence=active, contacts=ids("Ulm"), by=rep, now=NOW, confirmed=typed)
    assert not Addition.objects.exists()
    assert people.add(sequence=active, contacts=ids("Ulm"), by=rep, now=NOW, confirmed=3) == 3


def section(active: Sequence, city: str, **more: str) -> dict[str, str]:
    row = {"entry-0-field": "city", "entry-0-op": "is_not", "entry-0-value": city, "entry-match": "all"}
    return {"record": "contact", **row, **more}


def test_a_wider_audience_of_an_active_sequence_is_kept_by_the_number(
    client: Client, active: Sequence
) -> None:
    """Everyone but Kiel: five, of whom two would have come in anyway."""
    url = f"/sequences/{active.pk}/edit/audience/"
    answer = client.post(url, section(active, "Kiel"))
    assert answer.status_code == 422
    assert "With this, 5 people come in at the next run" in page_of(answer)
    assert "Kiel" in answer.content.decode(), "what was typed stands there still"
    assert "That is not their number" in page_of(client.post(url, section(active, "Kiel", people="3")))
    active.refresh_from_db()
    assert active.entry_conditions[0]["value"] == "Bonn"
    assert client.post(url, section(active, "Kiel", people="5")).status_code == 302
    active.refresh_from_db()
    assert active.entry_conditions[0]["value"] == "Kiel"


@pytest.mark.parametrize("state", [Status.ACTIVE, Status.PAUSED])
def test_the_command_keeps_no_wider_audience_without_the_number(
    active: Sequence, rep: Member, state: str
) -> None:
    Sequence.objects.filter(pk=active.pk).update(status=state)
    view = SavedView.objects.create(name="Everyone", record="contact", owner=rep)
    for change in ({"views": [view]}, {"views": [view], "entry_conditions": []}):
        with pytest.raises(TooMany):
            change_settings(sequence=active, by=rep, now=NOW, **change)
    assert not SequenceView.objects.exists()
    change_settings(sequence=active, by=rep, now=NOW, views=[view], confirmed=6)
    assert newcomers(active, now=NOW) == 6
    change_settings(sequence=active, by=rep, now=NOW, exclude_weekends=True)  # lets nobody in
    narrower = [{"field": "city", "op": "is", "value": "Ulm"}]
    change_settings(sequence=active, by=rep, now=NOW, entry_conditions=narrower)  # the view is wider anyway


def test_a_draft_is_not_asked_about_before_it_is_activated(sequence: Sequence, rep: Member) -> None:
    for _ in range(4):
        ContactFactory(city="Ulm")
    change_settings(
        sequence=sequence, by=rep, now=NOW, entry_conditions=[{"field": "city", "op": "is", "value": "Ulm"}]
    )


def test_a_plan_that_opens_a_sequence_to_many_is_published_by_their_number(
    client: Client, sequence: Sequence, rep: Member
) -> None:
    """With a mail alone who has no address cannot come in (2.10); with a call they can."""
    for _ in range(3):
        ContactFactory(city="Bonn", email="")
    call = sequence.plan.steps.get(kind="call")
    remove_step(sequence=sequence, key=call.key, by=rep, now=NOW)
    activate(sequence=sequence, by=rep, now=NOW)
    sequence.refresh_from_db()
    add_step(sequence=sequence, kind="call", by=rep, now=NOW, day=2, settings={"title": "Ring"})
    sequence.refresh_from_db()
    with pytest.raises(TooMany):
        publish(sequence=sequence, by=rep, now=NOW)
    sequence.refresh_from_db()
    assert sequence.draft is not None
    url = f"/sequences/{sequence.pk}/publish/"
    asked = client.post(url, {"note": "Calls, too"})
    assert "With this, 3 people come in" in page_of(asked) and "Calls, too" in asked.content.decode()
    assert asked.status_code == 422 and "Type their number to publish" in page_of(asked)
    assert client.post(url, {"note": "Calls, too", "people": "3"}).status_code == 302
    sequence.refresh_from_db()
    assert sequence.draft is None and sequence.plan.note == "Calls, too"


def test_a_paused_sequence_goes_on_for_many_by_their_number(
    client: Client, active: Sequence, rep: Member
) -> None:
    """Two of Bonn come in, and three of Ulm were added."""
    status.pause(sequence=active, by=rep, now=NOW)
    people.add(sequence=active, contacts=ids("Ulm"), by=rep, now=NOW, confirmed=3)
    url = f"/sequences/{active.pk}/resume/"
    asked = client.post(url, {"next": "/sequences/"})
    page = page_of(asked)
    assert asked.status_code == 200 and "Resume Outbound for 5 people?" in page
    assert "Up to 5 people would get mail at once" in page and "Nothing has happened yet." in page
    wrong = client.post(url, {"people": "50", "next": "/sequences/"})
    assert wrong.status_code == 422 and "That is not their number" in page_of(wrong)
    active.refresh_from_db()
    assert active.status == Status.PAUSED
    assert client.post(url, {"people": "5", "next": "/sequences/"})["Location"] == "/sequences/"
    active.refresh_from_db()
    assert active.status == Status.ACTIVE
    line = AuditLine.objects.get(verb="sequence.resume")
    assert line.data["people"] == 5
    status.pause(sequence=active, by=rep, now=NOW)
    assert status.resume(sequence=active, by=rep, now=NOW, is_confirmed_before=True)
