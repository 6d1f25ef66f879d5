"""Which workspace somebody who signs in stands in, and what they see when there is none."""

from __future__ import annotations

from typing import Any

import pytest
from allauth.account.adapter import get_adapter
from allauth.account.models import EmailAddress
from django.conf import settings as configured
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.test import Client, RequestFactory

from tenants.commands import deactivate_member, reactivate_member
from tenants.models import Member, Membership, Tenant, User
from tenants.wall import use
from tests.factories import NOW, make_member, make_tenant
from tests.pages.signing_in import sign_in

pytestmark = pytest.mark.django_db

PASSWORD = "correct horse battery staple"


@pytest.fixture
def two() -> tuple[Tenant, Tenant]:
    return make_tenant("north"), make_tenant("south")


def with_password(member: Member) -> Member:
    member.user.set_password(PASSWORD)
    member.user.save()
    return member


def enter(client: Client, email: str, after: str = "") -> object:
    form = {"login": email, "password": PASSWORD} | ({"next": after} if after else {})
    return client.post("/accounts/login/", form)


def test_who_is_in_no_workspace_is_told_so(client: Client) -> None:
    client.force_login(User.objects.create_user("lost@us.example", PASSWORD))
    for path in ("/", "/settings/", "/settings/members/new/"):
        answer = client.get(path)
        assert answer.status_code == 403
        assert "You are in no workspace" in answer.text
        assert "operators" not in answer.text
    assert client.get("/accounts/password/change/").status_code == 200


def test_an_operator_in_no_workspace_finds_the_operators_pages(client: Client) -> None:
    client.force_login(User.objects.create_superuser("operator@us.example", PASSWORD))
    assert "/admin/" in client.get("/").text


def test_who_is_deactivated_is_out_at_once_and_comes_in_to_nothing(client: Client) -> None:
    tenant = make_tenant()
    with use(tenant):
        admin, ana = make_member("admin"), with_password(make_member(email="ana@us.example"))
    enter(client, "ana@us.example")
    assert client.get("/settings/").status_code == 200
    with use(tenant):
        deactivate_member(member=ana, by=admin, now=NOW)
    assert client.get("/settings/").status_code == 302
    assert not Session.objects.exists()
    assert enter(client, "ana@us.example").status_code == 302  # type: ignore[attr-defined]
    assert "You are in no workspace" in client.get("/settings/").text
    with use(tenant):
        reactivate_member(member=ana, by=admin, now=NOW)
    assert client.get("/settings/").status_code == 200


def test_being_deactivated_in_one_workspace_signs_nobody_out_of_another(two: tuple[Tenant, Tenant]) -> None:
    here, there = Client(), Client()
    with use(two[0]):
        admin, ana = make_member("admin"), with_password(make_member(email="ana@us.example"))
    with use(two[1]):
        make_member(email="ana@us.example")
    for client in (here, there):
        enter(client, "ana@us.example")
    there.post("/settings/switch/", {"workspace": two[1].pk})
    with use(two[0]):
        deactivate_member(member=ana, by=admin, now=NOW)
    assert here.get("/settings/").status_code == 302
    assert "South" in there.get("/settings/").text


def test_a_switched_off_account_cannot_enter(client: Client) -> None:
    with use(make_tenant()):
        ana = with_password(make_member(email="ana@us.example"))
    User.objects.filter(pk=ana.user_id).update(is_active=False)
    answer = client.post("/accounts/login/", {"login": "ana@us.example", "password": PASSWORD}, follow=True)
    assert "_auth_user_id" not in client.session
    assert client.get("/settings/").status_code == 302
    assert answer.status_code == 200


