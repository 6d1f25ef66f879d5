"""One connection to a mail server, which knows in which phase it is (reliability §3.4)."""

import base64
import smtplib
import socket
import ssl
import time
from dataclasses import dataclass, field
from typing import Any, Literal

from messaging.verdicts import Phase, Reply

LONGEST_LINE = 4096
MOST_LINES = 100


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

    def expect_all(self, *said: tuple[Phase, str, tuple[int, ...]]) -> None:
        """Says these commands, each with its phase and good answers: all at once where the server lets us (RFC 2920),
        else one after the other. Refusal at the first bad answer, in its phase.

        A server that waits for a body although it has refused the envelope is hung up on: it must not get one.
        """
        if not self.has_extn("pipelining"):
            for phase, command, codes in said:
                self.expect(phase, command, *codes)
            return
        self.phase = said[0][0]
        self.must_be_silent()
        lines = [command for _, command, _ in said]
        assert not any(mark in line for line in lines for mark in "\r\n"), "a line within a command"
        self.send("\r\n".join([*lines, ""]))
        refused: tuple[Phase, Reply] | None = None
        for phase, _, codes in said:
            self.phase = refused[0] if refused else phase
            try:
                reply = self.answer()
            except (OSError, smtplib.SMTPException):
                if refused is None:
                    raise
                break  # it has said why, and gone
            if reply.code not in codes:
                refused = refused or (phase, reply)
            elif refused and reply.code == 354:
                self.close()
        if refused:
            self.phase = refused[0]
            raise Refusal(refused[1])

    def answer(self) -> Reply:
        """The next answer, whole."""
        code, text = self.getreply()
        said = text.decode("utf-8", "replace")
        return Reply(code, without_secrets(said, self._server) if self.phase == "auth" else said)

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


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def without_secrets(text: str, server: Server) -> str:
    """What a server said, without the password: some repeat what they were told, and it is stored and shown (R-075)."""
    if not server.password:
        return text
    for secret in (
        _base64(f"\0{server.username}\0{server.password}"),
        _base64(server.password),
        server.password,
    ):
        text = text.replace(secret, "…")
    return text
