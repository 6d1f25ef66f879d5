"""Connecting a mailbox: it is tried before it is stored; what the server refuses is said at its field.

These talk to a network, so they are called outside of any transaction and take the tenant.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime

from audience.addresses import normalise_address
from messaging import mailboxes
from messaging.headers import Unsendable, sendable
from messaging.models import Mailbox
from messaging.verdicts import Verdict
from messaging.wire import Server
from tenants.commands import audit
from tenants.models import Member
from tenants.secrets import Unreadable, encrypt
from tenants.wall import use

SECURITIES = ("starttls", "ssl", "none")
FIELD_OF = {"auth": "smtp_password", "tls": "smtp_security"}


class Refused(Exception):
    """The mailbox is not stored. ``field`` is where the message belongs."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field, self.message = field, message


@dataclass(frozen=True)
class Account:
    """What a member enters, besides the password."""

    email: str
    smtp_host: str
    smtp_port: int = 587
    smtp_security: str = "starttls"
    smtp_username: str = ""
    name: str = ""
    daily_cap: int | None = None
    is_default: bool = True


def save(
    tenant_id: int,
    account: Account,
    *,
    by_id: int,
    member_id: int,
    now: datetime,
    password: str | None = None,
    mailbox_id: int | None = None,
) -> int:
    """Try the account (connect, EHLO, STARTTLS, sign in), then store it; the mailbox's id. Raises Refused.

    ``password``: None keeps the stored one, where host and user stay the same: a stored password is never sent to
    another server. ``mailbox_id`` changes that mailbox of the member (Mailbox.DoesNotExist), else a new one is made.
    What waited for it leaves.
    """
    _check(account)
    stored = _stored(tenant_id, account, member_id, mailbox_id) if password is None else password
    server = Server(
        host=account.smtp_host.strip(),
        port=account.smtp_port,
        security=account.smtp_security,  # type: ignore[arg-type]
        username=account.smtp_username,
        password=stored,
        helo=account.email.rpartition("@")[2],
    )
    _try(server)
    with use(tenant_id):
        by = Member.objects.get(pk=by_id)
        mailbox = (
            Mailbox(member_id=member_id)
            if mailbox_id is None
            else Mailbox.objects.get(pk=mailbox_id, member_id=member_id)
        )
        for name, value in asdict(account).items():
            setattr(mailbox, name, value)
        mailbox.email, mailbox.smtp_host = account.email.strip(), server.host
        mailbox.smtp_password = encrypt(stored)
        mailbox.save()
        if account.is_default:
            Mailbox.objects.filter(member_id=member_id).exclude(pk=mailbox.pk).update(is_default=False)
        mailboxes.works(mailbox, now=now)
        verb = "mailbox.connected" if mailbox_id is None else "mailbox.changed"
        audit(by=by, verb=verb, obj=mailbox, at=now, email=mailbox.email, host=mailbox.smtp_host)
        return mailbox.pk


def test(tenant_id: int, mailbox_id: int, *, now: datetime) -> str:
    """Try a stored mailbox. An empty text where it works (again), and what waited for it leaves; else what is wrong."""
    with use(tenant_id):
        mailbox = Mailbox.objects.get(pk=mailbox_id)
    try:
        _try(mailboxes.server_of(mailbox))
    except (Refused, Unreadable) as wrong:
        with use(tenant_id):
            mailboxes.breaks(mailbox, str(wrong), now=now)
        return str(wrong)
    with use(tenant_id):
        mailboxes.works(mailbox, now=now)
    return ""


def _check(account: Account) -> None:
    try:
        sendable(account.email.strip())
    except Unsendable as wrong:
        raise Refused("email", str(wrong)) from wrong
    if normalise_address(account.email) is None:
        raise Refused("email", "This is no e-mail address.")
    if not account.smtp_host.strip():
        raise Refused("smtp_host", "The name of the server is missing.")
    if not 0 < account.smtp_port < 65536:
        raise Refused("smtp_port", "A port is a number from 1 to 65535.")
    if account.smtp_security not in SECURITIES:
        raise Refused("smtp_security", "Choose STARTTLS, SSL or none.")
    if account.daily_cap is not None and account.daily_cap < 1:
        raise Refused("daily_cap", "At least 1, or empty for none.")


def _stored(tenant_id: int, account: Account, member_id: int, mailbox_id: int | None) -> str:
    if mailbox_id is None:
        return ""
    with use(tenant_id):
        before = Mailbox.objects.get(pk=mailbox_id, member_id=member_id)
        if not before.smtp_password:
            return ""
        same = ("smtp_host", "smtp_port", "smtp_username", "smtp_security")
        if any(getattr(before, name) != getattr(account, name) for name in same):
            raise Refused("smtp_password", "Enter the password again: the server or the user has changed.")
        try:
            return mailboxes.server_of(before).password
        except Unreadable as wrong:
            raise Refused("smtp_password", str(wrong)) from wrong


def _try(server: Server) -> None:
    with mailboxes.open_transport(server) as transport:
        verdict = transport.probe()
    if verdict is not None:
        raise Refused(FIELD_OF.get(verdict.reason, "smtp_host"), _said(verdict))


def _said(verdict: Verdict) -> str:
    """In the server's own words, where it has said something."""
    if verdict.code is not None and verdict.code > 0:
        return f"The server answered: {verdict.code} {verdict.text}"
    return verdict.text or "The server could not be reached."
