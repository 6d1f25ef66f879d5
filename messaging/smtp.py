"""Handing a mail to a server, knowing at every moment how far it got (reliability §3.4).

``smtplib.sendmail`` raises the same error whether the recipient was refused, and nothing was sent, or the
answer to the final dot was lost, and the mail may well have been. Here each command has its phase, the gate
stands between the ``354`` and the body, and what comes back is a Verdict, never an exception of the wire.
"""

import base64
import contextlib
import smtplib
import socket
import ssl
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Any, Literal, Self

from messaging import egress
from messaging.headers import sendable
from messaging.verdicts import Phase, Reply, Verdict, judge

LONGEST_LINE = 4096
MOST_LINES = 100
QUIT_SECONDS = 2.0

Gate = Callable[[], bool]


@dataclass(frozen=True)
class Server:
    """A mailbox's server. ``security``: ``starttls`` or ``ssl``, with the certificate verified, never less than
    asked for; ``none`` only to networks that EGRESS_ALLOW names. ``helo``: what we call ourselves."""

    host: str
    port: int = 587
    security: Literal["none", "starttls", "ssl"] = "starttls"
    username: str = ""
    password: str = field(default="", repr=False)
    helo: str = "localhost"


class Refusal(Exception):
    """An answer other than the expected one."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(f"{reply.code} {reply.text}")
        self.reply = reply


class Insecure(Exception):
    """The server does not offer what the mailbox asks for."""


class Transport:
    """One mailbox's connection, used for many messages; opened with the first and again when it was closed.

    ``timeout``: seconds to wait for the whole of an answer, 120 or more to the dot (RFC 5321 asks for ten
    minutes; the lease must be longer than this). ``allowed``: see egress. ``tls``: for tests, whom to trust.
    Not for several threads at once.
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
    ) -> None:
        self.server = server
        self._allowed, self._resolver = allowed, resolver
        self._timeout, self._connect_timeout = timeout, min(connect_timeout, timeout)
        self._tls = tls
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
        nothing was sent. Addresses are those of headers.sendable; ``raw`` has CRLF only and is not dot-stuffed.
        """
        body = dot_stuffed(raw)
        sender, recipient = sendable(sender), sendable(recipient)
        try:
            self._begin(sender, len(body))
            wire = self._open()
            if wire.too_large(len(body)):
                return Verdict(
                    "failed", "mail", reason="too_large", text="The server takes only smaller mails."
                )
            wire.expect("rcpt", f"RCPT TO:<{recipient}>", 250, 251)
            wire.expect("data", "DATA", 354)
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

    def _begin(self, sender: str, size: int) -> None:
        """Says MAIL. A server may have closed a connection that was open before, or want a new one after so many
        mails (R-019): then on a new one, once; nothing of this message was said on the old one."""
        used = self._wire is not None
        try:
            self._mail(sender, size)
        except (OSError, smtplib.SMTPException, Refusal) as error:
            closing = not isinstance(error, Refusal) or error.reply.code == 421
            if not (used and closing):
                raise
            self._drop()
            self._mail(sender, size)

    def _mail(self, sender: str, size: int) -> None:
        wire = self._open()
        if wire.too_large(size):
            return
        sized = f" SIZE={size}" if wire.has_extn("size") else ""
        wire.expect("mail", f"MAIL FROM:<{sender}>{sized}", 250)

    def _finish(self, wire: "Wire", body: bytes, gate: Gate) -> Verdict:
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
            reply = Reply(*wire.answer())
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

    def _open(self) -> "Wire":
        if self._wire is None:
            server = self.server
            targets = egress.resolve(server.host, server.port, allowed=self._allowed, resolver=self._resolver)
            if server.security == "none" and not all(target.private for target in targets):
                raise Insecure("Without encryption only servers in the networks of EGRESS_ALLOW may be used.")
            wire = self._wire = Wire(server, self._tls or ssl.create_default_context())
            wire.patience = self._connect_timeout
            wire.begin(egress.connect(server.host, server.port, targets, self._connect_timeout))
            wire.patience = self._timeout
        return self._wire

    def _drop(self) -> None:
        wire, self._wire = self._wire, None
        if wire is not None:
            wire.close()


class Wire(smtplib.SMTP):
    """The library's client with a phase, and an answer that must be complete within ``patience`` seconds: the
    library counts the time anew with each byte, so that a server which dribbles holds it for ever."""

    def __init__(self, server: Server, tls: ssl.SSLContext) -> None:
        super().__init__(local_hostname=server.helo)
        self.phase: Phase = "connect"
        self.patience = 30.0
        self._server, self._context = server, tls
        self._unread = b""

    def begin(self, connection: socket.socket) -> None:
        """From the connection to the sign-in."""
        self.sock = connection
        if self._server.security == "ssl":
            self.phase = "tls"
            self._secure()
            self.phase = "connect"
        self._demand(self.answer(), 220)
        self._greet()
        if self._server.security == "starttls":
            if not self.has_extn("starttls"):
                raise Insecure("The server does not offer encryption (STARTTLS).")
            self.expect("tls", "STARTTLS", 220)
            self.must_be_silent()
            self._secure()
            self._greet()
        if self._server.username:
            self._sign_in()

    def expect(self, phase: Phase, command: str, *codes: int) -> Reply:
        """Says ``command``; Refusal at any other answer than ``codes``."""
        self.phase = phase
        self.must_be_silent()
        return self._demand(Reply(*self.docmd(command)), *codes)

    def answer(self) -> Reply:
        """The next answer, whole."""
        code, text = self.getreply()
        return Reply(code, text.decode("utf-8", "replace"))

    def docmd(self, cmd: str, args: str = "") -> tuple[int, str]:  # type: ignore[override]
        self.putcmd(cmd, args)
        return self.answer()

    def send(self, s: Any) -> None:
        if self.sock is not None:
            self.sock.settimeout(self.patience)
        super().send(s)

    def must_be_silent(self) -> None:
        """What a server says unasked would be taken for the answer to what comes next."""
        if self._unread:
            raise smtplib.SMTPServerDisconnected("The server spoke out of turn")

    def too_large(self, size: int) -> bool:
        limit = self.esmtp_features.get("size", "")
        return limit.isdecimal() and 0 < int(limit) < size

    def getreply(self) -> tuple[int, bytes]:
        """The library's, with a deadline for the whole answer."""
        deadline = time.monotonic() + self.patience
        lines: list[bytes] = []
        while len(lines) < MOST_LINES:
            line = self._line(deadline)
            lines.append(line[4:].strip(b" \t\r\n"))
            if not line[:3].isdigit():
                self.close()
                return -1, line.strip()
            if line[3:4] != b"-":
                return int(line[:3]), b"\n".join(lines)
        self.close()
        raise smtplib.SMTPServerDisconnected("An answer without end")

    # --- inside -------------------------------------------------------------------------------------------

    def _line(self, deadline: float) -> bytes:
        while b"\n" not in self._unread:
            remaining = deadline - time.monotonic()
            if self.sock is None or remaining <= 0 or len(self._unread) > LONGEST_LINE:
                raise smtplib.SMTPServerDisconnected("No answer in time")
            self.sock.settimeout(remaining)
            chunk = self.sock.recv(LONGEST_LINE)
            if not chunk:
                raise smtplib.SMTPServerDisconnected("The server closed the connection")
            self._unread += chunk
        line, _, self._unread = self._unread.partition(b"\n")
        return line

    def _demand(self, reply: Reply, *codes: int) -> Reply:
        if reply.code not in codes:
            raise Refusal(reply)
        return reply

    def _greet(self) -> None:
        self.phase = "helo"
        code, text = self.ehlo()
        if not 200 <= code <= 299:
            code, text = self.helo()
        if not 200 <= code <= 299:
            raise Refusal(Reply(code, str(text)))

    def _secure(self) -> None:
        assert self.sock is not None
        self.sock.settimeout(self.patience)
        self.sock = self._context.wrap_socket(self.sock, server_hostname=self._server.host)
        self.ehlo_resp = None
        self.esmtp_features = {}
        self.does_esmtp = False

    def _sign_in(self) -> None:
        """PLAIN or LOGIN in UTF-8: the library's own take only ASCII passwords."""
        offered = self.esmtp_features.get("auth", "").upper().split()
        user, password = self._server.username, self._server.password
        if "PLAIN" in offered:
            self.expect("auth", f"AUTH PLAIN {_base64(f'{chr(0)}{user}{chr(0)}{password}')}", 235)
        elif "LOGIN" in offered:
            self.expect("auth", "AUTH LOGIN", 334)
            self.expect("auth", _base64(user), 334)
            self.expect("auth", _base64(password), 235)
        else:
            raise Refusal(Reply(504, "The server offers no way to sign in with a password."))


def dot_stuffed(raw: bytes) -> bytes:
    """A mail as it goes over the wire, with its final dot (RFC 5321 §4.5.2)."""
    assert raw.endswith(b"\r\n")
    stuffed = raw.replace(b"\r\n.", b"\r\n..")
    return (b"." if stuffed.startswith(b".") else b"") + stuffed + b".\r\n"


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()
