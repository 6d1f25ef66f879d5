"""A mailbox is tried, its password is encrypted, and what waited for it leaves once it works."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.core.exceptions import PermissionDenied
from django.core.management import call_command

from messaging.commands.mailboxes import keep_mailbox, make_default, note_test, switch_off, within_reach
from messaging.delivery import visit
from messaging.mailboxes import server_of
from messaging.models import Mailbox, Message
from messaging.probing import Trouble, probe
from tenants.models import Member, Tenant
from tenants.secrets import Unreadable, decrypt, encrypt
from tests.apps.messaging.factories import Time, make_mailbox, make_message
from tests.factories import NOW, make_member
from tests.sink import Rule, Sink

pytestmark = pytest.mark.django_db

SECRET = "pässword with blanks"


@pytest.fixture
def server() -> Iterator[Sink]:
    with Sink(users={"mia": SECRET}, auth_required=True) as sink:
        yield sink


@pytest.fixture
def mia(tenant: Tenant) -> Member:
    return make_member()


@pytest.fixture
def mailbox(mia: Member, server: Sink) -> Mailbox:
    fresh = Mailbox(member=mia, email="mia@us.example", smtp_host="127.0.0.1", smtp_port=server.port)
    fresh.smtp_security, fresh.smtp_username = "none", "mia"
    return keep_mailbox(mailbox=fresh, password=SECRET, by=mia, now=NOW)


def try_again(mailbox: Mailbox, by: Member, time: Time) -> Trouble | None:
    trouble = probe(server_of(mailbox))
    note_test(mailbox=mailbox, trouble=trouble, by=by, now=time.at)
    mailbox.refresh_from_db()
    return trouble


def test_a_broken_mailbox_works_again_after_a_good_test_and_what_waited_leaves(
    tenant: Tenant, mia: Member, mailbox: Mailbox, server: Sink, time: Time
) -> None:
    make_message(mailbox)
    server.users = {"mia": "changed at the provider"}
    assert visit(tenant.pk, mailbox.pk, clock=time) == {"pending": 1}
    trouble = try_again(mailbox, mia, time)
    assert trouble and (trouble.field, "535" in trouble.words) == ("password", True)
    assert mailbox.state == Mailbox.BROKEN
    server.users = {"mia": SECRET}
    time.pass_by(hours=36)
    assert try_again(mailbox, mia, time) is None
    assert visit(tenant.pk, mailbox.pk, clock=time) == {"sent": 1}
    assert Message.objects.get().state == "sent"


def test_what_waits_for_a_mailbox_that_was_switched_off_leaves_when_it_is_on_again(
    tenant: Tenant, mia: Member, mailbox: Mailbox, time: Time
) -> None:
    make_message(mailbox)
    switch_off(mailbox=mailbox, by=mia, now=time.at)
    assert visit(tenant.pk, mailbox.pk, clock=time) == {}
    assert try_again(mailbox, mia, time) is None
    assert visit(tenant.pk, mailbox.pk, clock=time) == {"sent": 1}


def test_a_server_that_is_silent_is_not_waited_for_for_ever(
    mailbox: Mailbox, server: Sink, settings: Any
) -> None:
    settings.SMTP_TIMEOUT_SECONDS = 1
    server.rules.add(Rule(at="connect", do="silence"))
    trouble = probe(server_of(mailbox))
    assert trouble and (trouble.field, trouble.lasting) == ("smtp_host", False)


def test_one_mailbox_of_a_member_is_the_default(mia: Member, mailbox: Mailbox, server: Sink) -> None:
    fresh = Mailbox(member=mia, email="mia2@us.example", smtp_host="127.0.0.1", smtp_port=server.port)
    second = keep_mailbox(mailbox=fresh, password="", by=mia, now=NOW)
    assert (mailbox.is_default, second.is_default) == (True, False)
    make_default(mailbox=second, by=mia, now=NOW)
    assert dict(Mailbox.objects.values_list("pk", "is_default")) == {mailbox.pk: False, second.pk: True}


def test_each_looks_after_their_own_mailboxes_and_an_administrator_after_all(mailbox: Mailbox) -> None:
    other, admin = make_member("sales_manager"), make_member("admin")
    theirs = make_mailbox(member=other)
    assert list(within_reach(other)) == [theirs]
    assert set(within_reach(admin)) == {theirs, mailbox}
    for verb in (switch_off, make_default):
        with pytest.raises(PermissionDenied):
            verb(mailbox=mailbox, by=other, now=NOW)
    with pytest.raises(PermissionDenied):
        keep_mailbox(mailbox=mailbox, password="stolen", by=other, now=NOW)
    with pytest.raises(PermissionDenied):
        within_reach(make_member("read_only"))


def test_keys_are_changed_without_a_gap(mailbox: Mailbox, settings: Any) -> None:
    old, new = settings.FIELD_ENCRYPTION_KEYS[0], Fernet.generate_key().decode()
    settings.FIELD_ENCRYPTION_KEYS = [new, old]
    call_command("rotate_field_keys", stdout=io.StringIO())
    settings.FIELD_ENCRYPTION_KEYS = [new]
    mailbox.refresh_from_db()
    assert decrypt(mailbox.smtp_password) == SECRET
    settings.FIELD_ENCRYPTION_KEYS = [Fernet.generate_key().decode()]
    with pytest.raises(Unreadable):
        decrypt(mailbox.smtp_password)
    with pytest.raises(SystemExit):
        call_command("rotate_field_keys", stdout=io.StringIO(), stderr=io.StringIO())


def test_no_password_is_no_ciphertext(db: None) -> None:
    assert (encrypt(""), decrypt("")) == ("", "")
