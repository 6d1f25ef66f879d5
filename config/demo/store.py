"""The mail that the demonstration mailbox has received: one file a message in a folder."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from functools import cached_property
from pathlib import Path

from selectolax.lexbor import LexborHTMLParser

ID = re.compile(r"\d{1,12}")
TRACKED = re.compile(r"/t/[^/]+\.c\.[^/]+$")


@dataclass(frozen=True)
class ReceivedMail:
    """One mail as it arrived. ``to`` is the envelope's recipient, which BCC copies have only there."""

    id: int
    to: str
    received_at: datetime
    raw: bytes

    @cached_property
    def message(self) -> EmailMessage:
        return message_from_bytes(self.raw, policy=policy.default)

    @property
    def sender(self) -> str:
        return str(self.message["from"] or "")

    @property
    def subject(self) -> str:
        return str(self.message["subject"] or "")

    @property
    def message_id(self) -> str:
        return str(self.message["message-id"] or "").strip()

    @cached_property
    def html(self) -> str:
        part = self.message.get_body(preferencelist=("html",))
        return part.get_content() if part else ""

    @cached_property
    def text(self) -> str:
        part = self.message.get_body(preferencelist=("plain",))
        return part.get_content() if part else ""

    @cached_property
    def links(self) -> list[str]:
        """Every http(s) link of the HTML part, in order."""
        hrefs = [a.attributes.get("href") or "" for a in LexborHTMLParser(self.html).css("a[href]")]
        return [href for href in hrefs if href.startswith(("http://", "https://"))]

    @property
    def tracked_links(self) -> list[str]:
        return [link for link in self.links if TRACKED.search(link)]

    @cached_property
    def pixel(self) -> str | None:
        sources = [img.attributes.get("src") or "" for img in LexborHTMLParser(self.html).css("img[src]")]
        return next((src for src in sources if "/t/" in src), None)

    @property
    def unsubscribe_url(self) -> str | None:
        found = re.search(r"<(https?://[^>]+)>", str(self.message["list-unsubscribe"] or ""))
        return found.group(1) if found else None

    def as_json(self) -> dict:
        """The form of GET /demo/mail.json."""
        return {
            "id": self.id,
            "to": self.to,
            "from": self.sender,
            "subject": self.subject,
            "received_at": self.received_at.isoformat(),
            "links": self.links,
            "raw": self.raw.decode("utf-8", "replace"),
        }


class MailStore:
    """A folder of received mails. Written by the mail server's process, read by the web's."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._last: int | None = None

    def add(self, *, to: str, raw: bytes, at: datetime) -> int:
        """Keep a mail; its id is the next number. One process writes, so nobody else takes the number.

        The folder is looked through for the first one only: with thousands of mails that takes longer than the rest.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        if self._last is None:
            self._last = max(self._ids(), default=0)
        self._last = number = self._last + 1
        envelope = json.dumps({"to": to, "received_at": at.isoformat()}).encode()
        half = self.folder / f"{number}.part"
        half.write_bytes(envelope + b"\n" + raw)
        half.rename(self.folder / f"{number}.mail")
        return number

    def get(self, number: int) -> ReceivedMail | None:
        path = self.folder / f"{number}.mail"
        if not path.exists():
            return None
        envelope, _, raw = path.read_bytes().partition(b"\n")
        fields = json.loads(envelope)
        return ReceivedMail(
            id=number, to=fields["to"], received_at=datetime.fromisoformat(fields["received_at"]), raw=raw
        )

    def newest(self, limit: int) -> list[ReceivedMail]:
        """The newest mails first, at most ``limit``."""
        found = (self.get(number) for number in sorted(self._ids(), reverse=True)[:limit])
        return [mail for mail in found if mail]

    def clear(self) -> None:
        """Forget all mails: they belong to a demonstration that is gone."""
        for number in self._ids():
            (self.folder / f"{number}.mail").unlink(missing_ok=True)

    def count(self) -> int:
        return len(self._ids())

    def _ids(self) -> list[int]:
        if not self.folder.exists():
            return []
        return [int(p.stem) for p in self.folder.glob("*.mail") if ID.fullmatch(p.stem)]
