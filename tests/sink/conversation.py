"""One connection to the sink, command by command."""

import asyncio
import base64
import binascii
import socket
import struct
import time
from typing import TYPE_CHECKING

from tests.sink.rules import Received, Rule

if TYPE_CHECKING:
    from tests.sink.server import Sink

READ = 1 << 16


class Hangup(Exception):
    """The conversation is over; the connection is closed already or will be."""


class Conversation:
    """One connection, command by command."""

    def __init__(
        self, sink: "Sink", reader: asyncio.StreamReader, writer: asyncio.StreamWriter, number: int
    ) -> None:
        self.sink, self.reader, self.writer, self.number = sink, reader, writer, number
        self.buffer = bytearray()
        self.user, self.helo, self.secure = "", "", sink.implicit_tls
        self.count = 0
        self.forget()
        sock = writer.get_extra_info("socket")
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def forget(self) -> None:
        self.sender: str | None = None
        self.recipients: list[str] = []

    async def hold(self) -> None:
        if self.sink.connections is not None and self.sink.open > self.sink.connections:
            self.say("421 4.7.0 Too many connections")
            raise Hangup
        await self.answer("connect", "220 sink.example ESMTP")
        while True:
            line = (await self.until(b"\r\n")).decode("utf-8", "surrogateescape")
            verb = line.split(" ", 1)[0].split(":", 1)[0].upper()
            self.sink.commands.append((self.number, verb if verb == "AUTH" else line))
            handler = getattr(self, f"on_{verb.lower()}", None)
            if handler is None:
                self.say("500 5.5.2 What?")
            else:
                await handler(line)

    # --- commands -----------------------------------------------------------------------------------------

    async def on_ehlo(self, line: str) -> None:
        self.helo = line[5:].strip()
        offers = [*self.sink.extensions]
        if self.sink.tls and not self.secure:
            offers.append("STARTTLS")
        lines = ["250-sink.example"] + [f"250-{offer}" for offer in offers]
        lines[-1] = lines[-1].replace("250-", "250 ", 1)
        await self.answer("helo", "\r\n".join(lines))

    async def on_helo(self, line: str) -> None:
        await self.answer("helo", "250 sink.example")

    async def on_starttls(self, line: str) -> None:
        if not self.sink.tls or self.secure:
            return self.say("502 5.5.1 Not offered")
        await self.answer("tls", "220 2.0.0 Go ahead")
        await self.writer.start_tls(self.sink.tls)
        self.buffer.clear()
        self.secure = True

    async def on_auth(self, line: str) -> None:
        _, method, *initial = line.split(" ")
        if method.upper() == "PLAIN":
            given = initial[0] if initial else await self.ask("334 ")
            _, user, password = self.decode(given).split("\0")
        else:
            user = self.decode(initial[0] if initial else await self.ask("334 VXNlcm5hbWU6"))
            password = self.decode(await self.ask("334 UGFzc3dvcmQ6"))
        if self.sink.users is not None and self.sink.users.get(user) != password:
            self.say("535 5.7.8 Bad credentials")
        elif await self.answer("auth", "235 2.7.0 Welcome"):
            self.user = user

    async def on_mail(self, line: str) -> None:
        if self.sink.auth_required and not self.user:
            return self.say("530 5.7.0 Sign in first")
        limit = self.sink.messages_per_connection
        if limit is not None and self.count >= limit:
            self.say("421 4.7.0 Enough for one connection")
            raise Hangup
        if await self.answer("mail", "250 2.1.0 Go on"):
            self.sender = line.partition("<")[2].partition(">")[0]

    async def on_rcpt(self, line: str) -> None:
        recipient = line.partition("<")[2].partition(">")[0]
        if await self.answer("rcpt", "250 2.1.5 Known here", recipient):
            self.recipients.append(recipient)

    async def on_data(self, line: str) -> None:
        first = self.recipients[0] if self.recipients else ""
        if self.sender is None or not self.recipients:
            return self.say("503 5.5.1 No envelope")
        if not await self.answer("data", "354 Go ahead", first):
            return
        at_354 = time.time()
        self.buffer[:0] = b"\r\n"  # so that a dot on the first line is found, too
        if self.sink.rules.at("body", first):
            await self.until(b"\r\n", more=True)
            raise Hangup
        wire = (await self.until(b"\r\n.\r\n"))[2:]
        at_dot = time.time()
        rule = self.sink.rules.at("dot", first)
        usual = f"250 2.0.0 Queued as {len(self.sink.received) + 1}"
        reply = rule.reply or usual if rule and rule.do in ("reply", "trickle") else "" if rule else usual
        if reply and rule and rule.delay:
            await self.act(rule, reply)  # slow, and accepted only once it has answered
        accepted = rule.accept or reply.startswith("2") if rule else True
        message = Received(
            number=len(self.sink.received) + 1, connection=self.number, sender=self.sender,
            recipients=tuple(self.recipients), wire=wire + b"\r\n", reply=reply, accepted=accepted,
            user=self.user, tls=self.secure, at_354=at_354, at_dot=at_dot, replied_at=time.time(),
            helo=self.helo,
        )  # fmt: skip
        self.count += 1
        self.forget()
        self.sink.store(message)
        if rule is None:
            self.say(reply)
        elif not (reply and rule.delay):
            await self.act(rule, reply)

    async def on_rset(self, line: str) -> None:
        self.forget()
        await self.answer("rset", "250 2.0.0 Forgotten")

    async def on_noop(self, line: str) -> None:
        self.say("250 2.0.0 Still here")

    async def on_quit(self, line: str) -> None:
        await self.answer("quit", "221 2.0.0 Bye")
        raise Hangup

    # --- reading and answering ----------------------------------------------------------------------------

    async def answer(self, place: str, usual: str, recipient: str = "") -> bool:
        """Answers as the rules say, else as usual. True where the answer is good news."""
        rule = self.sink.rules.at(place, recipient)
        reply = rule.reply or usual if rule else usual
        if rule is None:
            self.say(reply)
        else:
            await self.act(rule, reply)
        return reply[:1] in "23"

    async def act(self, rule: Rule, reply: str) -> None:
        if rule.do == "trickle":
            for byte in f"{reply}\r\n".encode():
                self.writer.write(bytes([byte]))
                await asyncio.sleep(rule.delay)
            return
        if rule.delay:
            await asyncio.sleep(rule.delay)
        if rule.do == "silence":
            await asyncio.Event().wait()
        elif rule.do == "reset":
            sock = self.writer.get_extra_info("socket")
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.writer.transport.abort()
            raise Hangup
        elif rule.do == "drop":
            raise Hangup
        else:
            self.say(reply)
            if reply.startswith("421"):
                raise Hangup

    def say(self, reply: str) -> None:
        self.writer.write(reply.encode() + b"\r\n")

    async def ask(self, challenge: str) -> str:
        self.say(challenge)
        return (await self.until(b"\r\n")).decode()

    def decode(self, text: str) -> str:
        try:
            return base64.b64decode(text).decode()
        except (binascii.Error, UnicodeDecodeError) as error:
            self.say("501 5.5.2 Not base64")
            raise Hangup from error

    async def until(self, mark: bytes, *, more: bool = False) -> bytes:
        """The bytes before ``mark``, which is taken too; only an exact CR LF ends anything here."""
        at = -1 if more else self.buffer.find(mark)
        while at < 0:
            chunk = await self.reader.read(READ)
            if not chunk:
                raise Hangup
            start = max(0, len(self.buffer) - len(mark))
            self.buffer += chunk
            at = self.buffer.find(mark, start)
        data = bytes(self.buffer[:at])
        del self.buffer[: at + len(mark)]
        return data
