"""What probes and `doctor` say."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from datetime import timedelta
from io import StringIO
from time import time

import dns.message
import dns.resolver
import dns.rrset
import pytest
from django.core.cache import cache
from django.core.management import call_command
from django.test import Client
from django.utils.timezone import now

from config import health, heartbeat, senders, watch
from messaging.models import Mailbox
from sequences.models import Schedule
from tenants.wall import use
from tests.factories import make_member, make_tenant
from tests.processes import free_port

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _no_signs_of_life() -> None:
    cache.clear()


def doctor() -> tuple[int, list[str]]:
    out = StringIO()
    try:
        call_command("doctor", stdout=out)
    except SystemExit as end:
        return int(str(end.code)), out.getvalue().splitlines()
    return 0, out.getvalue().splitlines()


def test_alive_is_answered_to_whatever_host(client: Client) -> None:
    assert client.get("/healthz", headers={"host": "10.0.0.7:8000"}).status_code == 200


def test_not_ready_without_beat_and_worker(client: Client) -> None:
    answer = client.get("/readyz")
    assert answer.status_code == 503
    said = answer.json()
    assert said["database"]["ok"] and said["redis"]["ok"] and said["migrations"]["ok"]
    assert said["beat"] == {"ok": False, "found": "no beat is running (not seen for a day)"}


def test_r_011_a_dead_beat_is_told_within_a_minute_and_the_pages_live_on(client: Client) -> None:
    for key in (heartbeat.BEAT, heartbeat.WORKER, heartbeat.TICK):
        heartbeat.write(key)
    cache.set(heartbeat.BEAT, time() - heartbeat.STALE_SECONDS - 1)
    assert heartbeat.STALE_SECONDS <= 60
    answer = client.get("/readyz")
    assert answer.status_code == 503 and not answer.json()["beat"]["ok"] and answer.json()["worker"]["ok"]
    code, lines = doctor()
    assert code == 1 and any(line.startswith("FAIL beat") for line in lines)
    assert client.get("/healthz").status_code == 200
    heartbeat.write(heartbeat.BEAT)
    assert client.get("/readyz").status_code == 200


def test_ready_with_signs_of_life(client: Client) -> None:
    for key in (heartbeat.BEAT, heartbeat.WORKER, heartbeat.TICK):
        heartbeat.write(key)
    assert client.get("/readyz").json()["ready"]


def test_what_has_been_due_for_long_is_told(client: Client) -> None:
    Schedule.objects.create(tenant_id=1, sequence_id=1, next_run_at=now() - timedelta(hours=1))
    assert "has been due for 3" in client.get("/readyz").json()["due"]["found"]


def test_the_oldest_due_leaves_the_future_out() -> None:
    at = now()
    Schedule.objects.create(tenant_id=1, sequence_id=1, next_run_at=at + timedelta(hours=1))
    assert watch.oldest_due(at) is None
    assert watch.oldest_due(at + timedelta(hours=2)) == at + timedelta(hours=1)


def test_doctor_names_a_mailbox_that_cannot_be_reached() -> None:
    tenant = make_tenant("acme")
    with use(tenant):
        member = make_member(email="ana@acme.example")
        Mailbox.objects.create(
            member=member, email="ana@acme.example", smtp_host="127.0.0.1", smtp_port=free_port()
        )
    code, lines = doctor()
    assert code == 1
    assert any(line.startswith("FAIL mailbox ana@acme.example of acme") for line in lines)
    assert "ok   DNS of acme.example a name reserved for examples, not looked up" in lines


@pytest.mark.parametrize(
    ("of_domain", "of_dmarc", "said"),
    [
        (["v=spf1 -all"], ["v=DMARC1; p=none"], (True, "one SPF record, one DMARC policy")),
        (["hello"], ["v=DMARC1; p=none"], (False, "no SPF record")),
        (["v=spf1 a", "v=spf1 mx"], ["v=DMARC1"], (False, "2 SPF records, so none counts")),
        (["v=spf1 -all", "v=spf10"], [], (False, "no DMARC policy")),
    ],
)
def test_records_of_a_domain_are_judged(
    of_domain: list[str], of_dmarc: list[str], said: tuple[bool, str]
) -> None:
    assert senders.judge(of_domain, of_dmarc) == said


def test_texts_are_read_from_a_name_server(name_server: dns.resolver.Resolver) -> None:
    assert senders.texts("sender.example.", name_server) == ["v=spf1 include:mail.example -all"]
    assert senders.texts("other.example.", name_server) == []


@pytest.fixture
def name_server() -> Iterator[dns.resolver.Resolver]:
    """A name server on loopback that knows one name, and a resolver that asks it."""
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                asked, address = server.recvfrom(4096)
            except OSError:
                return
            question = dns.message.from_wire(asked)
            answer = dns.message.make_response(question)
            if question.question[0].name.to_text() == "sender.example.":
                record = '"v=spf1 include:mail.example" " -all"'
                answer.answer.append(dns.rrset.from_text("sender.example.", 60, "IN", "TXT", record))
            else:
                answer.set_rcode(dns.rcode.NXDOMAIN)
            server.sendto(answer.to_wire(), address)

    threading.Thread(target=serve, daemon=True).start()
    resolver = dns.resolver.Resolver(configure=False)
    resolver.nameservers, resolver.port = ["127.0.0.1"], server.getsockname()[1]
    yield resolver
    server.close()


def test_not_being_ready_yet_is_no_error_but_being_so_no_more_is(
    client: Client, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "_was_ready", threading.Event())
    caplog.set_level("INFO")
    assert client.get("/readyz").status_code == 503
    assert [record.levelname for record in caplog.records] == ["INFO"]
    for key in (heartbeat.BEAT, heartbeat.WORKER, heartbeat.TICK):
        heartbeat.write(key)
    assert client.get("/readyz").status_code == 200
    cache.clear()
    caplog.clear()
    assert client.get("/readyz").status_code == 503
    assert [(record.levelname, record.message) for record in caplog.records] == [("ERROR", "not ready")]
