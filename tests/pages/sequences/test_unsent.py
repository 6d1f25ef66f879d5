"""Messages that did not leave, or of which nobody knows: seen with their evidence, sent again by a person."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client

from audience.models import Contact
from messaging.models import Message
from sequences.models import Sequence
from tenants.models import AuditLine, Member, Tenant
from tests.factories import make_member
from tests.pages.conftest import SignIn
from tests.pages.sequences.conftest import live
from tests.pages.sequences.test_contact_panels import get, lines
from tests.pages.somebody import words


@pytest.fixture
def contact(sequence: Sequence, tenant: Tenant) -> Contact:
    """Somebody to whom the first mail may or may not have gone."""
    end = live(sequence, tenant, people=2)
    contact = Contact.objects.filter(city="Bonn").order_by("pk")[0]
    Message.objects.filter(contact=contact).update(
        state="unknown",
        reason="no_answer",
        subject="Hello",
        gate_at=end + timedelta(minutes=1),
        smtp_phase="dot",
        smtp_text="Connection reset by peer",
    )
    return contact


def test_the_timeline_shows_what_is_known(client: Client, contact: Contact) -> None:
    told = " ".join(lines(get(client, f"/contacts/{contact.pk}/timeline/")))
    assert "May or may not have left: Hello" in told
    assert "the connection broke when it was handed over" in told
    assert "At the end of the text: Connection reset by peer" in told
    assert "Resend" in told


def test_where_nobody_is_the_answer_is_shown_and_nothing_can_be_resent(
    client: Client, contact: Contact
) -> None:
    Message.objects.filter(contact=contact).update(
        state="failed", reason="hard_bounce", smtp_phase="rcpt", smtp_code=550, smtp_text="5.1.1 No such user"
    )
    told = " ".join(lines(get(client, f"/contacts/{contact.pk}/timeline/")))
    assert "Could not be sent: Hello , since there is nobody at this address" in told
    assert "When the recipient was named: 550 5.1.1 No such user" in told and "Resend" not in told
    page = get(client, f"/messages/{Message.objects.get(contact=contact).pk}/resend/")
    assert "There is nobody at its address." in page and ">Resend</button>" not in page


def test_what_was_refused_for_another_reason_can_be_resent(client: Client, contact: Contact) -> None:
    Message.objects.filter(contact=contact).update(
        state="failed", reason="refused", smtp_phase="rcpt", smtp_code=550, smtp_text="5.7.1 Our policy"
    )
    told = " ".join(lines(get(client, f"/contacts/{contact.pk}/timeline/")))
    assert "since the recipient’s server refused it" in told and "Resend" in told
    path = f"/messages/{Message.objects.get(contact=contact).pk}/resend/"
    assert "The first one did not arrive." in get(client, path)
    client.post(path)
    told = " ".join(lines(get(client, f"/contacts/{contact.pk}/timeline/")))
    assert "It was sent again." in told and "Resend" not in told


def test_the_people_of_the_sequence_show_it_and_the_number_leads_there(
    client: Client, contact: Contact, sequence: Sequence
) -> None:
    overview = get(client, f"/sequences/{sequence.pk}/")
    assert "people/?mail=unknown" in overview and "1 email" in words(overview)
    page = get(client, f"/sequences/{sequence.pk}/people/?mail=unknown")
    assert "Showing 1 of 1" in page and "An email may or may not have left" in page
    assert f"/messages/{Message.objects.get(contact=contact).pk}/resend/" in page
    assert "Nobody here" in get(client, f"/sequences/{sequence.pk}/people/?mail=failed")


def test_it_is_asked_first_then_sent_once_more(client: Client, contact: Contact, rep: Member) -> None:
    old = Message.objects.get(contact=contact)
    path = f"/messages/{old.pk}/resend/"
    asked = get(client, path)
    assert "gets it twice if the first one did arrive" in asked and Message.objects.count() == 2
    assert client.post(path)["Location"] == f"/contacts/{contact.pk}/"
    again = Message.objects.get(contact=contact, state="pending")
    assert again.resend_no == 1
    assert AuditLine.objects.get(verb="message.resent").member == rep
    told = " ".join(lines(get(client, f"/contacts/{contact.pk}/timeline/")))
    assert f"Sent again, decided by {rep.name}: Hello" in told and "It was sent again." in told
    assert "It was sent again already." in client.post(path, follow=True).content.decode()
    assert "may or may not have left" not in get(client, f"/sequences/{Sequence.objects.get().pk}/")


def test_who_has_another_mailbox_may_not(contact: Contact, sign_in: SignIn, sequence: Sequence) -> None:
    Sequence.objects.update(is_shared=True)
    other = sign_in(make_member("sales_rep"))
    path = f"/messages/{Message.objects.get(contact=contact).pk}/resend/"
    assert "Resend" not in " ".join(lines(get(other, f"/contacts/{contact.pk}/timeline/")))
    assert ">Resend</button>" not in get(other, path)
    assert other.post(path).status_code == 403
    assert sign_in(make_member("admin")).post(path).status_code == 302
    assert Message.objects.filter(contact=contact).count() == 2


def test_who_has_left_is_not_written_to_again(client: Client, contact: Contact, sequence: Sequence) -> None:
    path = f"/messages/{Message.objects.get(contact=contact).pk}/resend/"
    client.post(f"/sequences/{sequence.pk}/people/do/", {"do": "remove", "ids": [contact.pk]})
    said = client.post(path, follow=True).content.decode()
    assert "The contact has left the sequence" in said
    assert not Message.objects.filter(contact=contact, state="pending").exists()


def test_a_pause_and_its_end_are_told(
    client: Client, sequence: Sequence, tenant: Tenant, rep: Member
) -> None:
    live(sequence, tenant, people=1)
    contact = Contact.objects.get(city="Bonn")
    for verb in ("pause", "resume"):
        client.post(f"/sequences/{sequence.pk}/people/do/", {"do": verb, "ids": [contact.pk]})
    told = lines(get(client, f"/contacts/{contact.pk}/timeline/"))
    assert told[:2] == [f"Goes on in Outbound , resumed by {rep.name}", f"Paused in Outbound by {rep.name}"]
