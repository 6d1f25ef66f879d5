"""Rows of the outbox for tests; all stand inside ``tenants.use(tenant)``."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from messaging.models import Mailbox, Mailing, Message, Template, TemplateVersion
from sequences.models import StepRun
from tests.factories import NOW, ContactFactory, make_member

_count = iter(range(1, 10**9))

DAYS = {"not_after": NOW + timedelta(days=30)}
"""Fields of a message that is not stale for days."""


def make_mailbox(port: int = 25, member: Any = None, **fields: Any) -> Mailbox:
    """A working mailbox on loopback."""
    given: dict[str, Any] = {
        "member": member or make_member(), "name": "Mia Muster", "email": f"mia{next(_count)}@us.example",
        "smtp_host": "127.0.0.1", "smtp_port": port, "smtp_security": "none",
    }  # fmt: skip
    return Mailbox.objects.create(**given | fields)


def make_version(subject: str = "Hello {{ contact.first_name | default: 'there' }}", body: str = "<p>Hi.</p>",
                 needed: list[str] | None = None) -> TemplateVersion:  # fmt: skip
    """The first version of a new template."""
    template = Template.objects.create(name=f"Template {next(_count)}")
    version = TemplateVersion.objects.create(
        template=template, number=1, subject=subject, body=body, needed=needed or [], made_at=NOW
    )
    template.current = version
    template.save(update_fields=["current"])
    return version


def make_mailing(version: TemplateVersion | None = None, **fields: Any) -> Mailing:
    """The mailing of a step."""
    return Mailing.objects.create(template_version=version or make_version(), step_key="intro", **fields)


def make_message(mailbox: Mailbox | None = None, mailing: Mailing | None = None, contact: Any = None,
                 at: datetime = NOW, **fields: Any) -> Message:  # fmt: skip
    """A pending e-mail that belongs to no stay, or with ``enrollment_id`` to a new step run of that one."""
    contact = contact or ContactFactory()
    mailbox = mailbox or make_mailbox()
    given: dict[str, Any] = {
        "mailing": mailing or make_mailing(), "contact": contact, "sender": mailbox.member, "mailbox": mailbox,
        "address_norm": contact.email_norm or "", "made_at": at, "due_at": at,
    }  # fmt: skip
    if fields.get("enrollment_id") and "step_run_id" not in fields:
        fields["step_run_id"] = StepRun.objects.create(
            enrollment_id=fields["enrollment_id"],
            key=f"step{next(_count)}",
            kind="email",
            state="executed",
            at=at,
        ).pk
    return Message.objects.create(**given | fields)


def make_messages(mailbox: Mailbox, count: int, **fields: Any) -> list[Message]:
    """So many of one mailing, due a second after the other."""
    mailing = make_mailing()
    return [make_message(mailbox, mailing, due_at=NOW + timedelta(seconds=n), **fields) for n in range(count)]


def sent_message(at: datetime = NOW, **fields: Any) -> Message:
    """One that was sent at ``at``."""
    return make_message(at=at, **{"state": "sent", "gate_at": at, "sent_at": at, **fields})


def heard(signal: Any) -> list[dict[str, Any]]:
    """A list that fills with what ``signal`` says from now on, for as long as the list lives."""
    said: list[dict[str, Any]] = _Heard()

    def hear(sender: Any, signal: Any, **said_now: Any) -> None:
        said.append(said_now)

    signal.connect(hear, weak=True)
    said.hear = hear  # type: ignore[attr-defined]
    return said


class _Heard(list[dict[str, Any]]):
    pass


class Time:
    """A clock that tests set."""

    def __init__(self, at: datetime = NOW) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at

    def pass_by(self, **length: float) -> None:
        self.at += timedelta(**length)


def late(time: Time) -> None:
    """So late that all of ``make_messages`` are due."""
    time.pass_by(minutes=1)


def make_sent(count: int = 1_000) -> None:
    """So many messages that left, of which the planner knows: without any its choice of an index is a chance one."""
    like = make_message(state="sent")
    contacts = ContactFactory.create_batch(20)
    Message.objects.bulk_create(
        Message(
            mailing_id=like.mailing_id,
            contact=contacts[number % 20],
            sender_id=like.sender_id,
            mailbox_id=like.mailbox_id,
            address_norm=f"to{number}@them.example",
            made_at=NOW,
            due_at=NOW,
            state="sent",
        )
        for number in range(count)
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE messaging_message")
