"""Writing down what happened outside the product: activity fields follow (F-62, F-63)."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.test import Client
from django.utils.timezone import localtime, now

from audience.models import Account, Choice, Contact
from tenants.wall import use
from tests.factories import AccountFactory, ContactFactory, make_tenant
from tests.pages.somebody import Somebody, names, words

pytestmark = pytest.mark.django_db


@pytest.fixture
def me(client: Client) -> Somebody:
    return Somebody(client, make_tenant(), "sales_rep")


@pytest.fixture
def ann(me: Somebody) -> Contact:
    with use(me.tenant):
        Choice.objects.create(record="activity", field="type", value="Lunch")
        return ContactFactory(first_name="Ann", last_name="Arm", account=AccountFactory(name="Acme"))


def typed(at: datetime) -> str:
    return f"{localtime(at):%Y-%m-%dT%H:%M}"


def logged(me: Somebody, ann: Contact, what: str, at: datetime | None = None, note: str = "") -> str:
    form = {"what": what, "at": typed(at or now()), "note": note}
    answer = me.client.post(f"/contacts/{ann.pk}/log/", form)
    assert answer.status_code == 302, words(answer.content.decode())
    return str(answer["Location"])


def told(me: Somebody) -> list[tuple[str, str]]:
    """Mode and type of the contact, and of its company."""
    with use(me.tenant):
        records = (Contact.objects.get(), Account.objects.get())
    return [(record.last_contacted_mode, record.last_activity_type) for record in records]


@pytest.mark.parametrize(
    ("what", "mode", "type_"),
    [
        ("Call", "Outgoing call", "Call"),
        ("Call/incoming", "Incoming call", "Call"),
        ("Phone/incoming", "Incoming call", "Phone"),
        ("Chat", "Chat", "Chat"),
        ("Meeting", "Sales Activity", "Meeting"),
        ("Lunch", "Sales Activity", "Lunch"),
    ],
)
def test_what_is_logged_stands_on_the_contact_and_its_company(
    me: Somebody, ann: Contact, what: str, mode: str, type_: str
) -> None:
    assert logged(me, ann, what, note="She likes <b>soup</b>.") == f"/contacts/{ann.pk}/"
    assert told(me) == [(mode, type_)] * 2
    timeline = me.get(f"/contacts/{ann.pk}/timeline/")
    assert f"logged by {me.member.name}" in words(timeline) and "&lt;b&gt;soup" in timeline
    address = f"/contacts/?cond-0-field=last_activity_type&cond-0-op=is&cond-0-value={type_}"
    assert names(me.get(address)) == ["Ann Arm"]


def test_what_happened_before_the_latest_overwrites_nothing(me: Somebody, ann: Contact) -> None:
    logged(me, ann, "Lunch")
    logged(me, ann, "Call", at=now() - timedelta(days=2))
    assert told(me) == [("Sales Activity", "Lunch")] * 2
    assert words(me.get(f"/contacts/{ann.pk}/timeline/")).count("logged") == 2


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"what": "Email"}, "Select a valid choice."),
        ({"what": "Lunch/incoming"}, "Select a valid choice."),
        ({"what": "Chat", "at": "soon"}, "Enter a valid date/time."),
        ({"what": "Chat", "at": typed(now() + timedelta(days=1))}, "This is still to come."),
        ({"what": "Chat", "note": "x" * 2001}, "at most 2000 characters"),
    ],
)
def test_what_is_wrong_is_said_at_its_place_and_nothing_is_logged(
    me: Somebody, ann: Contact, given: dict[str, str], said: str
) -> None:
    answer = me.client.post(f"/contacts/{ann.pk}/log/", {"at": typed(now()), "note": "kept"} | given)
    page = answer.content.decode()
    assert answer.status_code == 422 and said in words(page)
    assert given.get("note", "kept") in page
    assert told(me) == [("Not yet contacted", "")] * 2


def test_who_works_no_reminders_logs_nothing(me: Somebody, ann: Contact) -> None:
    reader = Somebody(Client(), me.tenant, "read_only")
    assert reader.client.get(f"/contacts/{ann.pk}/log/").status_code == 403
    assert "Log an activity" not in reader.get(f"/contacts/{ann.pk}/timeline/")
    assert "Log an activity" in me.get(f"/contacts/{ann.pk}/timeline/")
    stranger = Somebody(Client(), make_tenant())
    assert stranger.client.post(f"/contacts/{ann.pk}/log/", {"what": "Chat"}).status_code == 404
