"""Handing a mail to a server, knowing at every moment how far it got (reliability §3.4).

``smtplib.sendmail`` raises the same error whether the recipient was refused, and nothing was sent, or the
answer to the final dot was lost, and the mail may well have been. Here each command has its phase, the gate
stands between the ``354`` and the body, and what comes back is a Verdict, never an exception of the wire.
"""

import contextlib
import smtplib
import socket
import ssl
from collections.abc import Callable, Collection
from typing import Self

from messaging import egress
from messaging.headers import sendable
from messaging.verdicts import Phase, Verdict, judge
from messaging.wire import Insecure, Refusal, Server, Wire

__all__ = ["Gate", "Server", "Transport", "dot_stuffed"]

QUIT_SECONDS = 2.0

Gate = Callable[[], bool]


class Transport:
    """One mailbox's connection, used for many messages; opened with the first and again when it was closed.

    ``timeout``: seconds to wait for the whole of the answer to the dot, 120 or more (RFC 5321 asks for ten
    minutes; the lease must be longer than this). ``connect_timeout``: for the connection and for each answer before
    the gate, when a message is only claimed. ``allowed``: see egress. ``tls``: for tests, whom to trust.
    ``after_body`` is called when the body is written. Not for several threads at once.
    """

    def __init__(
        self,
        server: Server,
        *,
        allowed: Collection[egress.Network] = (),
        timeout: float = 120.0,
        connect_timeout: float = 30.0,
        tls: ssl.SSLContext | None = None,
        resolver: egress.Resolver = socket.getaddrinfo,
        after_body: Callable[[], None] = lambda: None,
    ) -> None:
        self.server = server
        self._allowed, self._resolver = allowed, resolver
        self._timeout, self._connect_timeout = timeout, min(connect_timeout, timeout)
        self._tls, self._after_body = tls, after_body
        self._wire: Wire | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def probe(self) -> Verdict | None:
        """Connects and signs in, sends nothing. None where all is well."""
        try:
            self._open()
        except (OSError, smtplib.SMTPException, Refusal, Insecure) as error:
            return self._failed(error)
        return None

    def send(self, sender: str, recipient: str, raw: bytes, gate: Gate) -> Verdict:
        """Sends one mail to one recipient.

        ``gate`` is called once, when the server has said 354: its True is the point of no return, at its False
        (``held_back``) or its exception, which comes through, the connection is cut without the dot, so that
        nothing was sent. ``raw`` has CRLF only and is not dot-stuffed. Unsendable, before anything is said, where
        an address cannot be used.
        """
        body = dot_stuffed(raw)
        sender, recipient = sendable(sender), sendable(recipient)
        try:
            wire = self._open_for(sender, recipient, len(body))
            if wire.too_large(len(body)):
                return Verdict(
                    "failed", "mail", reason="too_large", text="The server takes only smaller mails."
                )
            wire.must_be_silent()
        except (OSError, smtplib.SMTPException, Refusal, Insecure) as error:
            return self._failed(error)
        return self._finish(wire, body, gate)

    def close(self) -> None:
        """Says goodbye; whether that is heard does not matter."""
        wire, self._wire = self._wire, None
        if wire is None:
            return
        with contextlib.suppress(OSError, smtplib.SMTPException):
            wire.patience = QUIT_SECONDS
            wire.docmd("QUIT")
        wire.close()

    # --- inside -------------------------------------------------------------------------------------------

    def _open_for(self, sender: str, recipient: str, size: int) -> Wire:
        """A connection on which the server waits for the body. One may have been closed since it was used, or the
        server wants a new one after so many mails (R-019): then on a new one, once. Before the gate nothing is sent."""
        used = self._wire is not None
        try:
            return self._envelope(sender, recipient, size)
        except (OSError, smtplib.SMTPException, Refusal) as error:
            closing = not isinstance(error, Refusal) or error.reply.code == 421
            if not (used and closing and self._wire is not None and self._wire.phase == "mail"):
                raise
        self._drop()
        return self._envelope(sender, recipient, size)

    def _envelope(self, sender: str, recipient: str, size: int) -> Wire:
        wire = self._open()
        if not wire.too_large(size):
            sized = f" SIZE={size}" if wire.has_extn("size") else ""
            wire.expect_all(
                ("mail", f"MAIL FROM:<{sender}>{sized}", (250,)),
                ("rcpt", f"RCPT TO:<{recipient}>", (250, 251)),
                ("data", "DATA", (354,)),
            )
        return wire

    def _finish(self, wire: Wire, body: bytes, gate: Gate) -> Verdict:
        wire.phase = "gate"
        try:
            opened = gate()
        except BaseException:
            self._drop()
            raise
        if not opened:
            self._drop()
            return Verdict("held_back", "gate")
        wire.phase = "dot"
        try:
            wire.patience = self._timeout
            wire.send(body)
            self._after_body()
            reply = wire.answer()
            wire.patience = self._connect_timeout
        except (OSError, smtplib.SMTPException, ValueError) as error:
            self._drop()
            return judge("dot", error)
        verdict = judge("dot", reply)
        if verdict.state == "unknown" or reply.code == 421:
            self._drop()
        return verdict

    def _failed(self, error: Exception) -> Verdict:
        """The verdict on what went wrong before the gate; leaves a connection that can be used, or none."""
        wire = self._wire
        phase: Phase = wire.phase if wire else "connect"
        if isinstance(error, Refusal):
            verdict = judge(phase, error.reply)
            if wire and phase in ("mail", "rcpt", "data") and error.reply.code != 421:
                with contextlib.suppress(OSError, smtplib.SMTPException, Refusal):
                    wire.expect(phase, "RSET", 250)
                    return verdict
            self._drop()
            return verdict
        self._drop()
        if isinstance(error, Insecure | ssl.SSLCertVerificationError):
            return Verdict("retry", "tls", "mailbox", "tls", text=str(error)[:500], lasting=True)
        return judge(phase, error)

    def _open(self) -> Wire:
        if self._wire is None:
            server = self.server
            targets = egress.resolve(server.host, server.port, allowed=self._allowed, resolver=self._resolver)
            if server.security == "none" and not all(target.private for target in targets):
                raise Insecure("Without encryption only servers in the networks of EGRESS_ALLOW may be used.")
            wire = self._wire = Wire(server, self._tls or ssl.create_default_context())
            wire.patience = self._connect_timeout
            wire.begin(egress.connect(server.host, server.port, targets, self._connect_timeout))
        return self._wire

    def _drop(self) -> None:
        wire, self._wire = self._wire, None
        if wire is not None:
            wire.close()


def dot_stuffed(raw: bytes) -> bytes:
    """A mail as it goes over the wire, with its final dot (RFC 5321 §4.5.2)."""
    assert raw.endswith(b"\r\n")
    stuffed = raw.replace(b"\r\n.", b"\r\n..")
    return (b"." if stuffed.startswith(b".") else b"") + stuffed + b".\r\n"
