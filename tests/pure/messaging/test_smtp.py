"""The transport against a server that misbehaves in every phase (reliability §3.4, R-006 to R-008, R-019)."""

import base64
import socket
import threading
from contextlib import contextmanager

import pytest

from messaging.egress import networks
from messaging.headers import HeaderInjection, UnsupportedAddress
from messaging.smtp import Server, Transport, dot_stuffed
from tests.sink import Rule, Sink
from tests.sink.certificates import make

LOOPBACK = networks(["127.0.0.0/8"])
RAW = b"From: mia@us.example\r\nTo: ann@acme.example\r\n\r\nHi\r\n.\r\n..\r\n.x\r\n"
ANN = "ann@acme.example"


@pytest.fixture
def sink():
    with Sink() as sink:
        yield sink


@contextmanager
def transport(sink: Sink, *, host: str = "127.0.0.1", timeout: float = 20.0, tls=None, **settings):
    server = Server(**{"host": host, "port": sink.port, "security": "none", **settings})
    with Transport(server, allowed=LOOPBACK, timeout=timeout, tls=tls) as transport:
        yield transport


class Gate:
    """Counts how often it was asked."""

    def __init__(self, answer: bool = True) -> None:
        self.asked, self.answer = 0, answer

    def __call__(self) -> bool:
        self.asked += 1
        return self.answer


def send(transport: Transport, recipient: str = ANN, gate=None, raw: bytes = RAW):
    return transport.send("mia@us.example", recipient, raw, gate or Gate())


def words(verdict) -> str:
    hard = " hard" if verdict.hard else ""
    return f"{verdict.state} {verdict.scope} {verdict.reason}".strip() + hard


def test_a_message_arrives_as_it_was_made(sink):
    gate = Gate()
    with transport(sink) as wire:
        verdict = send(wire, gate=gate)
    assert (verdict.state, verdict.code, verdict.text) == ("sent", 250, "2.0.0 Queued as 1")
    (message,) = sink.wait_for(1)
    assert message.raw == RAW
    assert (message.sender, message.recipient, gate.asked) == ("mia@us.example", ANN, 1)


def test_many_messages_share_a_connection(sink):
    with transport(sink) as wire:
        assert {send(wire).state for _ in range(20)} == {"sent"}
    assert (len(sink.wait_for(20)), sink.opened) == (20, 1)


# The modes of the table: what the server does, what we make of it, whether the mail arrived, how often the gate
# was asked (never before the 354).
MODES = [
    (Rule(at="connect", do="drop"), "retry mailbox connect", False, 0),
    (Rule(at="helo", do="drop"), "retry mailbox connect", False, 0),
    (Rule(at="mail", do="drop"), "retry mailbox connect", False, 0),
    (Rule(at="rcpt", do="drop"), "retry message broken_off", False, 0),
    (Rule(at="rcpt", reply="421 4.7.0 Enough"), "retry mailbox busy", False, 0),
    (Rule(at="rcpt", reply="450 4.2.0 Greylisted"), "retry message later", False, 0),
    (Rule(at="rcpt", reply="550 5.1.1 No such user"), "failed message hard_bounce hard", False, 0),
    (Rule(at="rcpt", reply="550 5.4.5 Daily user sending quota exceeded"), "retry mailbox quota", False, 0),
    (Rule(at="data", do="drop"), "retry message broken_off", False, 0),
    (Rule(at="data", reply="451 4.3.0 Later"), "retry message later", False, 0),
    (Rule(at="body", do="drop"), "unknown message no_answer", False, 1),
    (Rule(at="dot", do="drop"), "unknown message no_answer", False, 1),
    (Rule(at="dot", do="drop", accept=True), "unknown message no_answer", True, 1),
    (Rule(at="dot", do="reset", accept=True), "unknown message no_answer", True, 1),
    (Rule(at="dot", reply="554 5.7.1 Spam"), "failed message refused", False, 1),
    (Rule(at="dot", reply="451 4.3.0 Later"), "retry message later", False, 1),
    (Rule(at="dot", reply="421 4.3.0 Closing"), "retry mailbox busy", False, 1),
    (Rule(at="dot", reply="and now for something else", accept=True), "unknown message no_answer", True, 1),
    (Rule(at="quit", do="drop"), "sent message", True, 1),
    (Rule(at="rcpt", reply="251 2.1.5 Will forward"), "sent message", True, 1),
]


