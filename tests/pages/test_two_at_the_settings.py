"""Two people at one form of the settings: neither overwrites the other unseen, and what both changed is said."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from threading import Thread
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from messaging.models import Mailbox, TrialAddress
from tenants.models import Member, Role, Team, Tenant
from tenants.roles import ACTIONS
from tenants.secrets import encrypt
from tenants.wall import use
from tests.factories import make_member, make_tenant
from tests.pages.signing_in import sign_in
from tests.sink import Rule, Sink
from tests.sink.rules import Rules

pytestmark = pytest.mark.django_db

PASSWORD = "s3cret words"


@dataclass(frozen=True)
class Case:
    """A form with what it shows at first; what Ann changes, and what Ben."""

    path: str
    shown: dict[str, str]
    anns: dict[str, str]
    bens: dict[str, str]
    stored: Callable[[], dict[str, Any]]
    both: dict[str, Any]
    """What is stored after both."""
    clash: dict[str, str]
    """What Ben types where Ann has typed hers."""
    after: dict[str, Any]


@pytest.fixture
def tenant(db: None) -> Tenant:
    made = make_tenant()
    Tenant.objects.filter(pk=made.pk).update(
        name="Northwind", timezone="UTC", postal_address="1 Road\nTown", legal_name=""
    )
    return Tenant.objects.get(pk=made.pk)


def workspace(tenant: Tenant) -> Case:
    shown = {
        "name": "Northwind",
        "timezone": "UTC",
        "country": "",
        "legal_name": "",
        "postal_address": "1 Road\r\nTown",
    }

    def stored() -> dict[str, Any]:
        row = Tenant.objects.get(pk=tenant.pk)
        return {"name": row.name, "zone": str(row.timezone), "by": row.legal_name, "at": row.postal_address}

    both = {"name": "North", "zone": "Europe/Berlin", "by": "", "at": "1 Road\nTown"}
    return Case(
        "/settings/workspace/",
        shown,
        {"name": "North"},
        {"timezone": "Europe/Berlin"},
        stored,
        both,
        {"name": "South"},
        both | {"name": "South"},
    )


def role(tenant: Tenant) -> Case:
    with use(tenant):
        row = Role.objects.create(name="Junior", permissions={"record.view": "all"})
    may = {action: row.permissions.get(action, "none") for action in ACTIONS}
    shown = {"name": "Junior", "emails_per_day": "", "sequences_per_user": ""} | may

    def stored() -> dict[str, Any]:
        now = Role.objects.get(pk=row.pk)
        return {"name": now.name, "most": now.emails_per_day, "edit": now.permissions.get("record.edit")}

    both = {"name": "Junior", "most": 20, "edit": "own"}
    return Case(
        f"/settings/roles/{row.pk}/",
        shown,
        {"record.edit": "own"},
        {"emails_per_day": "20"},
        stored,
        both,
        {"record.edit": "all"},
        both | {"edit": "all"},
    )


def member(tenant: Tenant) -> Case:
    with use(tenant):
        row = make_member("sales_rep", team=Team.objects.create(name="North"))
        other = Role.objects.get(key="sales_manager").pk

    def stored() -> dict[str, Any]:
        now = Member.objects.select_related("role", "team").get(pk=row.pk)
        return {"role": now.role.key, "team": now.team and now.team.name, "most": now.emails_per_day}

    both = {"role": "sales_manager", "team": "North", "most": 30}
    return Case(
        f"/settings/members/{row.pk}/",
        {"role": str(row.role_id), "team": "North", "emails_per_day": ""},
        {"role": str(other)},
        {"emails_per_day": "30"},
        stored,
        both,
        {"role": str(role_id_of(tenant, "read_only"))},
        both | {"role": "read_only"},
    )


def role_id_of(tenant: Tenant, key: str) -> int:
    with use(tenant):
        return Role.objects.get(key=key).pk


def safety(tenant: Tenant) -> Case:
    with use(tenant):
        TrialAddress.objects.create(address_norm="me@us.example")

    def stored() -> dict[str, Any]:
        row = Tenant.objects.get(pk=tenant.pk)
        listed = sorted(TrialAddress.objects.values_list("address_norm", flat=True))
        return {"trial": row.is_trial, "above": row.confirm_above, "to": listed}

    both = {"trial": True, "above": 40, "to": ["me@us.example"]}
    return Case(
        "/settings/sending/safety/",
        {"addresses": "me@us.example", "confirm_above": "500"},
        {"is_trial": "on"},
        {"confirm_above": "40"},
        stored,
        both,
        {"is_trial": ""},
        both | {"trial": False},
    )


CASES = {case.__name__: case for case in (workspace, role, member, safety)}


@pytest.fixture(params=CASES)
def case(request: pytest.FixtureRequest, tenant: Tenant) -> Case:
    return CASES[request.param](tenant)


@pytest.fixture
def ann(tenant: Tenant) -> Client:
    client = Client()
    sign_in(client, tenant, "admin", email="ann@us.example")
    return client


@pytest.fixture
def ben(tenant: Tenant) -> Client:
    client = Client()
    sign_in(client, tenant, "admin", email="ben@us.example")
    return client


def seen_at(client: Client, path: str) -> str:
    (found,) = re.findall(r'name="seen" value="([^"]*)"', client.get(path).text)
    return html.unescape(found)


def post(client: Client, case: Case, seen: str, changes: dict[str, str]) -> Any:
    form = case.shown | changes | {"seen": seen}
    return client.post(
        case.path, {name: value for name, value in form.items() if name != "is_trial" or value}
    )


def stored(tenant: Tenant, case: Case) -> dict[str, Any]:
    with use(tenant):
        return case.stored()


def test_what_each_has_changed_is_kept(tenant: Tenant, case: Case, ann: Client, ben: Client) -> None:
    anns, bens = seen_at(ann, case.path), seen_at(ben, case.path)
    assert post(ann, case, anns, case.anns).status_code == 302
    answer = post(ben, case, bens, case.bens)
    assert answer.status_code == 302, answer.text
    assert stored(tenant, case) == case.both


def test_what_both_have_changed_is_said_and_ben_decides(
    tenant: Tenant, case: Case, ann: Client, ben: Client
) -> None:
    anns, bens = seen_at(ann, case.path), seen_at(ben, case.path)
    post(ann, case, anns, case.anns)
    before = stored(tenant, case)
    answer = post(ben, case, bens, case.bens | case.clash)
    if case.path.endswith("safety/"):  # of two positions Ben's was there before: he has changed nothing
        assert answer.status_code == 302
        return
    assert answer.status_code == 422
    with use(tenant):
        name = Member.objects.get(user__email="ann@us.example").name
    assert f"{name} saved" in html.unescape(answer.text) and "Save again" in answer.text
    assert stored(tenant, case) == before, "nothing of it is kept"
    (again,) = re.findall(r'name="seen" value="([^"]*)"', answer.text)
    assert post(ben, case, html.unescape(again), case.bens | case.clash).status_code == 302
    assert stored(tenant, case) == case.after


def test_a_list_that_both_have_changed_is_said(tenant: Tenant, ann: Client, ben: Client) -> None:
    case = safety(tenant)
    anns, bens = seen_at(ann, case.path), seen_at(ben, case.path)
    post(ann, case, anns, {"addresses": "me@us.example\r\nann@us.example"})
    answer = post(ben, case, bens, {"addresses": "ben@us.example"})
    assert answer.status_code == 422 and "saved a list of 2 here" in html.unescape(answer.text)


def test_two_windows_of_ones_own_settings(tenant: Tenant, ann: Client) -> None:
    path, typed = "/settings/profile/", {"name": "Ann", "timezone": "UTC", "signature": ""}
    ann.post(path, typed | {"signature": "<p>A</p>\n<p>B</p>"})
    typed["signature"] = "<p>A</p>\r\n<p>B</p>"
    one, two = seen_at(ann, path), seen_at(ann, path)
    ann.post(path, typed | {"name": "Ann Other", "seen": one})
    ann.post(path, typed | {"timezone": "Europe/Paris", "seen": two})
    with use(tenant):
        member = Member.objects.select_related("user").get(user__email="ann@us.example")
    assert (member.name, str(member.timezone)) == ("Ann Other", "Europe/Paris")
    assert "A</p>" in member.signature
    answer = ann.post(path, typed | {"name": "Anna", "seen": two})
    assert answer.status_code == 422
    assert "You, in another window, saved “Ann Other” here" in html.unescape(answer.text)


@pytest.fixture
def sink() -> Iterator[Sink]:
    with Sink(users={"mia": PASSWORD, "zoe": PASSWORD}, auth_required=True) as sink:
        yield sink


def a_mailbox(tenant: Tenant, sink: Sink) -> tuple[Mailbox, dict[str, Any]]:
    shown: dict[str, Any] = {
        "name": "Mia",
        "email": "mia@us.example",
        "smtp_host": "127.0.0.1",
        "smtp_port": sink.port,
        "smtp_security": "none",
        "smtp_username": "mia",
        "daily_cap": "",
    }
    with use(tenant):
        owner = make_member("sales_rep")
        made = Mailbox.objects.create(
            member=owner,
            smtp_password=encrypt(PASSWORD),
            **{name: value for name, value in shown.items() if name != "daily_cap"},
        )
    return made, shown


def test_two_at_a_mailbox(tenant: Tenant, ann: Client, ben: Client, sink: Sink) -> None:
    mailbox, shown = a_mailbox(tenant, sink)
    path = f"/settings/mailboxes/{mailbox.pk}/"
    anns, bens = seen_at(ann, path), seen_at(ben, path)
    assert ann.post(path, shown | {"daily_cap": "300", "seen": anns}).status_code == 302
    assert ben.post(path, shown | {"name": "Mia M.", "seen": bens}).status_code == 302
    with use(tenant):
        mailbox.refresh_from_db()
    assert (mailbox.name, mailbox.daily_cap) == ("Mia M.", 300)
    answer = ben.post(path, shown | {"daily_cap": "9", "seen": bens})
    assert answer.status_code == 422 and "saved “300” here" in html.unescape(answer.text)


class Meddling(Rules):
    """The rules of a server at which something happens while somebody signs in."""

    def __init__(self, meanwhile: Callable[[], None]) -> None:
        super().__init__()
        self.meanwhile = meanwhile

    def at(self, place: str, recipient: str = "") -> Rule | None:
        if place == "auth":
            person = Thread(target=self.meanwhile)
            person.start()
            person.join()
        return super().at(place, recipient)


@pytest.mark.django_db(transaction=True)
def test_a_mailbox_that_changes_while_it_is_tried_is_looked_at_again(
    tenant: Tenant, ben: Client, sink: Sink
) -> None:
    """The server is asked outside of any transaction; meanwhile somebody else saves."""
    mailbox, shown = a_mailbox(tenant, sink)
    path = f"/settings/mailboxes/{mailbox.pk}/"
    bens = seen_at(ben, path)

    def save() -> None:
        with use(tenant):
            Mailbox.objects.filter(pk=mailbox.pk).update(daily_cap=300)
        connection.close()

    sink.rules = Meddling(save)
    answer = ben.post(path, shown | {"name": "Mia M.", "seen": bens, "password": PASSWORD})
    assert answer.status_code == 422 and "changed while this was tried" in answer.text
    with use(tenant):
        mailbox.refresh_from_db()
    assert (mailbox.name, mailbox.daily_cap) == ("Mia", 300)
