"""/sequences/<id>/reminders/: seen, completed and skipped, one or several at once (S5; semantics 2.34)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from activities.models import Reminder
from audience.models import Contact
from messaging.models import Message
from sequences.commands.planning import add_step
from sequences.models import Sequence, StepRun
from tenants.models import Member, Tenant
from tests.factories import NOW, AccountFactory, ContactFactory, make_member
from tests.pages.conftest import SignIn
from tests.pages.sequences.conftest import live
from tests.pages.somebody import words


def text(response: Any) -> str:
    return response.content.decode()


def at(sequence: Sequence, rest: str = "") -> str:
    return f"/sequences/{sequence.pk}/reminders/{rest}"


@pytest.fixture
def ann(rep: Member) -> Contact:
    return ContactFactory(
        city="Bonn",
        first_name="Ann",
        last_name="Smith",
        mobile="+49 151 1234567",
        owner=rep,
        account=AccountFactory(name="Acme"),
    )


@pytest.fixture
def running(sequence: Sequence, tenant: Tenant, rep: Member, ann: Contact) -> Sequence:
    """Each manual kind on day 1, for Ann."""
    tenant.has_linkedin = True
    tenant.save()
    given: dict[str, Any] = {"sequence": sequence, "by": rep, "now": NOW, "day": 1}
    call = {
        "title": "Ring {{ first_name }}",
        "script": "Hello {{ first_name }}",
        "outcomes": ["Connected", "Busy"],
    }
    add_step(kind="call", settings=call, **given)
    add_step(kind="task", settings={"title": "Look", "type": "Demo", "due": {"days": 9}}, **given)
    add_step(kind="email_reminder", settings={}, **given)
    add_step(kind="sms_reminder", settings={"text": "Dear {{ first_name }}"}, **given)
    add_step(kind="linkedin", settings={"action": "connect", "text": "Hi {{ first_name }}"}, **given)
    live(sequence, tenant, people=0)
    return sequence


def of(kind: str) -> Reminder:
    return Reminder.objects.get(kind=kind)


def test_each_is_shown_with_all_that_one_needs_to_do_it(client: Client, running: Sequence) -> None:
    html = text(client.get(at(running)))
    page = words(html)
    assert "Ring Ann" in page and "Hello Ann" in page and "Dear Ann" in page and "Hi Ann" in page
    assert "LinkedIn: Connect" in page and "Send an invitation to connect." in page
    assert "keywords=Ann+Smith+Acme" in html and 'href="tel:+491511234567"' in html
    assert page.index("Ring Ann") < page.index("Look"), "soonest first"
    assert "Write an email" in page and "Write an SMS" in page and "Overdue" in page


def test_a_call_is_done_with_its_outcome(client: Client, running: Sequence) -> None:
    ring = of("call")
    answer = client.post(
        at(running, "do/"),
        {"do": f"complete {ring.pk}", f"outcome-{ring.pk}": "Busy", "next": f"{at(running)}?kind=call"},
    )
    assert answer["Location"] == f"{at(running)}?kind=call"
    ring.refresh_from_db()
    assert (ring.state, ring.outcome) == ("completed", "Busy")
    assert StepRun.objects.get(pk=ring.step_run_id).outcome == "Busy"
    closed = words(text(client.get(at(running), {"state": "closed"})))
    assert "Completed · Busy" in closed and "Look" not in closed


def test_several_are_done_at_once_each_as_its_kind(client: Client, running: Sequence, ann: Contact) -> None:
    ids = list(Reminder.objects.values_list("pk", flat=True))
    client.post(at(running, "do/"), {"do": "complete", "ids": ids, "outcome": "Connected"})
    assert set(Reminder.objects.values_list("kind", "outcome", "state")) == {
        (kind, "Connected" if kind == "call" else "", "completed")
        for kind in ("call", "task", "email_reminder", "sms_reminder", "linkedin")
    }
    assert set(Message.objects.filter(state="sent").values_list("channel", flat=True)) == {"email", "sms"}
    assert "Nothing to do" in text(client.get(at(running)))


def test_several_are_skipped_at_once(client: Client, running: Sequence) -> None:
    ids = [of("call").pk, of("task").pk]
    said = text(client.post(at(running, "do/"), {"do": "skip", "ids": ids}, follow=True))
    assert "2 reminders skipped." in said
    assert Reminder.objects.filter(state="skipped").count() == 2


def test_an_outcome_that_a_call_does_not_offer_completes_nothing(client: Client, running: Sequence) -> None:
    ids = list(Reminder.objects.values_list("pk", flat=True))
    given = {"do": "complete", "ids": ids, "outcome": "Nonsense"}
    said = text(client.post(at(running, "do/"), given, follow=True))
    assert "“Nonsense” is no outcome of the call with Ann Smith. Nothing was completed." in said
    assert not Reminder.objects.exclude(state="open").exists()


@pytest.mark.parametrize(
    "given, said",
    [
        ({"do": "complete"}, "Tick the reminders first."),
        ({"do": "complete", "ids": ["x", "9" * 30]}, "Tick the reminders first."),
        ({"do": "burn", "ids": ["1"]}, "Choose what is to be done."),
        ({}, "Choose what is to be done."),
        ({"do": "complete 999999999"}, "1 was not open any more, or is not yours."),
    ],
)
def test_what_cannot_be_done_is_said(
    client: Client, running: Sequence, given: dict[str, Any], said: str
) -> None:
    assert said in text(client.post(at(running, "do/"), given, follow=True))
    assert not Reminder.objects.exclude(state="open").exists()


def test_what_was_done_meanwhile_is_left_as_it_is(client: Client, running: Sequence) -> None:
    ids = [of("call").pk, of("task").pk]
    client.post(at(running, "do/"), {"do": f"skip {ids[0]}"})
    said = text(client.post(at(running, "do/"), {"do": "complete", "ids": ids}, follow=True))
    assert "1 reminder done. 1 was not open any more, or is not yours." in said
    assert of("call").state == "skipped"


def test_the_list_is_narrowed(client: Client, running: Sequence) -> None:
    only = words(text(client.get(at(running), {"kind": "task"})))
    assert "Look" in only and "Ring Ann" not in only
    Reminder.objects.filter(kind="task").update(due_at=NOW + timedelta(days=36_500))
    overdue = words(text(client.get(at(running), {"state": "overdue"})))
    assert "Ring Ann" in overdue and "Look" not in overdue
    Reminder.objects.filter(kind="call").update(assignee=make_member("sales_rep"))
    mine = words(text(client.get(at(running), {"whose": "mine"})))
    assert "Ring Ann" not in mine and "Look" in mine
    assert client.get(at(running), {"state": "x", "kind": "y", "after": "z~1"}).status_code == 200


def test_the_list_goes_on_page_by_page(client: Client, running: Sequence, ann: Contact) -> None:
    task = of("task")
    Reminder.objects.exclude(pk=task.pk).delete()
    for n in range(55):
        Reminder.objects.create(
            contact=ann, kind="task", title=f"Task {n}", made_at=NOW, due_at=task.due_at, assignee=task.assignee,
            enrollment_id=task.enrollment_id,
        )  # fmt: skip
    first = text(client.get(at(running)))
    assert "Showing 50 of 56" in first
    older = first.partition('rel="next"')[0].rpartition('href="')[2].partition('"')[0].replace("&amp;", "&")
    second = text(client.get(older if older.startswith("/") else at(running) + older))
    assert "Task 54" in second and "Task 3<" not in second and "Showing 6 of 56" in second


def test_others_reminders_are_not_worked(running: Sequence, sign_in: SignIn) -> None:
    Sequence.objects.update(is_shared=True)
    other = sign_in(make_member("sales_rep"))
    page = text(other.get(at(running)))
    assert "Ring Ann" in page and 'name="do"' not in page and "data-pick-all" not in page
    other.post(at(running, "do/"), {"do": f"complete {of('call').pk}"})
    assert of("call").state == "open"
    assert sign_in(make_member("read_only")).post(at(running, "do/"), {"do": "skip"}).status_code == 403


def test_the_contact_shows_the_same_and_leads_back(client: Client, running: Sequence, ann: Contact) -> None:
    page = words(text(client.get(f"/contacts/{ann.pk}/reminders/")))
    assert "Hello Ann" in page and "Dear Ann" in page and "Send an invitation to connect." in page
    answer = client.post(f"/reminders/{of('call').pk}/complete/", {"outcome": "Connected"})
    assert answer["Location"] == f"/contacts/{ann.pk}/"