@pytest.mark.parametrize(
    ("rule", "meaning", "arrived", "asked"),
    MODES,
    ids=[f"{m[0].at} {m[0].do} {m[0].reply}"[:40] for m in MODES],
)
def test_each_misbehaviour_has_its_verdict(sink, rule, meaning, arrived, asked):
    sink.add(rule)
    gate = Gate()
    with transport(sink) as wire:
        assert words(send(wire, gate=gate)) == meaning
    assert gate.asked == asked
    assert len(sink.wait_for(1) if arrived else sink.messages) == arrived


@pytest.mark.parametrize("place", ["connect", "helo", "mail", "rcpt", "data"])
def test_silence_before_the_gate_is_a_safe_retry(sink, place):
    sink.add(Rule(at=place, do="silence"))
    gate = Gate()
    with transport(sink, timeout=0.2) as wire:
        assert send(wire, gate=gate).state == "retry"
    assert (gate.asked, sink.messages) == (0, [])


def test_silence_after_the_dot_is_unknown(sink):
    sink.add(Rule(at="dot", do="silence", accept=True))
    with transport(sink, timeout=0.2) as wire:
        assert words(send(wire)) == "unknown message no_answer"
    sink.wait_for(1)


def test_a_server_that_dribbles_does_not_hold_us(sink):
    sink.add(Rule(at="dot", do="trickle", delay=0.1, accept=True))
    with transport(sink, timeout=0.3) as wire:
        assert send(wire).state == "unknown"


def test_a_slow_answer_within_the_time_is_an_answer(sink):
    sink.add(Rule(at="dot", delay=0.2))
    with transport(sink) as wire:
        assert send(wire).state == "sent"


def test_a_closed_gate_sends_nothing_and_the_next_goes_on(sink):
    with transport(sink) as wire:
        assert words(send(wire, gate=Gate(False))) == "held_back message"
        assert send(wire).state == "sent"
    assert len(sink.wait_for(1)) == 1
    assert len(sink.received) == 1


def test_a_gate_that_fails_sends_nothing_and_its_error_comes_through(sink):
    def gate() -> bool:
        raise LookupError("the database went away")

    with transport(sink) as wire:
        with pytest.raises(LookupError):
            send(wire, gate=gate)
        assert send(wire).state == "sent"
    assert len(sink.wait_for(1)) == 1
    assert len(sink.received) == 1


@pytest.mark.parametrize("place", ["mail", "rcpt", "data", "dot"])
def test_a_refusal_does_not_disturb_the_next_on_the_same_connection(sink, place):
    sink.add(Rule(at=place, reply="550 5.7.1 Not this one", times=1))
    with transport(sink) as wire:
        assert send(wire, "bad@acme.example").state in ("failed", "retry")
        assert send(wire).state == "sent"
    (message,) = sink.wait_for(1)
    assert (message.recipient, sink.opened) == (ANN, 1)


@pytest.mark.parametrize("at", ["rcpt", "dot"])
def test_one_bad_recipient_in_a_hundred_is_one_failure(sink, at):
    sink.add(Rule(at=at, reply="554 5.1.1 No such user", recipient="p50@*"))
    with transport(sink) as wire:
        states = [send(wire, f"p{n}@acme.example").state for n in range(100)]
    assert states.count("sent") == 99
    assert states[50] == "failed"
    assert sorted(m.recipient for m in sink.wait_for(99)) == sorted(
        f"p{n}@acme.example" for n in range(100) if n != 50
    )


