"""The envelope goes out at once where the server lets us (RFC 2920), and means the same as command by command."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from messaging import egress
from messaging.smtp import Server, Transport
from messaging.verdicts import Verdict
from tests.sink import Rule, Sink

RAW = b"Subject: x\r\n\r\nHello\r\n"
ALLOWED = egress.networks(["127.0.0.0/8"])
WITH, WITHOUT = ("PIPELINING", "8BITMIME"), ("8BITMIME",)


def send(port: int, gate: bool = True) -> Verdict:
    with Transport(Server("127.0.0.1", port, "none"), allowed=ALLOWED, timeout=5) as transport:
        return transport.send("mia@us.example", "ann@acme.example", RAW, lambda: gate)


@pytest.mark.parametrize("at", ["mail", "rcpt", "data"])
@pytest.mark.parametrize("reply", ["550 5.1.1 No such user", "450 4.2.0 Later", "421 4.7.0 Busy"])
def test_a_refusal_means_the_same_either_way(at: str, reply: str) -> None:
    found = set()
    for extensions in (WITH, WITHOUT):
        with Sink(extensions=extensions) as sink:
            sink.add(Rule(at=at, reply=reply))  # type: ignore[arg-type]
            found.add(send(sink.port))
            assert sink.received == []
    assert len(found) == 1


def test_after_a_refusal_the_connection_carries_the_next_mail() -> None:
    with Sink(extensions=WITH) as sink:
        sink.add(Rule(at="rcpt", reply="550 5.1.1 No such user", times=1))
        with Transport(Server("127.0.0.1", sink.port, "none"), allowed=ALLOWED, timeout=5) as transport:
            states = [
                transport.send("mia@us.example", "ann@acme.example", RAW, lambda: True).state
                for _ in range(2)
            ]
        assert states == ["failed", "sent"]
        assert sink.opened == 1


@contextmanager
def odd_server() -> Iterator[tuple[int, list[bytes]]]:
    """Refuses the recipient, and then waits for a body all the same."""
    heard: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.sendall(b"220 odd\r\n")
                heard.append(connection.recv(1000))
                connection.sendall(b"250-odd\r\n250 PIPELINING\r\n")
                heard.append(connection.recv(1000))
                connection.sendall(b"250 ok\r\n550 5.1.1 No such user\r\n354 Go ahead\r\n")
                heard.append(connection.recv(1000))

        thread = threading.Thread(target=serve)
        thread.start()
        yield listener.getsockname()[1], heard
        thread.join(10)


def test_a_server_that_waits_for_a_body_it_has_refused_gets_none() -> None:
    with odd_server() as (port, heard):
        verdict = send(port)
    assert (verdict.state, verdict.phase, verdict.hard) == ("failed", "rcpt", True)
    assert heard[2] == b"", "it was hung up on"
