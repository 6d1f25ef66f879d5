"""``manage.py deliver`` and the bells of delivery."""

from __future__ import annotations

import io
import json
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from messaging import due, outbox
from messaging.models import MailboxDue, Message
from tenants.models import Tenant
from tenants.wall import use
from tests.apps.messaging.factories import make_mailbox, make_message
from tests.factories import NOW, make_tenant
from tests.sink import Rule, Sink

pytestmark = pytest.mark.django_db


def deliver(*arguments: str) -> Any:
    out = io.StringIO()
    call_command("deliver", *arguments, "--json", stdout=out)
    return json.loads(out.getvalue())


@pytest.fixture
def messages(tenant: Tenant, sink: Sink) -> list[Message]:
    made = []
    for _ in range(2):
        mailbox = make_mailbox(sink.port)
        MailboxDue.objects.create(tenant_id=tenant.pk, mailbox_id=mailbox.pk, due_at=NOW)
        made += [make_message(mailbox, not_after=NOW + timedelta(days=2)) for _ in range(3)]
    return made


def test_it_sends_what_is_due_and_counts_by_state(
    tenant: Tenant, messages: list[Message], sink: Sink
) -> None:
    sink.add(Rule(at="rcpt", reply="550 5.1.1 Nobody", recipient=messages[0].address_norm))
    sink.add(Rule(at="rcpt", reply="450 4.2.0 Later", recipient=messages[1].address_norm, times=1))
    sink.add(Rule(at="dot", do="drop", recipient=messages[2].address_norm))
    assert deliver("--at", NOW.isoformat(), "--tenant", tenant.slug) == {
        "sent": 3, "failed": 1, "pending": 1, "cancelled": 0, "expired": 0, "unknown": 1,
    }  # fmt: skip


def test_draining_goes_on_until_nothing_is_due(tenant: Tenant, messages: list[Message], sink: Sink) -> None:
    found = deliver("--drain", "--at", NOW.isoformat(), "--tenant", tenant.slug)
    assert (found["sent"], found["pending"]) == (6, 0)
    assert len(sink.messages) == 6
    assert set(MailboxDue.objects.values_list("due_at", flat=True)) == {None}


def test_it_ends_although_a_mailbox_does_not_work(tenant: Tenant, messages: list[Message]) -> None:
    first = messages[0].mailbox
    assert first is not None
    first.state = "broken"
    first.save()
    found = deliver("--drain", "--at", NOW.isoformat(), "--tenant", tenant.slug)
    assert (found["sent"], found["pending"]) == (3, 3)


def test_what_is_stale_expires(tenant: Tenant, messages: list[Message]) -> None:
    at = NOW + timedelta(days=3)
    assert deliver("--drain", "--at", at.isoformat(), "--tenant", tenant.slug)["expired"] == 6


@pytest.mark.parametrize("arguments", [["--at", "tomorrow"], ["--tenant", "nobody"]])
def test_a_wrong_argument_is_status_2(db: None, arguments: list[str]) -> None:
    with pytest.raises(CommandError) as refused:
        call_command("deliver", *arguments)
    assert refused.value.returncode == 2


def test_the_age_of_the_oldest_due_is_known(tenant: Tenant, messages: list[Message]) -> None:
    assert due.oldest(now=NOW + timedelta(minutes=7)) == timedelta(minutes=7)
    assert due.oldest(now=NOW - timedelta(minutes=7)) == timedelta(0)


def test_r_022_the_tenant_that_is_served_least_comes_next(db: None) -> None:
    until = NOW + timedelta(seconds=30)
    for mailbox in range(4):
        MailboxDue.objects.create(
            tenant_id=1, mailbox_id=mailbox, due_at=NOW - timedelta(minutes=9 - mailbox)
        )
    MailboxDue.objects.create(tenant_id=2, mailbox_id=9, due_at=NOW)
    picked = [due.pick(now=NOW, until=until) for _ in range(6)]
    assert picked == [(1, 0), (2, 9), (1, 1), (1, 2), (1, 3), None]
    assert due.pick(now=until, until=until + timedelta(seconds=30)), "whoever picked it has died"


def test_messages_that_are_added_ring_their_bell_after_the_commit(
    sink: Sink, db: None, django_capture_on_commit_callbacks: Any
) -> None:
    tenant = make_tenant()
    with django_capture_on_commit_callbacks() as callbacks, use(tenant):
        message = make_message(make_mailbox(sink.port))
        outbox.hold_mailbox(message.mailbox_id or 0, now=NOW)
        outbox.release_mailbox(message.mailbox_id or 0, now=NOW)
    assert len(callbacks) == 1
    assert MailboxDue.objects.get().due_at == NOW
