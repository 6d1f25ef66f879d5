"""Freezing: at its first claim a message gets its values, its bytes and its Message-ID, once for all attempts (2.32).

One query reads the values of the whole batch; the bytes go into Payload.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg
from django.conf import settings
from django.db import connection

from messaging import copies, results, threads, values
from messaging.claim import Claimed, Lease
from messaging.compose import Composed, Text, Tracking, compose
from messaging.copies import Owners, all_copies, open_copies
from messaging.headers import Unsendable, new_message_id
from messaging.liquid import MissingPlaceholder, Prepared, TemplateFault, prepare
from messaging.mime import Heading
from messaging.models import Mailbox, Mailing, Message, Payload
from messaging.tokens import Links, Signer
from tenants.models import Member, Tenant

STAMP = """
    UPDATE messaging_message m SET message_id = f.message_id, subject = f.subject
    FROM unnest(%s::bigint[], %s::text[], %s::text[]) AS f (id, message_id, subject)
    WHERE m.id = f.id AND m.state = 'leased' AND m.lease_token = %s RETURNING m.id
"""

KEEP = """
    INSERT INTO messaging_payload (message_id, raw, sha256, copy, links)
    SELECT id, raw, sha256, copy, links::jsonb
    FROM unnest(%(ids)s::bigint[], %(raws)b::bytea[], %(sums)b::bytea[], %(copies)b::bytea[], %(links)s::text[])
         AS f (id, raw, sha256, copy, links)
    WHERE id = ANY(%(ours)s::bigint[])
