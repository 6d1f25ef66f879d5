"""The settings of a member, of the workspace, its members and roles."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.core import mail
from django.test import Client

from tenants.models import Member, Team, Tenant, User
from tenants.wall import use
from tests.factories import make_member, make_tenant
from tests.pages.signing_in import sign_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def tenant(db: None) -> Tenant:
    """A tenant; unlike elsewhere the test stands outside of its wall, as a browser does."""
    return make_tenant("northwind")


def cards(client: Client) -> list[str]:
    return re.findall(r'class="row-link" href="[^"]*">([^<]+)<', client.get("/settings/").text)


@pytest.mark.parametrize(
    ("role", "seen"),
    [
        (
            "admin",
            [
                "My settings",
                "Mailboxes",
                "Workspace",
                "Sending",
                "Members",
                "Roles",
                "Fields",
                "Lists of values",
                "Step types",
                "Tags",
            ],
        ),
        ("sequence_manager", ["My settings", "Mailboxes", "Sending", "Tags"]),
        ("sales_rep", ["My settings", "Mailboxes", "Sending"]),
        ("read_only", ["My settings"]),
    ],
)
def test_each_sees_the_settings_that_concern_them(
    client: Client, tenant: Tenant, role: str, seen: list[str]
) -> None:
    sign_in(client, tenant, role)
    assert [card for card in cards(client) if card != "Suppression list"] == seen


def profile(**changes: str) -> dict[str, str]:
    return {"name": "Mia Muster", "timezone": "Europe/Berlin", "signature": ""} | changes


def test_a_member_changes_name_zone_and_signature(client: Client, tenant: Tenant) -> None:
    me = sign_in(client, tenant, "read_only")
    signature = "<p><b>{{ sender.name }}</b><br>{{ account.name | default: 'Us' }}</p><script>1</script>"
    answer = client.post("/settings/profile/", profile(signature=signature), follow=True)
    assert "Your settings are saved." in answer.text
    assert "<p><b>Mia Muster</b><br>[account.name]</p>" in answer.text
    with use(tenant):
        mine = Member.objects.select_related("user").get(pk=me.pk)
    assert (mine.name, str(mine.timezone), mine.signature) == ("Mia Muster", "Europe/Berlin", signature)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"timezone": "Europe/Atlantis"}, "There is no time zone “Europe/Atlantis”."),
        ({"timezone": "europe/berlin"}, "did you mean Europe/Berlin?"),
        ({"timezone": ""}, "Choose a time zone"),
        ({"name": " "}, "Your name stands in your mails."),
        ({"name": "Mia\x07"}, "A name has no control characters."),
        ({"signature": "{{ contact.fist_name }}"}, "is “contact.first_name” meant?"),
        ({"signature": "\n\n{% for x in (1..9) %}"}, "Line"),
        ({"signature": "{% include 'x' %}"}, "Line 1:"),
    ],
)
def test_what_cannot_be_is_said_at_its_place_and_nothing_is_saved(
    client: Client, tenant: Tenant, change: dict[str, str], said: str
) -> None:
    me = sign_in(client, tenant)
    answer = client.post("/settings/profile/", profile(**change))
    assert answer.status_code == 422
    assert said in answer.text
    assert 'class="error"' in answer.text
    with use(tenant):
        assert Member.objects.get(pk=me.pk).user.name == me.name


def test_a_name_of_several_lines_becomes_one(client: Client, tenant: Tenant) -> None:
    me = sign_in(client, tenant)
    client.post("/settings/profile/", profile(name="Mia\r\nBcc: all@x.example"))
    assert User.objects.get(pk=me.user_id).name == "Mia Bcc: all@x.example"


def test_times_are_told_in_the_members_zone(client: Client, tenant: Tenant) -> None:
    from django.utils import timezone

    from tenants.access import as_member

    me = sign_in(client, tenant)
    client.post("/settings/profile/", profile(timezone="Asia/Tokyo"))
    answer = client.get("/settings/profile/")
    request: Any = answer.wsgi_request
    with as_member(request) as member:
        assert (member, str(timezone.get_current_timezone())) == (me, "Asia/Tokyo")
    assert str(timezone.get_current_timezone()) == "UTC"


def test_the_workspace_is_changed(client: Client, tenant: Tenant) -> None:
    sign_in(client, tenant)
    form = {"name": "Northwind & Co", "timezone": "America/New_York", "country": "US"}
    address = "500 Main Street\r\n\r\n Albany, NY "
    answer = client.post("/settings/workspace/", form | {"postal_address": address}, follow=True)
    assert "Northwind &amp; Co" in answer.text
    tenant.refresh_from_db()
    assert (tenant.name, str(tenant.timezone), tenant.country) == ("Northwind & Co", "America/New_York", "US")
    assert tenant.postal_address == "500 Main Street\nAlbany, NY"
    wrong = client.post("/settings/workspace/", form | {"country": "XX", "name": ""})
    assert wrong.status_code == 422
    assert "A workspace needs a name." in wrong.text
    gone = client.post("/settings/workspace/", form | {"postal_address": " \n"})
    assert gone.status_code == 422
    assert "change it, but do not take it away" in gone.text
    tenant.refresh_from_db()
    assert tenant.postal_address.startswith("500 Main Street")


def invited(**changes: Any) -> dict[str, Any]:
    return {"email": "Ana@us.example", "name": "Ana", "team": "", "emails_per_day": ""} | changes


def role_id(tenant: Tenant, key: str) -> int:
    from tenants.models import Role

    with use(tenant):
        return Role.objects.get(key=key).pk


def test_who_is_invited_chooses_a_password_by_the_link_and_is_in(client: Client, tenant: Tenant) -> None:
    admin = sign_in(client, tenant)
    form = invited(role=role_id(tenant, "sales_rep"), team="North", emails_per_day="120")
    answer = client.post("/settings/members/new/", form, follow=True)
    assert "Ana was invited by a mail to ana@us.example." in answer.text
    assert "invited" in answer.text
    with use(tenant):
        ana = Member.objects.select_related("team", "role").get(user__email="ana@us.example")
    assert (ana.team and ana.team.name, ana.role.key, ana.emails_per_day) == ("North", "sales_rep", 120)
    (letter,) = mail.outbox
    assert (letter.to, letter.subject) == (["ana@us.example"], f"{admin.name} invites you to Northwind")
    (link,) = re.findall(r"http\S+", letter.body)
    assert link not in answer.text
    browser = Client()
    page = browser.get(link, follow=True)
    assert "Set a new password" in page.text
    password = {"password1": "correct horse battery", "password2": "correct horse battery"}
    browser.post(page.request["PATH_INFO"], password)
    browser.post("/accounts/login/", {"login": "ana@us.example", "password": "correct horse battery"})
    assert "Northwind" in browser.get("/settings/").text
    assert "used up" in Client().get(link, follow=True).text


def test_the_invitations_text_is_no_html(client: Client, tenant: Tenant) -> None:
    sign_in(client, tenant)
    Tenant.objects.filter(pk=tenant.pk).update(name="O'Neil & Sons\nBcc: x@y.example")
    client.post("/settings/members/new/", invited(role=role_id(tenant, "sales_rep")))
    assert "O'Neil & Sons" in mail.outbox[0].body
    assert "\n" not in mail.outbox[0].subject


def test_somebody_with_an_account_is_asked_to_sign_in(client: Client, tenant: Tenant) -> None:
    User.objects.create_user("ana@us.example", "correct horse battery", name="Ana")
    sign_in(client, tenant)
    client.post("/settings/members/new/", invited(role=role_id(tenant, "sales_rep")))
    assert "/accounts/login/" in mail.outbox[0].body
    assert "password/reset" not in mail.outbox[0].body


def test_an_invitation_that_cannot_be_sent_is_said_and_can_be_repeated(
    client: Client, tenant: Tenant, settings: Any
) -> None:
    sign_in(client, tenant)
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    form = invited(role=role_id(tenant, "sales_rep"))
    answer = client.post("/settings/members/new/", form, follow=True)
    assert "could not be sent" in answer.text
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    with use(tenant):
        ana = Member.objects.get(user__email="ana@us.example")
    assert "They have not come yet." in client.get(f"/settings/members/{ana.pk}/").text
    client.post(f"/settings/members/{ana.pk}/invite/")
    assert len(mail.outbox) == 1
    User.objects.get(pk=ana.user_id).set_password("x")
    assert client.post(f"/settings/members/{ana.pk}/invite/").status_code == 302


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"email": "ana"}, "Enter a valid email address."),
        ({"email": ""}, "Give the address they will sign in with."),
        ({"name": ""}, "Give their name."),
        ({"role": ""}, "Choose a role."),
        ({"role": "0"}, "not one of the available choices"),
        ({"emails_per_day": "-1"}, "greater than or equal to 0"),
        ({"email": "ben@us.example"}, "ben@us.example is a member already."),
    ],
)
def test_a_wrong_invitation_is_said_at_its_place_and_invites_nobody(
    client: Client, tenant: Tenant, change: dict[str, str], said: str
) -> None:
    sign_in(client, tenant)
    with use(tenant):
        make_member(email="ben@us.example")
    form = invited(role=role_id(tenant, "sales_rep"), team="South") | change
    answer = client.post("/settings/members/new/", form)
    assert answer.status_code == 422
    assert said in answer.text
    assert mail.outbox == []
    with use(tenant):
        assert (Member.objects.count(), Team.objects.count()) == (2, 0)


def test_another_workspaces_role_is_none_here(client: Client, tenant: Tenant) -> None:
    sign_in(client, tenant)
    theirs = role_id(make_tenant(), "admin")
    answer = client.post("/settings/members/new/", invited(role=theirs))
    assert "not one of the available choices" in answer.text


def test_a_member_is_changed_deactivated_and_activated(client: Client, tenant: Tenant) -> None:
    sign_in(client, tenant)
    with use(tenant):
        ana = make_member(email="ana@us.example", password="correct horse battery")
        Team.objects.create(name="North")
    at = f"/settings/members/{ana.pk}/"
    client.post(at, {"role": role_id(tenant, "read_only"), "team": "NORTH", "emails_per_day": "0"})
    with use(tenant):
        found = Member.objects.select_related("team", "role").get(pk=ana.pk)
        assert (found.team and found.team.name, found.role.key, found.emails_per_day) == (
            "North",
            "read_only",
            0,
        )
    assert "is deactivated" in client.post(f"{at}deactivate/", follow=True).text
    assert ana.email not in client.get("/settings/members/").text
    assert ana.email in client.get("/settings/members/?tab=deactivated").text
    assert "is active again" in client.post(f"{at}activate/", follow=True).text
    assert ana.email in client.get("/settings/members/").text


def test_the_last_administrator_is_kept_with_a_word_why(client: Client, tenant: Tenant) -> None:
    me = sign_in(client, tenant)
    at = f"/settings/members/{me.pk}/"
    answer = client.post(at, {"role": role_id(tenant, "sales_rep"), "team": "New"})
    assert answer.status_code == 422
    assert "is the last administrator" in answer.text
    assert "cannot deactivate yourself" in client.post(f"{at}deactivate/", follow=True).text
    assert client.get("/settings/members/").status_code == 200
    with use(tenant):
        assert not Team.objects.exists()


def test_the_roles_are_read_as_a_matrix(client: Client, tenant: Tenant) -> None:
    sign_in(client, tenant)
    page = client.get("/settings/roles/").text
    for name in ("Owner/Admin", "Sales Manager", "Sequence Manager", "Sales rep", "Read-only/Analyst"):
        assert name in page
    assert "Override exclusivity" in page
