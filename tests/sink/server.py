"""The SMTP server itself: asyncio in a thread of its own, so that tests stay ordinary functions."""

import asyncio
import base64
import binascii
import contextlib
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable
from typing import Self

from tests.sink.rules import Received, Rule, Rules

READ = 1 << 16


class Hangup(Exception):
    """The conversation is over; the connection is closed already or will be."""


class Sink:
    """An SMTP server on loopback. ``port`` is known once it has started.

    ``users``                    name → password; None takes any sign-in. Nobody has to sign in
                                 unless ``auth_required``.
    ``tls``                      a server's SSL context: STARTTLS is offered, or with ``implicit_tls`` the
                                 connection is encrypted from the first byte.
    ``auth``                     the ways to sign in that it offers.
    ``messages_per_connection``  the MAIL after so many gets 421 and the connection closes.
    ``connections``              one more than so many at a time gets 421 as its greeting.
    ``on_message``               called in the server's thread for each message that got to its dot.
    """

    def __init__(
        self,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        users: dict[str, str] | None = None,
        auth_required: bool = False,
        tls: ssl.SSLContext | None = None,
        implicit_tls: bool = False,
        messages_per_connection: int | None = None,
        connections: int | None = None,
        auth: str = "AUTH PLAIN LOGIN",
        extensions: tuple[str, ...] = ("PIPELINING", "8BITMIME", "ENHANCEDSTATUSCODES", "SIZE 26214400"),
        on_message: Callable[[Received], None] | None = None,
    ) -> None:
        self.host, self.port = host, port
        self.users, self.auth_required = users, auth_required
        self.tls, self.implicit_tls = tls, implicit_tls
        self.messages_per_connection, self.connections = messages_per_connection, connections
        self.extensions = (*extensions, auth)
        self.on_message = on_message
        self.rules = Rules()
        self.received: list[Received] = []
        self.accepted = 0
        self.opened = 0  # connections ever opened
        self.open = 0
        self.most_open = 0
        self.commands: list[tuple[int, str]] = []  # (connection, command line), credentials left out
        self._arrived = threading.Condition()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="sink", daemon=True)
        self._ready = threading.Event()

    # --- for the tests ------------------------------------------------------------------------------------

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self.stop()

    def start(self) -> "Sink":
        self._thread.start()
        assert self._ready.wait(10), "the sink did not start"
        return self

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)

    def add(self, *rules: Rule) -> None:
        """More misbehaviour. Of several rules that fit, the one added last is obeyed."""
        self.rules.add(*rules)

    @property
    def messages(self) -> list[Received]:
        """What has been accepted, whatever the sender was told about it."""
        return [message for message in self.received if message.accepted]

    def wait_for(self, count: int, timeout: float = 30.0) -> list[Received]:
        """The accepted messages, once there are so many; fails after a generous time."""
        with self._arrived:
            enough = self._arrived.wait_for(lambda: self.accepted >= count, timeout)
            assert enough, f"{self.accepted} of {count} messages after {timeout} s"
            return self.messages

    def clear(self) -> None:
        """Forgets messages and rules."""
        self.rules.clear()
        with self._arrived:
            self.received.clear()
            self.accepted = 0

    # --- inside -------------------------------------------------------------------------------------------

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(
            asyncio.start_server(
                self._serve, self.host, self.port, ssl=self.tls if self.implicit_tls else None, backlog=512
            )
        )
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        self._loop.run_forever()
        server.close()
        tasks = asyncio.all_tasks(self._loop)
        for task in tasks:
            task.cancel()
        self._loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
        self._loop.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.opened += 1
        self.open += 1
        self.most_open = max(self.most_open, self.open)
        try:
            await Conversation(self, reader, writer, self.opened).hold()
        except (Hangup, ConnectionError, ssl.SSLError, asyncio.IncompleteReadError):
            pass  # how conversations with this server are meant to end
        finally:
            self.open -= 1
            writer.close()
            with contextlib.suppress(ConnectionError, ssl.SSLError, TimeoutError):
                await asyncio.wait_for(writer.wait_closed(), 1)

    def store(self, message: Received) -> None:
        with self._arrived:
            self.received.append(message)
            self.accepted += message.accepted
            self._arrived.notify_all()
        if self.on_message:
            self.on_message(message)


class Conversation:
    """One connection, command by command."""

    def __init__(
        self, sink: Sink, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, number: int
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