def test_a_server_that_wants_a_new_connection_gets_one():
    with Sink(messages_per_connection=20, connections=2) as sink, transport(sink) as wire:
        assert {send(wire).state for _ in range(45)} == {"sent"}
        assert (len(sink.wait_for(45)), sink.opened) == (45, 3)
        assert sink.most_open <= 2


def test_a_server_that_is_busy_on_a_new_connection_is_left_alone(sink):
    sink.add(Rule(at="mail", reply="421 4.7.0 Go away"))
    with transport(sink) as wire:
        assert words(send(wire)) == "retry mailbox busy"
    assert sink.opened == 1


def test_a_connection_that_was_closed_while_idle_is_opened_again(sink):
    with transport(sink) as wire:
        send(wire)
        sink.add(Rule(at="mail", do="drop", times=1))
        assert send(wire).state == "sent"
    assert len(sink.wait_for(2)) == 2


def test_an_answer_out_of_turn_is_never_taken_for_the_answer_to_the_dot(sink):
    sink.add(Rule(at="data", reply="354 Go ahead\r\n250 2.0.0 Queued already"))
    gate = Gate()
    with transport(sink) as wire:
        assert words(send(wire, gate=gate)) == "retry message broken_off"
    assert gate.asked == 0


def test_answers_of_many_lines_are_read_whole(sink):
    sink.add(Rule(at="dot", reply="250-2.0.0 First\r\n250 2.0.0 Last", accept=True))
    with transport(sink) as wire:
        assert send(wire).text == "2.0.0 First 2.0.0 Last"
        assert send(wire).state == "sent"


def test_half_an_answer_to_the_dot_is_none(sink):
    sink.add(Rule(at="dot", reply="250-2.0.0 First", accept=True), Rule(at="rset", do="drop"))
    with transport(sink, timeout=0.3) as wire:
        assert send(wire).state == "unknown"


def test_a_mail_that_is_too_large_is_not_even_offered():
    with Sink(extensions=("SIZE 100",)) as sink, transport(sink) as wire:
        gate = Gate()
        assert words(send(wire, gate=gate, raw=RAW * 10)) == "failed message too_large"
        assert gate.asked == 0
        assert send(wire).state == "sent"
        assert not [
            line
            for _, line in sink.commands
            if line.startswith("MAIL") and "SIZE=1" in line and "0" * 3 in line
        ]


def test_addresses_that_could_do_harm_are_not_said(sink):
    with transport(sink) as wire:
        for recipient, error in [
            ("a@x.example>\r\nRCPT TO:<b@y.example", HeaderInjection),
            ("ü@x.example", UnsupportedAddress),
        ]:
            with pytest.raises(error):
                send(wire, recipient)
    assert sink.commands == []


# --- encryption and signing in ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def certificates(tmp_path_factory):
    return make(tmp_path_factory.mktemp("tls"), "localhost")


@pytest.mark.parametrize("security", ["starttls", "ssl"])
@pytest.mark.parametrize("extension", ["AUTH PLAIN", "AUTH LOGIN"])
def test_encrypted_and_signed_in(certificates, security, extension):
    server, client = certificates
    users = {"mia": "pässwörd 密"}
    sink = Sink(tls=server, implicit_tls=security == "ssl", users=users, auth_required=True, auth=extension)
    with sink, transport(
        sink, host="localhost", tls=client, security=security, username="mia", password=users["mia"]
    ) as wire:  # fmt: skip
        assert wire.probe() is None
        assert send(wire).state == "sent"
        (message,) = sink.wait_for(1)
        assert (message.tls, message.user, sink.opened) == (True, "mia", 1)


def test_a_wrong_password_is_the_mailboxes_trouble_and_lasts(certificates):
    server, client = certificates
    with Sink(tls=server, users={"mia": "secret"}) as sink, transport(
        sink, host="localhost", tls=client, security="starttls", username="mia", password="wrong"
    ) as wire:  # fmt: skip
        verdict = wire.probe()
        assert words(verdict) == "retry mailbox auth"
        assert verdict.lasting
        assert "wrong" not in repr(wire.server)


