"""The SMTP server of the demonstration mailbox, on loopback."""

from __future__ import annotations

from datetime import UTC, datetime
from socket import socket
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from config.demo.store import MailStore


class Keeper:
    """Accepts every mail and keeps one copy for each recipient of its envelope."""

    def __init__(self, store: MailStore) -> None:
        self.store = store

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        content = envelope.original_content or b""
        for recipient in envelope.rcpt_tos:
            self.store.add(to=recipient, raw=content, at=datetime.now(UTC))
        return "250 2.0.0 Kept for the demonstration"


class HandedOver(Controller):
    """A controller that serves on a socket that listens already."""

    def __init__(self, handler: Keeper, listening: socket, **options: Any) -> None:
        self.listening = listening
        host, port = listening.getsockname()[:2]
        super().__init__(handler, hostname=host, port=port, **options)

    def _create_server(self) -> Any:
        return self.loop.create_server(self._factory_invoker, sock=self.listening)


def start(store: MailStore, listening: socket) -> Controller:
    """Serve SMTP on a listening socket, in a thread."""
    controller = HandedOver(Keeper(store), listening, decode_data=False, enable_SMTPUTF8=True)
    controller.start()
    return controller
