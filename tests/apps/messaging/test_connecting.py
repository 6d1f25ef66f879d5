"""A mailbox is tried before it is stored, and its password is never stored readable."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.core.management import call_command

from messaging import connecting
from messaging.connecting import Account, Refused
from messaging.delivery import visit
from messaging.models import Mailbox, Message
from tenants.models import AuditLine, Member, Tenant
from tenants.secrets import Unreadable, decrypt, encrypt
from tests.apps.messaging.factories import Time, make_message
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
def account(server: Sink) -> Account:
    return Account(
        email="mia@us.example", smtp_host="127.0.0.1", smtp_port=server.port, smtp_security="none",
        smtp_username="mia", name="Mia",
    )  # fmt: skip


def save(tenant: Tenant, mia: Member, account: Account, **more: Any) -> Mailbox:
    pk = connecting.save(tenant.pk, account, by_id=mia.pk, member_id=mia.pk, now=NOW, **more)
    return Mailbox.objects.get(pk=pk)


def test_what_works_is_stored_with_its_password_encrypted(
    tenant: Tenant, mia: Member, account: Account, server: Sink
) -> None:
    mailbox = save(tenant, mia, account, password=SECRET)
    assert (mailbox.state, mailbox.tested_at) == ("working", NOW)
    assert SECRET not in mailbox.smtp_password
    assert decrypt(mailbox.smtp_password) == SECRET
    assert SECRET not in str(AuditLine.objects.values_list("data", flat=True))
    assert server.received == [], "nothing was sent"


def test_a_refused_sign_in_is_said_in_the_servers_words_and_nothing_is_stored(
    tenant: Tenant, mia: Member, account: Account
) -> None:
    with pytest.raises(Refused) as refused:
        save(tenant, mia, account, password="wrong")
    assert refused.value.field == "smtp_password"
    assert "535 5.7.8 Bad credentials" in refused.value.message
    assert not Mailbox.objects.exists()


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"smtp_port": 1}, "smtp_host"),
        ({"smtp_host": "169.254.169.254"}, "smtp_host"),
        ({"smtp_host": "10.0.0.1", "smtp_port": 25}, "smtp_host"),
        ({"smtp_host": " "}, "smtp_host"),
        ({"smtp_port": 99999}, "smtp_port"),
        ({"smtp_security": "starttls"}, "smtp_security"),
        ({"smtp_security": "rot13"}, "smtp_security"),
        ({"email": "mia"}, "email"),
        ({"email": "mia@us.example\r\nBcc: all@x.example"}, "email"),
        ({"daily_cap": 0}, "daily_cap"),
    ],
)
def test_each_fault_is_said_at_its_field(
    tenant: Tenant, mia: Member, account: Account, change: dict[str, Any], field: str
) -> None:
    with pytest.raises(Refused) as refused:
        save(tenant, mia, replace(account, **change), password=SECRET)
    assert refused.value.field == field
    assert not Mailbox.objects.exists()


def test_r_076_open_and_closed_ports_inside_get_the_same_answer(
    tenant: Tenant, mia: Member, account: Account, server: Sink, settings: Any
) -> None:
    settings.EGRESS_ALLOW = []
    answers = set()
    for port in (server.port, 54321):
        with pytest.raises(Refused) as refused:
            save(tenant, mia, replace(account, smtp_port=port), password=SECRET)
        answers.add(refused.value.message.replace(str(port), "…"))
    assert len(answers) == 1


def test_the_stored_password_stays_where_the_server_stays(
    tenant: Tenant, mia: Member, account: Account
) -> None:
    mailbox = save(tenant, mia, account, password=SECRET)
    changed = save(tenant, mia, replace(account, name="Mia M."), mailbox_id=mailbox.pk)
    assert (changed.pk, changed.name, decrypt(changed.smtp_password)) == (mailbox.pk, "Mia M.", SECRET)


def test_a_stored_password_is_never_sent_to_another_server(
    tenant: Tenant, mia: Member, account: Account
) -> None:
    mailbox = save(tenant, mia, account, password=SECRET)
    with Sink() as other, pytest.raises(Refused) as refused:
        save(tenant, mia, replace(account, smtp_port=other.port), mailbox_id=mailbox.pk)
    assert refused.value.field == "smtp_password"
    assert other.opened == 0


def test_a_broken_mailbox_works_again_after_a_good_test_and_what_waited_leaves(
    tenant: Tenant, mia: Member, account: Account, server: Sink, time: Time
) -> None:
    mailbox = save(tenant, mia, account, password=SECRET)
    make_message(mailbox)
    server.users = {"mia": "changed at the provider"}
    assert visit(tenant.pk, mailbox.pk, clock=time) == {"pending": 1}
    assert "535" in connecting.test(tenant.pk, mailbox.pk, now=time.at)
    mailbox.refresh_from_db()
    assert mailbox.state == "broken"
    server.users = {"mia": SECRET}
    time.pass_by(hours=36)
    assert connecting.test(tenant.pk, mailbox.pk, now=time.at) == ""
    assert visit(tenant.pk, mailbox.pk, clock=time) == {"sent": 1}
    assert Message.objects.get().state == "sent"


def test_a_server_that_is_silent_is_not_waited_for_for_ever(
    tenant: Tenant, mia: Member, account: Account, server: Sink, settings: Any
) -> None:
    settings.LEASE_SECONDS = 1
    server.add(Rule(at="connect", do="silence"))
    with pytest.raises(Refused):
        save(tenant, mia, account, password=SECRET)


def test_one_mailbox_of_a_member_is_the_default(tenant: Tenant, mia: Member, account: Account) -> None:
    first = save(tenant, mia, account, password=SECRET)
    second = save(tenant, mia, replace(account, email="mia2@us.example"), password=SECRET)
    first.refresh_from_db()
    assert (first.is_default, second.is_default) == (False, True)


def test_keys_are_changed_without_a_gap(tenant: Tenant, mia: Member, account: Account, settings: Any) -> None:
    mailbox = save(tenant, mia, account, password=SECRET)
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
