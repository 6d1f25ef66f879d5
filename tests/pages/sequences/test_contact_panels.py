"""What a contact's page shows of sequences: timeline, reminders, and adding people of the list."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.test import Client

from activities.models import Fact, Reminder
from audience.models import Contact, RecordJob
from audience.tasks import work_records
from messaging import sent
from messaging.intake import take_in
from messaging.models import Message
from sequences.models import Addition, Enrollment, Sequence
from tenants.models import Member, Role, Tenant
from tenants.wall import use
from tests.factories import NOW, ContactFactory, make_member, make_tenant
from tests.pages.conftest import SignIn
from tests.pages.sequences.conftest import leave, live
from tests.pages.somebody import words

HOUR = timedelta(hours=1)


def get(client: Client, path: str) -> str:
    response = client.get(path)
    assert response.status_code == 200, response.status_code
    return response.content.decode()


def lines(html: str) -> list[str]:
    """The lines of the timeline."""
    return [
        words(item).strip() for item in re.findall(r'<div class="feed-what">(.*?)</div>', html, flags=re.S)
    ]


def test_the_timeline_tells_what_happened_newest_first(
    client: Client, sequence: Sequence, tenant: Tenant, rep: Member
) -> None:
    end = live(sequence, tenant, people=1)
    contact = Contact.objects.get(city="Bonn")
    message = Message.objects.get()
    Message.objects.filter(pk=message.pk).update(subject="Hello <Ann>", state="sent", sent_at=end)
    sent.record([message.pk], at=end)
    take_in("opened", contact=contact, message=message, at=end + HOUR, source="pixel", by_machine=True)
    take_in(
        "clicked",
        contact=contact,
        message=message,
        at=end + 2 * HOUR,
        source="link",
        url="https://a.example/x",
    )
    take_in("replied", contact=contact, message=message, at=end + 3 * HOUR, source="imap")
    html = get(client, f"/contacts/{contact.pk}/timeline/")
    said = lines(html)
    assert said[:4] == [
        "Left Outbound Replied",
        "Replied to Hello &lt;Ann&gt; Outbound",
        "Clicked a link in Hello &lt;Ann&gt; https://a.example/x Outbound",
        "A program opened Hello &lt;Ann&gt; Outbound",
    ]
    assert any(line.startswith("Sent Hello &lt;Ann&gt; as") for line in said)
    assert "Entered Outbound" in said
    assert said[-1] == "Arrived"


def test_the_timeline_goes_on_page_by_page_and_loses_nothing(client: Client, rep: Member) -> None:
    contact = ContactFactory(created_at=NOW - timedelta(days=9))
    Fact.objects.bulk_create(
        Fact(contact=contact, kind="call_completed", at=NOW + (n // 3) * HOUR, data={"title": f"Call {n}"})
        for n in range(70)
    )
    path: str | None = f"/contacts/{contact.pk}/timeline/"
    told: list[str] = []
    pages = 0
    while path:
        html = get(client, path)
        told += [line for line in lines(html) if "Call" in line]
        more = re.search(r'class="btn" href="([^"]*before=[^"]*)"', html)
        path = more[1].replace("&amp;", "&") if more else None
        pages += 1
    assert pages == 3
    assert [line.removeprefix("Call completed ") for line in told] == [
        f"Call {n}" for n in reversed(range(70))
    ]
    assert get(client, f"/contacts/{contact.pk}/timeline/?before=nonsense~x")


def test_a_sequence_that_one_may_not_see_is_not_named(
    sequence: Sequence, tenant: Tenant, sign_in: SignIn
) -> None:
    live(sequence, tenant, people=1)
    contact = Contact.objects.get(city="Bonn")
    other = sign_in(make_member("sales_rep"))
    assert "Outbound" not in get(other, f"/contacts/{contact.pk}/timeline/")


def test_reminders_are_shown_with_their_words_filled_in_and_closed_here(
    client: Client, sequence: Sequence, tenant: Tenant, rep: Member
) -> None:
    live(sequence, tenant, people=1, days=3)
    contact = Contact.objects.get(city="Bonn")
    reminder = Reminder.objects.get()
    path = f"/contacts/{contact.pk}/reminders/"
    html = get(client, path)
    assert f"Ring {contact.first_name}" in html and "due" in words(html)
    form = {"outcome": "connected", "note": "Call back in May"}
    assert client.post(f"/reminders/{reminder.pk}/complete/", form)["Location"] == f"/contacts/{contact.pk}/"
    reminder.refresh_from_db()
    assert (reminder.state, reminder.outcome, reminder.closed_by) == ("completed", "connected", rep)
    html = get(client, path)
    assert "connected" in html and "Call back in May" in html and "Done</button>" not in html
    response = client.post(f"/reminders/{reminder.pk}/skip/", follow=True)
    assert "It was not open any more." in response.content.decode()
    assert any(
        "call completed" in line.lower() for line in lines(get(client, f"/contacts/{contact.pk}/timeline/"))
    )


def test_a_reminder_of_a_colleague_is_seen_and_not_worked(
    sequence: Sequence, tenant: Tenant, sign_in: SignIn
) -> None:
    live(sequence, tenant, people=1, days=3)
    contact = Contact.objects.get(city="Bonn")
    other = sign_in(make_member("sales_rep"))
    html = get(other, f"/contacts/{contact.pk}/reminders/")
    assert f"Ring {contact.first_name}" in html and "Done</button>" not in html
    assert other.post(f"/reminders/{Reminder.objects.get().pk}/complete/").status_code == 403
    assert Reminder.objects.get().state == "open"


def test_a_title_that_is_no_template_is_shown_as_it_stands(client: Client, rep: Member) -> None:
    contact = ContactFactory()
    Reminder.objects.create(
        contact=contact, kind="task", title="50 {% off", made_at=NOW, due_at=NOW, assignee=rep
    )
    assert "50 {% off" in get(client, f"/contacts/{contact.pk}/reminders/")


def test_the_page_of_a_contact_embeds_its_panels(client: Client, rep: Member) -> None:
    contact = ContactFactory()
    html = get(client, f"/contacts/{contact.pk}/")
    for path in ("timeline/", "reminders/"):
        assert f'hx-get="/contacts/{contact.pk}/{path}"' in html
    assert f'hx-get="/sequences/panel/contact/{contact.pk}/"' in html
    part = client.get(
        f"/contacts/{contact.pk}/timeline/", headers={"HX-Request": "true", "HX-Target": "timeline"}
    )
    assert "<html" not in part.content.decode() and "Arrived" in part.content.decode()


BULK = "/contacts/bulk/"
ADD = {"do": "add_to_sequence"}


def test_people_of_the_list_are_added_to_a_sequence(
    client: Client, sequence: Sequence, tenant: Tenant, rep: Member
) -> None:
    live(sequence, tenant, people=1)
    people = ContactFactory.create_batch(3)
    form = ADD | {"ids": [person.pk for person in people]}
    assert "Add to a sequence" in get(client, "/contacts/")
    ask = client.post(BULK, form)
    assert ask.status_code == 200 and "3 people" in words(ask.content.decode())
    missing = client.post(BULK, form | {"confirm": "1", "sequence": ""})
    assert missing.status_code == 422 and "Choose a sequence." in words(missing.content.decode())
    done = client.post(BULK, form | {"confirm": "1", "sequence": sequence.pk}, follow=True)
    assert f"Add to “{sequence.name}”: done for 3 people." in done.content.decode()
    assert sorted(Addition.objects.values_list("contact", flat=True)) == sorted(form["ids"])
    again = client.post(BULK, form | {"confirm": "1", "sequence": sequence.pk}, follow=True)
    assert "3 left out: inside or waiting already, or in it before" in again.content.decode()


def test_all_of_a_filter_are_added(client: Client, sequence: Sequence, tenant: Tenant, rep: Member) -> None:
    live(sequence, tenant, people=1)
    ContactFactory.create_batch(60, lifecycle_stage="Lead")
    ContactFactory()
    form = ADD | {"everyone": "1", "filter": "?stage=lead"}
    assert "60 people" in words(client.post(BULK, form).content.decode())
    client.post(BULK, form | {"confirm": "1", "sequence": sequence.pk})
    work_records(tenant.pk, RecordJob.objects.get().pk)
    assert Addition.objects.count() == 60


def test_nobody_picked_is_said(client: Client, rep: Member) -> None:
    assert "Tick somebody first." in client.post(BULK, ADD, follow=True).content.decode()


def test_what_is_foreign_is_not_there(client: Client, sequence: Sequence, rep: Member) -> None:
    with use(make_tenant()):
        contact = ContactFactory()
        reminder = Reminder.objects.create(contact=contact, kind="task", made_at=NOW, due_at=NOW)
    assert client.get(f"/contacts/{contact.pk}/timeline/").status_code == 404
    assert client.get(f"/contacts/{contact.pk}/reminders/").status_code == 404
    assert client.post(f"/reminders/{reminder.pk}/complete/").status_code == 404
    assert "0 people" in words(client.post(BULK, ADD | {"ids": [contact.pk]}).content.decode())
    form = ADD | {"ids": [ContactFactory().pk], "sequence": sequence.pk + 999, "confirm": "1"}
    assert client.post(BULK, form).status_code == 422


@pytest.mark.parametrize("path", ["/contacts/1/timeline/", "/contacts/1/reminders/"])
def test_the_right_to_see_records_is_asked_for(client: Client, rep: Member, path: str) -> None:
    Role.objects.filter(pk=rep.role_id).update(permissions={"sequence.view": "all"})
    assert client.get(path).status_code == 403
    assert Client().get(path).status_code == 302


def test_a_stay_that_ended_is_told_with_its_reason(
    client: Client, sequence: Sequence, tenant: Tenant, rep: Member
) -> None:
    end = live(sequence, tenant, people=1)
    stay = Enrollment.objects.get()
    leave(sequence, stay.contact_id, reason="removed", now=end)
    assert "Left Outbound Removed" in lines(get(client, f"/contacts/{stay.contact_id}/timeline/"))


def test_stopping_mail_from_the_page_ends_the_stays_of_whoever_has_the_address(
    client: Client, sequence: Sequence, tenant: Tenant, rep: Member
) -> None:
    live(sequence, tenant, people=2)
    ann, ben = Contact.objects.filter(city="Bonn").order_by("pk")
    path = f"/contacts/{ann.pk}/"
    assert "Stop email" in get(client, path)
    form = {"channel": "email", "address": ann.email, "next": path}
    assert client.post("/settings/suppression/", form)["Location"] == path
    html = get(client, path)
    assert "Email unsubscribed" in words(html) and 'id="stop"' not in html
    states = dict(Enrollment.objects.values_list("contact", "exit_reason"))
    assert states == {ann.pk: "unsubscribed", ben.pk: ""}
    elsewhere = client.post(
        "/settings/suppression/", form | {"address": "x@y.example", "next": "//evil.example/"}
    )
    assert elsewhere["Location"] == "/settings/suppression/"
