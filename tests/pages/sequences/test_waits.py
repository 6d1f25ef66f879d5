"""Mails that were made and do not leave: the pages say why, for each person, and where it is mended (complaint 10)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils.timezone import now

from messaging.models import Mailbox, Message
from messaging.waits import why_waits
from sequences.models import Sequence
from tenants.models import Member, Tenant
from tests.pages.sequences.conftest import live
from tests.pages.sequences.test_contact_panels import get
from tests.pages.somebody import words

SOON = timedelta(minutes=4)


@pytest.fixture
def waiting(sequence: Sequence, tenant: Tenant) -> datetime:
    """Three mails were made a moment ago and have not left. The moment."""
    live(sequence, tenant, people=3)
    moment = now()
    Message.objects.update(due_at=moment, not_after=moment + timedelta(days=1))
    return moment


def change(**fields: Any) -> None:
    Mailbox.objects.update(**fields)


def test_what_leaves_in_a_moment_is_not_said(client: Client, sequence: Sequence, waiting: datetime) -> None:
    page = words(get(client, f"/sequences/{sequence.pk}/"))
    assert "All who are inside go on by themselves" in page
    assert "waits to leave" not in get(client, f"/sequences/{sequence.pk}/people/")


def test_a_resting_mailbox_is_said_with_what_its_server_said_and_when_it_is_tried_again(
    client: Client, sequence: Sequence, waiting: datetime
) -> None:
    change(backoff_until=waiting + SOON, backoff_count=3, problem="No connection to its server: refused")
    said = words(get(client, f"/sequences/{sequence.pk}/"))
    assert "3 emails wait to leave: the mailbox rep@us.example rests. No connection" in said
    assert "Tried again" in said and "people/?mail=waits" in get(client, f"/sequences/{sequence.pk}/")
    people = words(get(client, f"/sequences/{sequence.pk}/people/?mail=waits"))
    assert people.count("An email waits to leave") == 3 and "Showing 3 of 3" in people
    assert "No connection to its server: refused" in words(get(client, "/settings/mailboxes/"))
    assert "Your mails wait: the mailbox rep@us.example rests." in get(client, "/sequences/").replace(
        "</b>", ""
    )


@pytest.mark.parametrize(
    ("state", "said"),
    [("broken", "does not work. The server refuses to sign in: 535"), ("off", "is switched off")],
)
def test_a_mailbox_that_somebody_has_to_mend_is_said(
    client: Client, sequence: Sequence, waiting: datetime, state: str, said: str
) -> None:
    change(state=state, problem="The server refuses to sign in: 535")
    Message.objects.update(held_since=waiting)
    page = words(get(client, f"/sequences/{sequence.pk}/"))
    assert f"3 emails wait to leave: the mailbox rep@us.example {said}" in page


def test_a_sender_who_is_gone_and_a_recipients_server_are_said(
    client: Client, sequence: Sequence, waiting: datetime, rep: Member
) -> None:
    one, two = Message.objects.order_by("pk")[:2]
    Message.objects.filter(pk=one.pk).update(due_at=waiting + timedelta(hours=1), refusals=1)
    Message.objects.filter(pk=two.pk).update(due_at=waiting + timedelta(hours=2))
    page = words(get(client, f"/sequences/{sequence.pk}/"))
    assert "1 email waits to leave: the recipient’s server asked to come again later." in page
    assert "1 email waits to leave: it is not yet time for the recipient’s own hours." in page
    Member.objects.filter(pk=rep.pk).update(is_active=False)
    mail = Message.objects.select_related("sender__user", "sender__tenant", "mailbox").first()
    assert mail is not None
    wait = why_waits(mail, now=waiting)
    assert wait and wait.why == f"{rep.name}, who sends, is not active any more"


def test_a_delivery_that_stands_still_is_said_but_not_a_stop(
    client: Client, sequence: Sequence, waiting: datetime, tenant: Tenant
) -> None:
    Message.objects.update(due_at=waiting - timedelta(minutes=20))
    page = words(get(client, f"/sequences/{sequence.pk}/"))
    assert "3 emails wait to leave: sending is behind" in page
    Tenant.objects.filter(pk=tenant.pk).update(sending_paused_at=waiting)
    assert "sending is behind" not in words(get(client, f"/sequences/{sequence.pk}/"))


def test_what_a_pause_holds_is_no_trouble(client: Client, sequence: Sequence, waiting: datetime) -> None:
    client.post(f"/sequences/{sequence.pk}/pause/")
    assert "wait to leave" not in words(get(client, f"/sequences/{sequence.pk}/"))


def test_the_page_of_one_person_does_not_take_a_broken_mailbox_for_a_pause(
    client: Client, sequence: Sequence, waiting: datetime
) -> None:
    change(state="broken", problem="The server refuses to sign in: 535")
    Message.objects.update(held_since=waiting)
    mail = Message.objects.order_by("pk")[0]
    said = words(get(client, f"/sequences/{sequence.pk}/people/{mail.contact_id}/"))
    assert "The mail waits to leave: the mailbox rep@us.example does not work." in said
    assert "until the pause is over" not in said


def test_texts_are_called_texts(client: Client, sequence: Sequence, waiting: datetime) -> None:
    one, two = Message.objects.order_by("pk")[:2]
    Message.objects.filter(pk=one.pk).update(channel="sms")
    Message.objects.filter(pk=two.pk).update(channel="sms", state="failed", reason="no_consent")
    page = words(get(client, f"/sequences/{sequence.pk}/"))
    assert "1 text waits to leave: no provider for texts is set up." in page
    assert "1 text could not be sent" in page and "email wait" not in page
    people = words(get(client, f"/sequences/{sequence.pk}/people/"))
    assert "A text waits to leave" in people and "A text could not be sent" in people
    said = words(get(client, f"/sequences/{sequence.pk}/people/{one.contact_id}/"))
    assert "The text waits to leave: no provider for texts is set up." in said