"""


@dataclass(frozen=True, slots=True)
class Frozen:
    """A message ready for the wire. ``copies`` are the addresses of Cc and Bcc, which get ``copy``."""

    claimed: Claimed
    raw: bytes
    copies: tuple[str, ...] = ()
    copy: bytes = b""


def freeze(lease: Lease, batch: list[Claimed], *, now: datetime) -> list[Frozen]:
    """The bytes of those of the batch that are still ours, in its order; made for those that have none yet.

    What cannot be rendered ends here, alone: ``failed`` with the reason placeholder, template, or that of Unsendable.
    In the caller's transaction, of the tenant.
    """
    ours = set(
        Message.objects.filter(
            pk__in=[m.id for m in batch], state="leased", lease_token=lease.token
        ).values_list("pk", flat=True)
    )
    batch = [m for m in batch if m.id in ours]
    mailings = {
        m.pk: m
        for m in Mailing.objects.select_related("template_version").filter(
            pk__in={m.mailing_id for m in batch}
        )
    }
    owners = copies.owners_of(batch, mailings)
    fresh = [m for m in batch if m.message_id is None]
    payloads = _Press(lease, mailings, owners, now).print(fresh) if fresh else {}
    before = Payload.objects.filter(message__in=ours - {m.id for m in fresh})
    for message_id, raw, copy in before.values_list("message_id", "raw", "copy"):
        payloads[message_id] = (bytes(raw), bytes(copy or b""))
    return [
        Frozen(m, payloads[m.id][0], all_copies(mailings[m.mailing_id], owners.get(m.id)), payloads[m.id][1])
        for m in batch
        if m.id in payloads
    ]


class _Press:
    """Makes the bytes of a batch."""

    def __init__(self, lease: Lease, mailings: dict[int, Mailing], owners: Owners, now: datetime) -> None:
        self.lease, self.mailings, self.owners, self.now = lease, mailings, owners, now
        self.tenant = Tenant.objects.get(pk=lease.tenant_id)
        self.mailbox = Mailbox.objects.select_related("member__user").get(pk=lease.mailbox_id)
        self.signer = Signer([settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS])

    def print(self, batch: list[Claimed]) -> dict[int, tuple[bytes, bytes]]:
        """The bytes, and those of the copies, by message."""
        self.senders = {
            m.pk: m for m in Member.objects.select_related("user").filter(pk__in={m.sender_id for m in batch})
        }
        answering = [
            m.enrollment_id
            for m in batch
            if m.enrollment_id and self.mailings[m.mailing_id].thread == "reply"
        ]
        self.answered = threads.answered(answering)
        self.read_values(batch)
        made: list[tuple[Claimed, Heading, Composed, bytes | None]] = []
        for message in batch:
            try:
                made.append((message, *self.compose(message)))
            except MissingPlaceholder as missing:
                self.fail(message, "placeholder", str(missing))
            except TemplateFault as fault:
                self.fail(message, "template", str(fault))
            except Unsendable as fault:
                self.fail(message, fault.reason, str(fault))
        return self.store(made) if made else {}

    def read_values(self, batch: list[Claimed]) -> None:
        paths = {"contact.first_name", "contact.last_name"}
        for message in batch:
            try:
                text = self.text(message)
            except TemplateFault:
                continue
            for part in (text.subject, text.body, text.signature):
                paths |= part.used if part else set()
        rows = Message.objects.filter(pk__in=[m.id for m in batch])
        self.values = values.read(rows, paths, zone=self.mailbox.member.timezone)

    def text(self, message: Claimed) -> Text:
        version = self.mailings[message.mailing_id].template_version
        if version is None:
            raise TemplateFault("The step had no template.")
        signature: Prepared | None = None
        sender = self.senders.get(message.sender_id or 0)
        if sender and sender.signature.strip():
            signature = prepare(sender.signature, html=True)
        answered = self.answered_by(message)
        return Text(
            prepare(version.subject, html=False),
            prepare(version.body, html=True),
            signature,
            answered.subject if answered else None,
        )

    def answered_by(self, message: Claimed) -> threads.Answered | None:
        is_answer = self.mailings[message.mailing_id].thread == "reply"
        return self.answered.get(message.enrollment_id or 0) if is_answer else None

    def compose(self, message: Claimed) -> tuple[Heading, Composed, bytes | None]:
        mailing = self.mailings[message.mailing_id]
        found = self.values[message.id]
        heading, text = self.heading(message, mailing), self.text(message)
        links = Links(
            self.signer,
            settings.TRACKING_BASE_URL,
            settings.PUBLIC_BASE_URL,
            self.lease.tenant_id,
            message.id,
            message.address,
        )
        tracking = Tracking(
            links, opens=mailing.track_opens, clicks=mailing.track_clicks, unsubscribe=mailing.unsubscribe,
            identity=self.tenant.identity, postal_address=self.tenant.postal_address,
        )  # fmt: skip
        composed = compose(heading, text, found, tracking)
        has_copies = bool(all_copies(mailing, self.owners.get(message.id)))
        copy = compose(heading, text, found, None).raw if has_copies else None
        return heading, composed, copy

    def heading(self, message: Claimed, mailing: Mailing) -> Heading:
        sender = self.senders.get(message.sender_id or 0)
        zone = sender.timezone if sender else self.tenant.timezone
        answered = self.answered_by(message)
        found = self.values[message.id]
        name = f"{found['contact.first_name'] or ''} {found['contact.last_name'] or ''}".strip()
        return Heading(
            message_id=new_message_id(self.mailbox.email),
            date=self.now.astimezone(zone),
            from_address=self.mailbox.email,
            from_name=self.mailbox.name or (sender.name if sender else ""),
            to_address=message.address,
            to_name=name,
            reply_to=mailing.reply_to,
            cc=open_copies(mailing, self.owners.get(message.id)),
            in_reply_to=answered.message_id if answered else "",
            references=answered.references if answered else (),
        )

    def store(
        self, made: list[tuple[Claimed, Heading, Composed, bytes | None]]
    ) -> dict[int, tuple[bytes, bytes]]:
        """Only for those that are still ours: another worker's bytes stay.

        In binary, past Django: as text the bytes would be doubled, and read again.
        """
        ids = [m.id for m, *_ in made]
        stamps = [heading.message_id for _, heading, *_ in made], [c.subject for *_, c, _ in made]
        payloads: dict[str, Any] = {
            "ids": ids,
            "raws": [composed.raw for *_, composed, _ in made],
            "sums": [hashlib.sha256(composed.raw).digest() for *_, composed, _ in made],
            "copies": [copy for *_, copy in made],
            "links": [json.dumps(composed.links) for *_, composed, _ in made],
        }
        with psycopg.Cursor(connection.connection) as cursor:
            cursor.execute(STAMP, [ids, *stamps, self.lease.token])
            payloads["ours"] = [id for (id,) in cursor.fetchall()]
            cursor.execute(KEEP, payloads)
        ours = set(payloads["ours"])
        return {m.id: (composed.raw, copy or b"") for m, _, composed, copy in made if m.id in ours}

    def fail(self, message: Claimed, reason: str, text: str) -> None:
        said = results.Said(text=text)
        results.end(self.lease, message, "give_up", reason=reason, now=self.now, said=said)
