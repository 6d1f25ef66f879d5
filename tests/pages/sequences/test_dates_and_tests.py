"""The calendar preview of the review, and the test of a mail to one's own address."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import time
from email import message_from_bytes, policy
from typing import Any

import pytest
from django.test import Client

from audience.models import Contact, Suppression
from messaging.delivery import visit
from messaging.models import Mailbox, Message, Template
from sequences.commands.editing import change_settings, create_sequence
from sequences.commands.planning import add_step
from sequences.models import Enrollment, Sequence
from sequences.reading.dates import dates_of
from sequences.reading.live import coming
from sequences.reading.material import Material
from tenants.models import Member, Tenant
from tests.factories import NOW, ContactFactory, make_member
from tests.pages.conftest import SignIn
from tests.pages.sequences.conftest import BONN, leave, live
from tests.pages.somebody import words
from tests.sink import Rule, Sink


@pytest.fixture
def sink() -> Iterator[Sink]:
    with Sink() as started:
        yield started


@pytest.fixture
def mailbox(rep: Member, sink: Sink) -> Mailbox:
    """The rep's mailbox is that of the test's server."""
    box = Mailbox.objects.get(member=rep)
    box.smtp_host, box.smtp_port, box.smtp_security = "127.0.0.1", sink.port, "none"
    box.save()
    return box


def said(response: Any) -> str:
    return words(response.content.decode())


# --- The calendar -------------------------------------------------------------------------------------------------


def test_the_dates_are_those_on_which_the_engine_runs(
    rep: Member, sequence: Sequence, tenant: Tenant
) -> None:
    change_settings(
        sequence=sequence, by=rep, now=NOW, exclude_weekends=True, holidays=["2026-05-05"], run_time=time(9)
    )
    add_step(sequence=sequence, kind="task", by=rep, now=NOW, day=6, settings={"title": "Think"})
    ann = ContactFactory(city="Bonn")
    material = Material(sequence, rep)
    found = dates_of(sequence, material.steps, ann, now=NOW)
    assert [str(one.run.day) for one in found.steps] == ["2026-05-04", "2026-05-07", "2026-05-12"]
    assert (found.weekends, [str(day) for day in found.holidays]) == (2, ["2026-05-05"])
    end = live(sequence, tenant, people=0, days=9)
    ran = {run.key: run.at for run in Enrollment.objects.get(contact=ann).step_runs.all()}
    assert [one.run.at for one in found.steps] == [ran[one.step.key] for one in found.steps]
    assert next(coming(sequence, now=end)).at > end


def test_a_mail_waits_for_the_contacts_own_hours(rep: Member, sequence: Sequence) -> None:
    change_settings(sequence=sequence, by=rep, now=NOW, window_start=time(8), window_end=time(18))
    far = ContactFactory(city="Bonn", timezone="America/New_York")
    mail, call = dates_of(sequence, Material(sequence, rep).steps, far, now=NOW).steps
    assert (mail.run.at.hour, mail.leaves_at.hour, str(mail.zone)) == (9, 12, "America/New_York")
    assert call.leaves_at == call.run.at


def test_the_page_shows_a_chosen_contact_and_why_they_would_not_enter(
    client: Client, sequence: Sequence
) -> None:
    ann = ContactFactory(city="Bonn", first_name="Ann")
    ben = ContactFactory(city="Berlin", first_name="Ben")
    path = f"/sequences/{sequence.pk}/edit/calendar/"
    assert f"{ann.name} , if they enter at the next run:" in said(client.get(path))
    page = said(client.get(path, {"contact": ben.pk}))
    assert f"{ben.name} : would not enter now, since they do not match the audience now." in page
    Suppression.objects.create(channel="email", address_norm=ann.email_norm, reason="unsubscribed", at=NOW)
    assert "their address is unsubscribed or bounced" in said(client.get(path, {"contact": ann.pk}))
    assert f"{ben.name} " in said(client.get(path, {"q": "ben"}))
    assert "No contact begins so." in said(client.get(path, {"q": "zzz"}))
    for nonsense in ("x", "9" * 30):
        assert client.get(path, {"contact": nonsense}).status_code == 200
    part = client.get(path, headers={"HX-Request": "true", "HX-Target": "calendar"}).content.decode()
    assert "<html" not in part and "Call" in part


def test_one_that_runs_is_shown_by_somebody_inside(
    client: Client, sequence: Sequence, tenant: Tenant
) -> None:
    for city in ("Berlin", "Bonn", "Bonn"):
        ContactFactory(city=city)
    live(sequence, tenant, people=0)
    inside = Contact.objects.filter(city="Bonn").order_by("pk")
    path = f"/sequences/{sequence.pk}/edit/calendar/"
    assert f"{inside[0]} : would not enter now, since they were in it before" in said(client.get(path))
    leave(sequence, inside[0].pk)
    assert f"{inside[1]} : would not enter now" in said(client.get(path))


def test_of_a_tree_a_forecast_is_offered_in_place_of_dates(client: Client, rep: Member) -> None:
    ContactFactory()
    tree = create_sequence(name="Tree", kind="adaptive", by=rep, now=NOW)
    for place in ("edit/", "edit/calendar/"):
        page = client.get(f"/sequences/{tree.pk}/{place}").content.decode()
        assert "shows the calendar of a contact if nobody reacts" in words(page)
        assert f'href="/sequences/{tree.pk}/forecast/"' in page and "Choose a time" not in page


def test_who_is_refused_is_counted_by_reason(client: Client, sequence: Sequence, rep: Member) -> None:
    people = ContactFactory.create_batch(4, city="Bonn")
    for one in people[:2]:
        Suppression.objects.create(channel="email", address_norm=one.email_norm, reason="bounced", at=NOW)
    change_settings(
        sequence=sequence, by=rep, now=NOW,
        exit_conditions=[{"field": "email", "op": "is", "value": people[2].email}],
    )  # fmt: skip
    form = {"record": "contact", "entry-match": "all", "entry-0-field": "city", "entry-0-op": "is"}
    part = said(client.post(f"/sequences/{sequence.pk}/edit/preview/", form | {"entry-0-value": "Bonn"}))
    assert "1 would enter at a run now · 4 match · 3 refused" in part
    assert "2 unsubscribed or bounced" in part and "1 match the exit criteria" in part


# --- A test of a mail ---------------------------------------------------------------------------------------------


def test_a_test_reaches_ones_own_address_as_a_contact_would_get_it(
    client: Client, sequence: Sequence, mailbox: Mailbox, sink: Sink, rep: Member
) -> None:
    ContactFactory(city="Bonn", first_name="Ann", last_name="Kern")
    answer = client.post(f"/sequences/{sequence.pk}/edit/test/", {"step": "email1"})
    assert f"Sent to {rep.email}, as Ann Kern would get it." in said(answer)
    (taken,) = sink.messages
    assert taken.recipients == (rep.email,) and taken.sender == mailbox.email
    mail = message_from_bytes(taken.raw, policy=policy.default)
    assert mail["Subject"] == "Hello Ann" and "How are you?" in mail.get_body(("plain",)).get_content()
    assert "1 Road" in mail.get_body(("plain",)).get_content()
    assert not Message.objects.exists()


def test_what_stands_in_the_panel_is_tested_before_it_is_saved(
    client: Client, sequence: Sequence, mailbox: Mailbox, sink: Sink, template: Template, rep: Member
) -> None:
    ann = ContactFactory(city="Bonn", first_name="Ann")
    form = {"kind": "email", "template": template.pk, "thread": "new", "reply_to": "team@us.example"}
    headers = {"HX-Request": "true", "HX-Target": "test-said"}
    path = f"/sequences/{sequence.pk}/edit/test/?step=email1"
    part = client.post(path, form | {"contact": ann.pk}, headers=headers).content.decode()
    assert "<html" not in part and f"Sent to {rep.email}" in part
    mail = message_from_bytes(sink.messages[0].raw, policy=policy.default)
    assert mail["Reply-To"] == "team@us.example" and mail["List-Unsubscribe"] is None
    no_template = client.post(path, form | {"template": ""}, headers=headers).content.decode()
    assert "Choose the template that is sent." in no_template
    whole = client.post(path, form | {"name": "Typed and not saved"})
    assert 'value="Typed and not saved"' in whole.content.decode() and len(sink.messages) == 2


def test_a_test_that_cannot_be_is_refused_clearly(
    client: Client, sequence: Sequence, mailbox: Mailbox, sink: Sink, tenant: Tenant, rep: Member
) -> None:
    path = f"/sequences/{sequence.pk}/edit/test/"
    assert "There is no contact yet" in said(client.post(path, {"step": "email1"}))
    ann = ContactFactory(city="Bonn", first_name="", last_name="Kern")
    answer = client.post(path, {"step": "email1"})
    assert answer.status_code == 422 and "Kern would be held: No value for contact.first_name" in said(answer)
    Contact.objects.filter(pk=ann.pk).update(first_name="Ann")
    assert "Only emails can be tested." in said(client.post(path, {"step": "call1"}))
    assert "Choose the email to test." in said(client.post(path, {"step": "gone"}))
    sink.add(Rule(at="rcpt", reply="550 5.1.1 No such user", times=1))
    assert "The server did not take it: 550 5.1.1 No such user" in said(client.post(path, {"step": "email1"}))
    Mailbox.objects.update(state=Mailbox.BROKEN)
    assert "You have no mailbox that works." in said(client.post(path, {"step": "email1"}))
    assert not sink.messages


def test_nothing_leaves_while_all_sending_is_stopped(
    client: Client, sequence: Sequence, mailbox: Mailbox, sink: Sink, tenant: Tenant
) -> None:
    ContactFactory(city="Bonn")
    Tenant.objects.filter(pk=tenant.pk).update(sending_paused_at=NOW)
    assert "All sending is stopped" in said(
        client.post(f"/sequences/{sequence.pk}/edit/test/", {"step": "email1"})
    )
    assert not sink.messages


def test_who_may_not_edit_sends_no_test(
    sequence: Sequence, mailbox: Mailbox, sink: Sink, sign_in: SignIn
) -> None:
    other = sign_in(make_member("sales_rep"))
    path = f"/sequences/{sequence.pk}/edit/test/"
    assert other.post(path, {"step": "email1"}).status_code == 404
    Sequence.objects.update(is_shared=True)
    assert other.post(path, {"step": "email1"}).status_code == 403
    assert not sink.messages


def test_f_51_copies_go_to_addresses_and_owners(
    client: Client, rep: Member, template: Template, tenant: Tenant, mailbox: Mailbox, sink: Sink
) -> None:
    boss = make_member("sales_manager", "boss@us.example")
    made = create_sequence(name="Copies", by=rep, now=NOW)
    form = {
        "kind": "email", "day": "1", "template": template.pk, "thread": "new", "cc": "a@x.example",
        "cc_owners": ["contact_owner"], "bcc_owners": ["owner"], "reply_to": "team@us.example",
    }  # fmt: skip
    client.post(f"/sequences/{made.pk}/steps/", form)
    step = made.plan.steps.get()
    assert step.settings["cc"] == ["contact_owner", "a@x.example"] and step.settings["bcc"] == ["owner"]
    page = client.get(f"/sequences/{made.pk}/edit/?step={step.key}").content.decode()
    assert re.search(r'name="cc_owners"\s+value="contact_owner"\s+checked', page)
    assert 'value="a@x.example"' in page
    change_settings(sequence=made, by=rep, now=NOW, entry_conditions=BONN)
    ann = ContactFactory(city="Bonn", owner=boss)
    end = live(made, tenant, people=0)
    assert visit(tenant.pk, mailbox.pk, clock=lambda: end) == {"sent": 1}
    reached = {recipient for taken in sink.messages for recipient in taken.recipients}
    assert reached == {ann.email, boss.email, "a@x.example", rep.email}
    mail = message_from_bytes(sink.messages[0].raw, policy=policy.default)
    assert (mail["Cc"], mail["Reply-To"], mail["Bcc"]) == (
        "boss@us.example, a@x.example",
        "team@us.example",
        None,
    )
