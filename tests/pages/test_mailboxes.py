"""Connecting a mailbox: tried before it is stored, the password never seen again."""

from __future__ import annotations

import base64
import logging
import re
import socket
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from messaging.models import Mailbox
from tenants.models import AuditLine, Tenant
from tenants.secrets import decrypt
from tenants.wall import use
from tests.apps.messaging.factories import make_mailbox
from tests.factories import make_member, make_tenant
from tests.pages.signing_in import sign_in
from tests.sink import Rule, Sink

pytestmark = pytest.mark.django_db

CANARY = "canary-päss <w0rd>"


@pytest.fixture
def sink() -> Iterator[Sink]:
    with Sink(users={"mia": CANARY}, auth_required=True) as sink:
        yield sink


@pytest.fixture
def tenant(db: None) -> Tenant:
    """A tenant; unlike elsewhere the test stands outside of its wall, as a browser does."""
    return make_tenant()


def typed(port: int, **changes: Any) -> dict[str, Any]:
    form = {
        "name": "Mia Muster",
        "email": "mia@us.example",
        "smtp_host": "127.0.0.1",
        "smtp_port": port,
        "smtp_security": "none",
        "smtp_username": "mia",
        "password": CANARY,
    }
    return form | changes


def stored(tenant: Tenant) -> list[Mailbox]:
    with use(tenant):
        return list(Mailbox.objects.order_by("pk"))


def test_a_mailbox_is_tried_and_then_stored(client: Client, tenant: Tenant, sink: Sink) -> None:
    me = sign_in(client, tenant, "sales_rep")
    assert "Connect a mailbox" in client.get("/settings/mailboxes/new/").text
    answer = client.post("/settings/mailboxes/new/", typed(sink.port), follow=True)
    assert "mia@us.example works and is saved." in answer.text
    (mailbox,) = stored(tenant)
    assert (mailbox.member_id, mailbox.state, mailbox.is_default) == (me.pk, Mailbox.WORKING, True)
    assert mailbox.tested_at is not None
    assert decrypt(mailbox.smtp_password) == CANARY
    assert (sink.opened, sink.received) == (1, [])


def test_a_mailbox_that_refuses_is_not_stored_and_its_words_stand_at_the_form(
    client: Client, tenant: Tenant, sink: Sink
) -> None:
    sign_in(client, tenant, "sales_rep")
    sink.rules.add(Rule(at="auth", reply="535 5.7.8 Wrong user name or password"))
    answer = client.post("/settings/mailboxes/new/", typed(sink.port))
    assert answer.status_code == 422
    assert "The server refuses to sign in: 535 5.7.8 Wrong user name or password" in answer.text
    for kept in ("Mia Muster", "mia@us.example", "127.0.0.1", str(sink.port)):
        assert f'value="{kept}"' in answer.text
    assert stored(tenant) == []


def test_a_server_without_encryption_is_refused_where_encryption_is_asked_for(
    client: Client, tenant: Tenant, sink: Sink
) -> None:
    sign_in(client, tenant, "sales_rep")
    answer = client.post("/settings/mailboxes/new/", typed(sink.port, smtp_security="starttls"))
    assert "The server does not offer encryption (STARTTLS)." in answer.text
    assert sink.commands and not any("AUTH" in line for _, line in sink.commands)
    assert stored(tenant) == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"email": "mia"}, "“mia” is no email address."),
        ({"email": "mia@us.example\nBcc: x@y.example"}, "is no email address"),
        ({"smtp_host": "https://smtp.example/"}, "Give the server’s name alone"),
        ({"smtp_host": ""}, "Give the name of the mail server."),
        ({"smtp_port": "mail"}, "Enter a whole number."),
        ({"smtp_port": "70000"}, "less than or equal to 65535"),
        ({"smtp_security": "rot13"}, "not one of the available choices"),
        ({"password": ""}, "Give the password."),
        ({"smtp_username": ""}, "With a password a user name is needed."),
        ({"daily_cap": "0"}, "greater than or equal to 1"),
    ],
)
def test_bad_input_is_said_at_its_place_and_nothing_is_connected_to(
    client: Client, tenant: Tenant, sink: Sink, change: dict[str, str], said: str
) -> None:
    sign_in(client, tenant, "sales_rep")
    answer = client.post("/settings/mailboxes/new/", typed(sink.port, **change))
    assert answer.status_code == 422
    assert said in answer.text
    assert (sink.opened, stored(tenant)) == (0, [])


