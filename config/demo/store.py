"""The mail that the demonstration mailbox has received: one file a message in a folder."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes, policy
from email.message import Message
from functools import cached_property
from pathlib import Path
from typing import Any

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
    def message(self) -> Message:
        """Read by the plain policy: the default one takes apart every header of every part, ten times the work."""
        return message_from_bytes(self.raw, policy=policy.compat32)

    @property
    def sender(self) -> str:
        return self._header("from")

    @property
    def subject(self) -> str:
        return self._header("subject")

    @property
    def message_id(self) -> str:
        return self._header("message-id").strip()

    def _header(self, name: str) -> str:
        """A header unfolded and decoded; empty where there is none."""
        value = self.message[name]
        return "" if value is None else str(policy.default.header_fetch_parse(name, str(value)))

    @cached_property
    def html(self) -> str:
        return self._part("text/html")

    @cached_property
    def text(self) -> str:
        return self._part("text/plain")

    def _part(self, kind: str) -> str:
        """The first part of this type that is no attachment, decoded; empty where there is none."""
        parts = (part for part in self.message.walk() if part.get_content_type() == kind)
        part = next((part for part in parts if part.get_content_disposition() != "attachment"), None)
        if part is None:
            return ""
        octets = part.get_payload(decode=True)
        assert isinstance(octets, bytes)
        try:
            return octets.decode(part.get_content_charset() or "utf-8", "replace")
        except LookupError:
            return octets.decode("utf-8", "replace")

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
        found = re.search(r"<(https?://[^>]+)>", self._header("list-unsubscribe"))
        return found.group(1) if found else None

    def told(self) -> dict[str, Any]:
        """What is read out of the mail for GET /demo/mail.json."""
        return {"from": self.sender, "subject": self.subject, "links": self.links}

    def as_json(self, told: dict[str, Any]) -> dict[str, Any]:
        """The form of GET /demo/mail.json, with what was read out of the mail before."""
        return {
            "id": self.id,
            "to": self.to,
            **told,
            "received_at": self.received_at.isoformat(),
            "raw": self.raw.decode("utf-8", "replace"),
        }


_told: dict[Path, tuple[int, dict[str, Any]]] = {}
"""By file and its time of writing, what a mail says: kept in the process, so that a mail is read apart once only."""


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

    def listed(self, *, after: int = 0) -> list[dict[str, Any]]:
        """Every mail with a greater number in the form of GET /demo/mail.json, newest first."""
        numbers = sorted((n for n in self._ids() if n > after), reverse=True)
        return [self._as_json(mail) for number in numbers if (mail := self.get(number))]

    def _as_json(self, mail: ReceivedMail) -> dict[str, Any]:
        path = self.folder / f"{mail.id}.mail"
        try:
            written = path.stat().st_mtime_ns
        except FileNotFoundError:  # cleared since it was read
            return mail.as_json(mail.told())
        known = _told.get(path)
        if known is None or known[0] != written:
            known = _told[path] = written, mail.told()
        return mail.as_json(known[1])

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