def test_a_member_of_two_goes_from_one_to_the_other(client: Client, two: tuple[Tenant, Tenant]) -> None:
    ana = sign_in(client, two[0], email="ana@us.example")
    with use(two[1]):
        make_member("sales_rep", email="ana@us.example")
    assert "North" in client.get("/settings/").text
    answer = client.post("/settings/switch/", {"workspace": two[1].pk})
    assert (answer.status_code, answer["Location"]) == (302, "/")
    page = client.get("/settings/").text
    assert "South" in page
    assert "Members" not in page
    Membership.objects.filter(user=ana.user, tenant=two[1]).update(is_active=False)
    assert "Members" in client.get("/settings/").text


@pytest.mark.parametrize("asked", ["", "x", "999999", "-1", "²"])
def test_nobody_goes_where_they_are_no_member(client: Client, two: tuple[Tenant, Tenant], asked: str) -> None:
    sign_in(client, two[0])
    for workspace in (asked, two[1].pk):
        assert client.post("/settings/switch/", {"workspace": workspace}).status_code == 404
    assert "North" in client.get("/settings/").text


@pytest.mark.parametrize(
    ("after", "lands"),
    [
        ("/settings/profile/", "/settings/profile/"),
        ("https://evil.example/", "/"),
        ("//evil.example/", "/"),
        ("https:evil.example", "/"),
        ("javascript:alert(1)", "/"),
        ("\\\\evil.example", "/"),
    ],
)
def test_after_signing_in_one_stays_on_this_host(client: Client, after: str, lands: str) -> None:
    with use(make_tenant()):
        with_password(make_member(email="ana@us.example"))
    answer = enter(client, "ana@us.example", after)
    assert (answer.status_code, answer["Location"]) == (302, lands)  # type: ignore[attr-defined, index]


def test_a_stranger_is_led_to_signing_in_and_back(client: Client) -> None:
    answer = client.get("/settings/members/?tab=deactivated")
    assert answer["Location"] == "/accounts/login/?next=/settings/members/%3Ftab%3Ddeactivated"


def test_guessing_a_password_is_stopped_for_the_account_and_not_for_others(
    client: Client, settings: Any
) -> None:
    del settings.ACCOUNT_RATE_LIMITS  # production's: the suite's are off
    assert not hasattr(configured, "ACCOUNT_RATE_LIMITS")
    cache.clear()
    with use(make_tenant()):
        with_password(make_member(email="ana@us.example"))
        with_password(make_member(email="ben@us.example"))
    for _ in range(5):
        client.post("/accounts/login/", {"login": "ana@us.example", "password": "wrong"})
    answer = enter(client, "ana@us.example")
    assert "Too many failed" in answer.text  # type: ignore[attr-defined]
    assert enter(client, "ben@us.example").status_code == 302  # type: ignore[attr-defined]
    cache.clear()


def test_the_way_to_other_workspaces_is_shown_to_members_of_several(
    client: Client, two: tuple[Tenant, Tenant]
) -> None:
    sign_in(client, two[0], email="ana@us.example")
    assert "Switch workspace" not in client.get("/settings/").text
    with use(two[1]):
        make_member(email="ana@us.example")
    page = client.get("/settings/").text
    assert "Switch workspace" in page
    assert "South" in page


def test_nobody_takes_an_address_that_is_not_theirs(client: Client) -> None:
    """Who signs in as somebody who was not invited yet would be let into their workspace by the invitation."""
    me = sign_in(client, make_tenant())
    for form in ({"action_add": "", "email": "boss@us.example"}, {"action_primary": "", "email": me.email}):
        answer = client.post("/accounts/email/", form)
        assert (answer.status_code, answer["Location"]) == (302, "/settings/profile/")
    assert User.objects.get(pk=me.user_id).email == me.email
    assert not EmailAddress.objects.exists()


def test_behind_a_proxy_attempts_are_counted_by_who_makes_them(rf: RequestFactory, settings: Any) -> None:
    asked = rf.get("/", headers={"X-Forwarded-For": "198.51.100.7, 203.0.113.9"})
    assert get_adapter().get_client_ip(asked) == "127.0.0.1", "without a proxy anybody may claim anything"
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    assert get_adapter().get_client_ip(asked) == "203.0.113.9"