def test_the_same_mailbox_is_not_connected_twice(client: Client, tenant: Tenant, sink: Sink) -> None:
    sign_in(client, tenant, "sales_rep")
    client.post("/settings/mailboxes/new/", typed(sink.port))
    answer = client.post("/settings/mailboxes/new/", typed(sink.port, email="MIA@us.example"))
    assert "This mailbox is connected already." in answer.text
    assert len(stored(tenant)) == 1


def everything_stored(tenant: Tenant) -> str:
    """Each row of each table, as text."""
    with use(tenant), connection.cursor() as cursor:
        cursor.execute(
            "SELECT quote_ident(relname) FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
        )
        tables = [name for (name,) in cursor.fetchall()]
        rows = []
        for table in tables:
            cursor.execute(f"SELECT t::text FROM {table} AS t")
            rows += [row for (row,) in cursor.fetchall()]
    return "\n".join(rows)


def test_r_075_the_password_is_nowhere_but_encrypted(
    client: Client, tenant: Tenant, sink: Sink, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    sign_in(client, tenant, "admin")
    coded = base64.b64encode(f"\0mia\0{CANARY}".encode()).decode()
    sink.rules.add(Rule(at="auth", reply=f"535 5.7.8 {coded} is wrong, {CANARY} too", times=1))
    answers = [
        client.post("/settings/mailboxes/new/", typed(sink.port, smtp_host="")),
        client.post("/settings/mailboxes/new/", typed(sink.port)),
        client.post("/settings/mailboxes/new/", typed(sink.port), follow=True),
    ]
    (mailbox,) = stored(tenant)
    at = f"/settings/mailboxes/{mailbox.pk}/"
    sink.rules.add(Rule(at="auth", reply=f"535 5.7.8 {coded} is wrong, {CANARY} too"))
    answers += [client.get(at), client.post(f"{at}test/", follow=True), client.get(at)]
    answers += [client.get("/settings/mailboxes/"), client.post(at, typed(sink.port, daily_cap="many"))]
    everything = "\n".join([*(answer.text for answer in answers), caplog.text, everything_stored(tenant)])
    assert "535 5.7.8 … is wrong, … too" in everything
    for secret in (CANARY, coded, "canary", base64.b64encode(CANARY.encode()).decode()):
        assert secret not in everything


TOKENS = re.compile(r'(?<=csrfmiddlewaretoken" value=")\w+|(?<=X-CSRFToken": ")\w+')
HIDDEN = [
    *("127.0.0.1", "localhost", "::1", "::ffff:127.0.0.1", "0x7f.1", "0", "169.254.169.254", "100.64.0.1"),
    *("10.0.0.1", "fd00::1", "64:ff9b::7f00:1"),
]


@pytest.mark.parametrize("host", HIDDEN)
def test_r_076_who_asks_for_a_private_network_learns_nothing_of_it(
    client: Client, tenant: Tenant, sink: Sink, settings: Any, host: str
) -> None:
    settings.EGRESS_ALLOW = []
    sign_in(client, tenant, "sales_rep")
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        ports = [sink.port, closed.getsockname()[1], 25]
        answers = []
        for port in ports:
            form = typed(port, smtp_host=host, smtp_security="starttls")
            answer = client.post("/settings/mailboxes/new/", form)
            assert f"No server could be reached at {host}:{port}." in answer.text
            answers.append(TOKENS.sub("", answer.text.replace(f":{port}.", "").replace(f'"{port}"', "")))
    assert len(set(answers)) == 1
    assert (sink.opened, stored(tenant)) == (0, [])


def test_without_encryption_only_named_networks_are_offered(
    client: Client, tenant: Tenant, sink: Sink, settings: Any
) -> None:
    settings.EGRESS_ALLOW = []
    sign_in(client, tenant, "sales_rep")
    assert 'value="none"' not in client.get("/settings/mailboxes/new/").text
    answer = client.post("/settings/mailboxes/new/", typed(sink.port))
    assert "not one of the available choices" in answer.text


def test_the_stored_password_goes_to_the_server_that_it_was_given_for_alone(
    client: Client, tenant: Tenant, sink: Sink
) -> None:
    sign_in(client, tenant, "sales_rep")
    client.post("/settings/mailboxes/new/", typed(sink.port))
    (mailbox,) = stored(tenant)
    at = f"/settings/mailboxes/{mailbox.pk}/"
    assert client.post(at, typed(sink.port, password="", name="Mia M.")).status_code == 302
    assert stored(tenant)[0].name == "Mia M."
    assert decrypt(stored(tenant)[0].smtp_password) == CANARY
    with Sink() as thief:
        for change in ({"smtp_port": thief.port}, {"smtp_host": "localhost"}, {"smtp_username": "max"}):
            answer = client.post(at, typed(sink.port, password="") | change)
            assert "give the password again" in answer.text
        assert thief.opened == 0
    assert stored(tenant)[0].smtp_username == "mia"


def test_a_test_again_mends_and_breaks(client: Client, tenant: Tenant, sink: Sink) -> None:
    sign_in(client, tenant, "sales_rep")
    client.post("/settings/mailboxes/new/", typed(sink.port))
    at = f"/settings/mailboxes/{stored(tenant)[0].pk}/test/"
    sink.rules.add(Rule(at="auth", reply="535 5.7.8 No more", times=1))
    assert "535 5.7.8 No more" in client.post(at, follow=True).text
    assert (stored(tenant)[0].state, "No more" in stored(tenant)[0].problem) == (Mailbox.BROKEN, True)
    assert "works" in client.post(at, follow=True).text
    assert (stored(tenant)[0].state, stored(tenant)[0].problem) == (Mailbox.WORKING, "")


def test_a_server_that_is_away_for_once_breaks_nothing(client: Client, tenant: Tenant) -> None:
    with Sink() as sink:
        port = sink.port
    me = sign_in(client, tenant, "sales_rep")
    with use(tenant):
        mailbox = make_mailbox(port, member=me)
    answer = client.post(f"/settings/mailboxes/{mailbox.pk}/test/", follow=True)
    assert f"No server could be reached at 127.0.0.1:{port}." in answer.text
    assert stored(tenant)[0].state == Mailbox.WORKING


def test_a_password_that_no_key_fits_is_explained(client: Client, tenant: Tenant) -> None:
    me = sign_in(client, tenant, "sales_rep")
    with use(tenant):
        mailbox = make_mailbox(25, member=me, smtp_password="gAAAA-of-other-keys", smtp_username="mia")
    answer = client.post(f"/settings/mailboxes/{mailbox.pk}/test/", follow=True)
    assert "cannot be read with the keys of this installation" in answer.text
    form = typed(25, email=mailbox.email, password="")
    answer = client.post(f"/settings/mailboxes/{mailbox.pk}/", form)
    assert "enter it again" in answer.text


def test_switching_off_and_on_and_choosing_the_default(client: Client, tenant: Tenant, sink: Sink) -> None:
    me = sign_in(client, tenant, "sales_rep")
    with use(tenant):
        one, two = (make_mailbox(sink.port, member=me, is_default=n == 0) for n in range(2))
    sink.users, sink.auth_required = None, False
    client.post(f"/settings/mailboxes/{two.pk}/default/")
    assert [m.is_default for m in stored(tenant)] == [False, True]
    client.post(f"/settings/mailboxes/{one.pk}/off/")
    assert [m.state for m in stored(tenant)] == [Mailbox.OFF, Mailbox.WORKING]
    assert "It is switched off" in client.get(f"/settings/mailboxes/{one.pk}/").text
    client.post(f"/settings/mailboxes/{one.pk}/test/")
    assert [m.state for m in stored(tenant)] == [Mailbox.WORKING, Mailbox.WORKING]
    with use(tenant):
        verbs = AuditLine.objects.order_by("pk").values_list("verb", flat=True)
        assert list(verbs) == ["mailbox.default", "mailbox.off", "mailbox.test"]


def test_others_mailboxes_are_for_who_manages_them(client: Client, tenant: Tenant, sink: Sink) -> None:
    with use(tenant):
        ana = make_member()
        mailbox = make_mailbox(sink.port, member=ana)
    sink.auth_required = False
    boss = Client()
    sign_in(client, tenant, "sales_rep")
    sign_in(boss, tenant, "admin")
    at = f"/settings/mailboxes/{mailbox.pk}/"
    assert mailbox.email not in client.get("/settings/mailboxes/").text
    assert mailbox.email in boss.get("/settings/mailboxes/").text
    for path in (at, f"{at}test/", f"{at}default/", f"{at}off/"):
        assert client.post(path, typed(sink.port)).status_code == 404
    assert boss.post(f"{at}off/").status_code == 302
    assert "Whose" not in client.get("/settings/mailboxes/new/").text
    form = typed(sink.port, member=ana.pk)
    assert boss.post("/settings/mailboxes/new/", form).status_code == 302
    assert [m.member_id for m in stored(tenant)] == [ana.pk, ana.pk]
    client.post("/settings/mailboxes/new/", form)
    assert [m.member_id == ana.pk for m in stored(tenant)] == [True, True]
