"""The demonstration mailbox, as far as it needs no running processes: what its addresses take and refuse."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils.timezone import now

from activities.models import Fact
from config.demo.store import MailStore
from messaging.models import Message
from tenants.models import Tenant
from tenants.wall import use
from tests.apps.messaging.factories import sent_message
from tests.factories import NOW, make_tenant

pytestmark = pytest.mark.django_db
LINK = "http://127.0.0.1:8000/t/1.1.c.0.abc"
MAIL = (
    "From: ana@us.example\r\nTo: ann@acme.example\r\nSubject: Hello\r\nMessage-ID: {id}\r\n"
    "MIME-Version: 1.0\r\nContent-Type: text/html\r\n\r\n<p><a href={link}>look</a></p>\r\n"
)


@pytest.fixture
def workspace(settings: Any, tmp_path: Path) -> Tenant:
    settings.MODE, settings.DEMO_MAIL_DIR = "demo", tmp_path
    tenant = make_tenant()
    with use(tenant):
        message = sent_message(message_id="<abc@us.example>")
    raw = MAIL.format(id=message.message_id, link=LINK).encode()
    MailStore(tmp_path).add(to="ann@acme.example", raw=raw, at=NOW)
    return tenant


def facts(workspace: Tenant) -> list[str]:
    with use(workspace):
        return list(Fact.objects.values_list("kind", flat=True))


@pytest.mark.parametrize(
    ("action", "given", "said"),
    [
        ("out-of-office", {"until": "tomorrow"}, "“until” must be a day such as 2027-01-31."),
        ("out-of-office", {"until": "2027-02-30"}, "“until” must be a day such as 2027-01-31."),
        ("out-of-office", {"until": "9999-12-31"}, "“until” is more than ten years away."),
        (
            "click",
            {"url": "https://evil.example/"},
            "“url” must be a link of this mail, written as it stands there.",
        ),
        ("click", {"url": "nonsense"}, "“url” must be a link of this mail, written as it stands there."),
        ("bounce", {"hard": "perhaps"}, "“hard” must be true or false."),
        ("reply", {"body": "a\0b"}, "“body” must be text, without NUL characters."),
    ],
)
def test_a_bad_field_is_named_and_nothing_happens(
    client: Client, workspace: Tenant, action: str, given: dict[str, str], said: str
) -> None:
    answer = client.post(f"/demo/mail/1/{action}", given)
    assert answer.status_code == 400
    assert answer.json() == {"error": said, "field": next(iter(given))}
    assert facts(workspace) == []
    page = client.post(f"/demo/mail/1/{action}", given, headers={"accept": "text/html"}, follow=True)
    assert said in page.content.decode()


@pytest.mark.parametrize("days", [None, 5, -5])
def test_an_absence_is_taken_with_and_without_a_day_of_return(
    client: Client, workspace: Tenant, days: int | None
) -> None:
    until = "" if days is None else str((now() + timedelta(days=days)).date())
    assert client.post("/demo/mail/1/out-of-office", {"until": until}).json() == {"done": "Out of office"}
    assert facts(workspace) == ["auto_reply"]


@pytest.mark.parametrize(
    ("hard", "done"),
    [("", "Bounced"), ("True", "Bounced"), ("false", "Bounced softly"), ("0", "Bounced softly")],
)
def test_a_bounce_is_hard_unless_it_says_otherwise(
    client: Client, workspace: Tenant, hard: str, done: str
) -> None:
    assert client.post("/demo/mail/1/bounce", {"hard": hard}).json() == {"done": done}


def test_what_a_mail_does_not_allow_is_said(client: Client, workspace: Tenant) -> None:
    assert client.post("/demo/mail/1/open").status_code == 400
    assert client.post("/demo/mail/1/unsubscribe").json() == {
        "error": "This mail has no unsubscribe link: its step leaves it out."
    }
    with use(workspace):
        Message.objects.update(message_id="<other@us.example>")
    assert client.post("/demo/mail/1/reply").json() == {"error": "No workspace sent this mail."}


def test_a_mail_that_is_not_there_is_not_found(client: Client, workspace: Tenant) -> None:
    assert client.post("/demo/mail/2/reply").status_code == 404


def test_nobody_else_and_no_other_mode_is_answered(client: Client, workspace: Tenant, settings: Any) -> None:
    assert client.get("/demo/mail.json", REMOTE_ADDR="10.0.0.7").status_code == 404
    assert client.get("/demo/mail.json").json()[0]["links"] == [LINK]
    settings.MODE = "production"
    assert client.get("/demo/mail.json").status_code == 404


def test_no_number_of_a_mail_is_given_twice(tmp_path: Path) -> None:
    store = MailStore(tmp_path)
    given = [store.add(to="ann@acme.example", raw=b"", at=NOW) for _ in range(3)]
    store.clear()
    given.append(store.add(to="ann@acme.example", raw=b"", at=NOW))
    assert given == [1, 2, 3, 4]
    assert MailStore(tmp_path).add(to="ann@acme.example", raw=b"", at=NOW) == 5, "a new process goes on"
