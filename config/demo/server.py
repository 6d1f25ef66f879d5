"""The SMTP server of the demonstration mailbox, on loopback."""

from __future__ import annotations

from datetime import UTC, datetime
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


def start(store: MailStore, port: int) -> Controller:
    """Serve SMTP on 127.0.0.1:``port`` in a thread; OSError if the port is taken."""
    options: dict[str, Any] = {
        "hostname": "127.0.0.1",
        "port": port,
        "decode_data": False,
        "enable_SMTPUTF8": True,
    }
    controller = Controller(Keeper(store), **options)
    controller.start()
    return controller