@pytest.mark.parametrize("security", ["starttls", "ssl"])
def test_a_certificate_that_nobody_vouches_for_is_refused(certificates, security):
    server, _ = certificates
    with Sink(tls=server, implicit_tls=security == "ssl") as sink, transport(
        sink, host="localhost", security=security
    ) as wire:  # fmt: skip
        verdict = send(wire)
        assert words(verdict) == "retry mailbox tls"
        assert verdict.lasting


def test_a_certificate_for_another_name_is_refused(certificates):
    server, client = certificates
    with Sink(tls=server) as sink, transport(sink, host="127.0.0.1", tls=client, security="starttls") as wire:
        assert words(send(wire)) == "retry mailbox tls"


def test_no_falling_back_to_no_encryption(sink):
    with transport(sink, security="starttls", username="mia", password="secret") as wire:
        verdict = send(wire)
    assert (words(verdict), verdict.lasting) == ("retry mailbox tls", True)
    assert not [line for _, line in sink.commands if line.startswith(("AUTH", "MAIL"))]


def test_what_was_said_before_encryption_is_not_believed(certificates):
    server, client = certificates
    with Sink(tls=server) as sink:
        sink.add(Rule(at="tls", reply="220 Go ahead\r\n250-evil.example\r\n250 AUTH PLAIN"))
        with transport(
            sink, host="localhost", tls=client, security="starttls", username="m", password="s"
        ) as wire:
            assert words(send(wire)) == "retry mailbox tls"
        assert "AUTH" not in [line for _, line in sink.commands]


def test_without_encryption_only_inside_allowed_networks():
    def resolver(host, port, **more):
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("1.1.1.1", port))]

    with Transport(Server("mail.example", 587, "none"), resolver=resolver) as wire:
        verdict = wire.probe()
    assert (words(verdict), verdict.lasting) == ("retry mailbox tls", True)


def test_what_is_no_mail_server_is_unreachable_or_wrong():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

        def answer() -> None:
            connection, _ = server.accept()
            connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            connection.close()

        thread = threading.Thread(target=answer)
        thread.start()
        with Transport(Server("127.0.0.1", port, "none"), allowed=LOOPBACK, timeout=5) as wire:
            assert words(wire.probe()) == "retry mailbox connect"
        thread.join()
    with Transport(Server("127.0.0.1", port, "none"), allowed=LOOPBACK, timeout=5) as wire:
        verdict = wire.probe()
    assert verdict.text == f"No server could be reached at 127.0.0.1:{port}."


def test_a_body_is_one_write(sink, monkeypatch):
    """Line by line it would wait for delayed acknowledgements, 40 ms a mail."""
    with transport(sink) as wire:
        send(wire)
        writes = []
        plain = socket.socket.sendall
        monkeypatch.setattr(
            socket.socket, "sendall", lambda self, data: (writes.append(bytes(data)), plain(self, data))[1]
        )
        assert send(wire).state == "sent"
        assert wire._wire.sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
    assert dot_stuffed(RAW) in writes


def test_dots_are_doubled_where_a_line_begins():
    assert dot_stuffed(b".a\r\n..\r\nb.\r\n") == b"..a\r\n...\r\nb.\r\n.\r\n"


def test_r_075_a_server_that_repeats_the_password_is_not_quoted(sink):
    sink.users = {"mia": "a  secret"}
    coded = base64.b64encode(b"\0mia\0a  secret").decode()
    sink.rules.add(Rule(at="auth", reply=f"535 5.7.8 {coded}: a  secret is wrong"))
    with transport(sink, username="mia", password="a  secret") as wire:
        verdict = send(wire)
    assert (verdict.reason, verdict.text) == ("auth", "5.7.8 …: … is wrong")
