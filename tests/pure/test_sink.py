"""The misbehaving mail server itself: what other tests may rely on."""

import smtplib

import pytest

from tests.sink import Rule, Sink, SinkProcess
from tests.sink.certificates import make

MAIL = b"From: mia@us.example\r\nTo: ann@acme.example\r\nSubject: Hello\r\n\r\nHi Ann\r\n.dotted\r\n"


@pytest.fixture
def sink():
    with Sink() as sink:
        yield sink


def send(sink: Sink | SinkProcess, *recipients: str) -> dict[str, tuple[int, bytes]]:
    with smtplib.SMTP(sink.host, sink.port, timeout=10) as client:
        return client.sendmail("mia@us.example", recipients or ("ann@acme.example",), MAIL)


def test_a_message_is_kept_as_it_came(sink):
    send(sink)
    (message,) = sink.wait_for(1)
    assert (message.sender, message.recipient) == ("mia@us.example", "ann@acme.example")
    assert message.raw == MAIL
    assert b"\r\n..dotted\r\n" in message.wire
    assert message.email["Subject"] == "Hello"
    assert message.at_354 <= message.at_dot <= message.replied_at


def test_a_recipient_can_be_refused_and_others_not(sink):
    sink.add(Rule(at="rcpt", reply="550 5.1.1 No such user", recipient="bad@*"))
    assert send(sink, "bad@acme.example", "good@acme.example")["bad@acme.example"][0] == 550
    assert sink.wait_for(1)[0].recipients == ("good@acme.example",)


def test_a_rule_may_wait_and_may_end(sink):
    sink.add(Rule(at="rcpt", reply="450 4.2.0 Later", after=1, times=1))
    send(sink)
    with pytest.raises(smtplib.SMTPRecipientsRefused):
        send(sink)
    send(sink)
    assert len(sink.wait_for(2)) == 2


@pytest.mark.parametrize("place", ["connect", "helo", "mail", "rcpt", "data", "body", "dot"])
def test_it_can_hang_up_anywhere(sink, place):
    sink.add(Rule(at=place, do="drop"))
    with pytest.raises((smtplib.SMTPException, OSError)):
        send(sink)
    assert sink.messages == []


def test_a_message_may_be_accepted_without_an_answer(sink):
    sink.add(Rule(at="dot", do="reset", accept=True))
    with pytest.raises((smtplib.SMTPServerDisconnected, ConnectionError)):
        send(sink)
    assert len(sink.wait_for(1)) == 1


def test_a_refused_message_is_known_but_not_accepted(sink):
    sink.add(Rule(at="dot", reply="554 5.7.1 Spam"))
    with pytest.raises(smtplib.SMTPDataError):
        send(sink)
    assert [message.reply for message in sink.received] == ["554 5.7.1 Spam"]
    assert sink.messages == []


def test_a_server_may_limit_messages_and_connections():
    limited = Sink(messages_per_connection=1, connections=1)
    with limited as sink, smtplib.SMTP(sink.host, sink.port) as client:
        client.sendmail("mia@us.example", ["ann@acme.example"], MAIL)
        with pytest.raises(smtplib.SMTPConnectError) as second:
            smtplib.SMTP(sink.host, sink.port)
        assert second.value.smtp_code == 421
        assert client.docmd("MAIL FROM:<mia@us.example>")[0] == 421


def test_it_speaks_tls_and_asks_who_is_there(tmp_path):
    server, client = make(tmp_path, "localhost")
    with Sink(tls=server, users={"mia": "secret"}, auth_required=True) as sink:
        with smtplib.SMTP("localhost", sink.port) as connection:
            assert connection.docmd("MAIL FROM:<mia@us.example>")[0] == 530
            connection.starttls(context=client)
            with pytest.raises(smtplib.SMTPAuthenticationError):
                connection.login("mia", "wrong")
            connection.login("mia", "secret")
            connection.sendmail("mia@us.example", ["ann@acme.example"], MAIL)
        (message,) = sink.wait_for(1)
        assert (message.tls, message.user) == (True, "mia")


def test_in_its_own_process_it_is_told_by_http_and_keeps_a_log(tmp_path):
    log = tmp_path / "sink.jsonl"
    with SinkProcess("--log", str(log)) as sink:
        sink.add(Rule(at="rcpt", reply="550 5.1.1 No such user", recipient="bad@*"))
        with pytest.raises(smtplib.SMTPRecipientsRefused):
            send(sink, "bad@acme.example")
        send(sink)
        assert sink.wait_for(1)["accepted"] == 1
        assert sink.messages[0].raw == MAIL
    assert len(log.read_text().splitlines()) == 1
