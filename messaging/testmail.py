"""A test of a mail: what a contact would get, sent at once to the member who asks, from a mailbox of theirs.

It is none of the outbox's messages: no fact, no limit, no tracking, no copies, and nothing comes back to the contact.
Two parts, since no transaction is held while a server is spoken to: ``write`` inside one, ``send`` outside of any.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.conf import settings

from audience.models import Contact
from messaging.compose import Text, Tracking, compose
from messaging.headers import Unsendable, new_message_id
from messaging.liquid import MissingPlaceholder, TemplateFault, prepare
from messaging.mailboxes import open_transport, server_of
from messaging.mime import Heading
from messaging.models import Mailbox, TemplateVersion
from messaging.smtp import Server
from messaging.templating import values_of
from messaging.tokens import Links, Signer
from tenants.models import Member, Tenant
from tenants.secrets import Unreadable

NO_MESSAGE = 0
"""What the unsubscribe link of a test names: it leads to a page that knows nobody."""


class CannotTest(ValueError):
    """Why no test is sent; fit for a person. Nothing happened."""


@dataclass(frozen=True)
class Written:
    """A test that is ready for the wire."""

    server: Server
    sender: str
    recipient: str
    raw: bytes = field(repr=False)


def mailbox_of(member: Member) -> Mailbox:
    """The working mailbox of the member that a test leaves from. Raises CannotTest."""
    found = Mailbox.objects.filter(member=member, state=Mailbox.WORKING).order_by("-is_default", "pk").first()
    if found is None:
        raise CannotTest("You have no mailbox that works. Connect one under Settings, Mailboxes.")
    return found


def write(
    *, version: TemplateVersion, contact: Contact, by: Member, given: Mapping[str, Any], now: datetime
) -> Written:
    """What ``contact`` would get of a step with these settings (semantics 6.2), if ``by`` were its sender.

    Raises CannotTest: no mailbox works, sending is stopped, a needed value is missing, the text cannot be read.
    """
    tenant = Tenant.objects.get(pk=by.tenant_id)
    if tenant.sending_paused_at or by.sending_paused_at:
        whose = "All" if tenant.sending_paused_at else "Your"
        raise CannotTest(f"{whose} sending is stopped; nothing leaves, no test either.")
    mailbox = mailbox_of(by)
    try:
        signature = prepare(by.signature, html=True) if by.signature.strip() else None
        text = Text(prepare(version.subject, html=False), prepare(version.body, html=True), signature)
        parts = [text.subject, text.body, *([signature] if signature else [])]
        found = values_of(parts, contact=contact, sender=by)
        heading = Heading(
            message_id=new_message_id(mailbox.email),
            date=now.astimezone(by.timezone),
            from_address=mailbox.email,
            from_name=mailbox.name or by.name,
            to_address=by.email,
            to_name=by.name,
            reply_to=str(given.get("reply_to") or ""),
        )
        raw = compose(heading, text, found, _footer(tenant, given)).raw
        return Written(server_of(mailbox), mailbox.email, by.email, raw)
    except MissingPlaceholder as missing:
        raise CannotTest(f"{contact.name} would be held: {missing}") from missing
    except (TemplateFault, Unsendable, Unreadable) as fault:
        raise CannotTest(str(fault)) from fault


def send(written: Written) -> None:
    """Hand it to the server. Raises CannotTest with what the server said. Talks to a network."""
    with open_transport(written.server) as transport:
        verdict = transport.send(written.sender, written.recipient, written.raw, lambda: True)
    if verdict.state != "sent":
        said = " ".join(part for part in (str(verdict.code or ""), verdict.text) if part)
        raise CannotTest(f"The server did not take it: {said or verdict.reason}")


def _footer(tenant: Tenant, given: Mapping[str, Any]) -> Tracking:
    """The footer that the mail would have, with a link that unsubscribes nobody."""
    signer = Signer([settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS])
    links = Links(signer, settings.TRACKING_BASE_URL, settings.PUBLIC_BASE_URL, tenant.pk, NO_MESSAGE)
    return Tracking(
        links, opens=False, clicks=False, unsubscribe=bool(given.get("unsubscribe", True)),
        identity=tenant.identity, postal_address=tenant.postal_address,
    )  # fmt: skip
