"""The demonstration mailbox, as far as it needs no running processes: what its addresses take and refuse."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.utils.timezone import now

from activities.models import Fact
from config.demo import seed
from config.demo.store import MailStore
from messaging.models import Mailbox, Message
from tenants.models import Member, Role, Tenant
from tenants.wall import use
from tests.apps.messaging.factories import sent_message
from tests.factories import NOW, make_tenant

pytestmark = pytest.mark.django_db
LINK = "http://127.0.0.1:8000/t/1.1.c.0.abc"
PIXEL = '<img alt="" src="http://127.0.0.1:8000/t/1.1.o.abc">'
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


def test_every_mail_is_listed_and_on_demand_only_the_later_ones(
    client: Client, workspace: Tenant, tmp_path: Path
) -> None:
    envelope = b'{"to": "bo@x.example", "received_at": "2026-03-02T09:00:00+00:00"}\n'
    for number in range(2, 10_003):
        (tmp_path / f"{number}.mail").write_bytes(envelope + b"Subject: Further\r\n\r\n")
    listed = client.get("/demo/mail.json").json()
    assert [mail["id"] for mail in listed] == list(range(10_002, 0, -1))
    assert set(listed[0]) == {"id", "to", "from", "subject", "received_at", "links", "raw"}
    later = client.get("/demo/mail.json?after=10000").json()
    assert later == listed[:2]
    assert client.get("/demo/mail.json?after=10002").json() == []
    assert client.get("/demo/mail.json?after=first").status_code == 400


def test_a_mail_is_read_apart_again_only_when_its_file_was_written_again(
    client: Client, workspace: Tenant, tmp_path: Path
) -> None:
    path = tmp_path / "1.mail"
    written = path.stat().st_mtime_ns
    assert client.get("/demo/mail.json").json()[0]["subject"] == "Hello"
    path.write_bytes(path.read_bytes().replace(b"Subject: Hello", b"Subject: Anew"))
    os.utime(path, ns=(written, written))
    assert client.get("/demo/mail.json").json()[0]["subject"] == "Hello", "kept in the process"
    os.utime(path, ns=(written, written + 1_000_000_000))
    assert client.get("/demo/mail.json").json()[0]["subject"] == "Anew"


def test_headers_and_parts_are_decoded(tmp_path: Path) -> None:
    raw = (
        "From: =?utf-8?q?Ana_P=C3=A9rez?= <ana@us.example>\r\nSubject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\n"
        " =?utf-8?q?_an_Zo=C3=AB?=\r\nList-Unsubscribe:\r\n <http://127.0.0.1/u/1>\r\nMIME-Version: 1.0\r\n"
        "Content-Type: multipart/alternative; boundary=b\r\n\r\n"
        "--b\r\nContent-Type: text/plain; charset=latin-1\r\n"
        "Content-Transfer-Encoding: quoted-printable\r\n\r\nHall=F6\r\n"
        "--b\r\nContent-Type: text/html; charset=utf-8\r\n"
        "Content-Transfer-Encoding: 8bit\r\n\r\n<a href='http://x.example/ä'>Ä</a>\r\n--b--\r\n"
    )
    store = MailStore(tmp_path)
    store.add(to="bo@x.example", raw=raw.encode(), at=NOW)
    mail = store.get(1)
    assert mail is not None
    assert (mail.sender, mail.subject) == ("Ana Pérez <ana@us.example>", "Grüße an Zoë")
    assert (mail.text.strip(), mail.links) == ("Hallö", ["http://x.example/ä"])
    assert mail.unsubscribe_url == "http://127.0.0.1/u/1"


def test_no_number_of_a_mail_is_given_twice(tmp_path: Path) -> None:
    store = MailStore(tmp_path)
    given = [store.add(to="ann@acme.example", raw=b"", at=NOW) for _ in range(3)]
    store.clear()
    given.append(store.add(to="ann@acme.example", raw=b"", at=NOW))
    assert given == [1, 2, 3, 4]
    assert MailStore(tmp_path).add(to="ann@acme.example", raw=b"", at=NOW) == 5, "a new process goes on"


def test_a_second_start_leaves_a_mailbox_that_somebody_has_changed_as_it_is(
    settings: Any, tmp_path: Path
) -> None:
    settings.DEMO_MAIL_DIR, settings.DEMO_SMTP_PORT = tmp_path / "mail", 1025
    seed.seed(now=NOW)
    tenant = Tenant.objects.get(slug="northwind")
    with use(tenant):
        own, off, *_ = Mailbox.objects.order_by("pk")
        Mailbox.objects.filter(pk=own.pk).update(smtp_host="smtp.example", smtp_port=587)
        Mailbox.objects.filter(pk=off.pk).update(state=Mailbox.OFF)
    settings.DEMO_SMTP_PORT = 41535
    seed.seed(now=NOW)
    with use(tenant):
        own.refresh_from_db()
        off.refresh_from_db()
        others = set(Mailbox.objects.exclude(pk=own.pk).values_list("smtp_port", flat=True))
    assert (own.smtp_host, own.smtp_port) == ("smtp.example", 587)
    assert (off.state, others) == ("off", {41535})


def test_looking_at_a_mail_asks_for_none_of_its_pictures(client: Client, workspace: Tenant) -> None:
    """Neither opens it, nor has the browser anything to refuse."""
    mail = MAIL.format(id="<abc@us.example>", link=LINK) + PIXEL
    MailStore(settings.DEMO_MAIL_DIR).add(to="ann@acme.example", raw=mail.encode(), at=NOW)
    shown = client.get("/demo/mail/2/body/").content.decode()
    assert LINK in shown and '<img alt="" data-src="http' in shown
    assert PIXEL in client.get("/demo/mail.json").json()[0]["raw"]


def test_the_manager_of_the_demonstration_has_a_team_and_roles_decide_the_limits(
    settings: Any, tmp_path: Path, client: Client
) -> None:
    settings.MODE, settings.DEMO_MAIL_DIR = "demo", tmp_path
    seed.seed(now=now())
    northwind = Tenant.objects.get(slug="northwind")
    with use(northwind):
        maya = Member.objects.select_related("user").get(user__email="maya@northwind.example")
        Role.objects.filter(key="sales_rep").update(emails_per_day=7)
        assert Member.objects.get(user__email="ana@northwind.example").daily_limit == 7
        Member.objects.filter(pk=maya.pk).update(role=Role.objects.create(name="Head of all"))
    assert "maya@northwind.example try-stepwise-1 head-of-all northwind" in map(str, seed.seed(now=now()))
    with use(northwind):
        maya.save()
    client.force_login(maya.user)
    assert "Outbound to new leads" in client.get("/sequences/").content.decode()
