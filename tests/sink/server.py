"""The SMTP server itself: asyncio in a thread of its own, so that tests stay ordinary functions."""

import asyncio
import contextlib
import ssl
import threading
from collections.abc import Callable
from typing import Self

from tests.sink.conversation import Conversation, Hangup
from tests.sink.rules import Received, Rule, Rules


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
        while tasks := asyncio.all_tasks(self._loop):  # a connection may have come in last
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
