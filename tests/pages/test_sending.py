"""The switch that stops all sending, its banner on every page, and the trial list."""

from __future__ import annotations

import pytest
from django.test import Client

from messaging.models import SendingStop, TrialAddress
from tenants.models import AuditLine, Member, Role, Team, Tenant
from tenants.wall import use
from tests.factories import make_tenant
from tests.pages.signing_in import sign_in

pytestmark = pytest.mark.django_db

STOP, RESUME, SAFETY = "/settings/sending/stop/", "/settings/sending/resume/", "/settings/sending/safety/"
PAGES = ("/sequences/", "/contacts/", "/settings/profile/", "/settings/sending/", "/settings/mailboxes/new/")


@pytest.fixture
def tenant(db: None) -> Tenant:
    """A tenant; the test stands outside of its wall, as a browser does."""
    return make_tenant("northwind")


@pytest.fixture
def admin(client: Client, tenant: Tenant) -> Member:
    member = sign_in(client, tenant)
    member.user.name = "Nora"
    member.user.save()
    return member


def somebody(tenant: Tenant, role: str, **fields: object) -> tuple[Client, Member]:
    client = Client()
    return client, sign_in(client, tenant, role, **fields)


def test_stopped_by_an_administrator_all_is_stopped_and_everybody_reads_why_on_every_page(
    client: Client, tenant: Tenant, admin: Member
) -> None:
    rep, _ = somebody(tenant, "sales_rep")
    client.post(STOP, {"reason": "The wrong <b>template</b>"})
    tenant.refresh_from_db()
    assert tenant.sending_paused_at
    for path in PAGES:
        page = rep.get(path).text
        assert "All sending is stopped" in page, path
        assert "by Nora: “The wrong &lt;b&gt;template&lt;/b&gt;”. Nora may resume it." in page, path
        assert 'action="/settings/sending/resume/"' not in page, path
    assert rep.post(RESUME).status_code == 403
    assert 'action="/settings/sending/resume/"' in client.get("/contacts/").text
    answer = client.post(RESUME, {"next": "/contacts/"})
    assert answer["Location"] == "/contacts/"
    assert "is stopped" not in rep.get("/sequences/").text
    page = client.get("/settings/sending/").text
    assert "Stops that are over" in page
    with use(tenant):
        assert list(AuditLine.objects.order_by("pk").values_list("verb", flat=True)) == [
            "sending.stop",
            "sending.resume",
        ]


def test_a_stop_needs_a_reason(client: Client, tenant: Tenant, admin: Member) -> None:
    answer = client.post(STOP, {"reason": "  "})
    assert answer.status_code == 422
    assert "Say why" in answer.text
    tenant.refresh_from_db()
    assert tenant.sending_paused_at is None


def test_a_rep_stops_their_own_and_nothing_else(client: Client, tenant: Tenant, admin: Member) -> None:
    rep, me = somebody(tenant, "sales_rep")
    assert rep.get(STOP).status_code == rep.post(STOP, {"reason": "?"}).status_code == 403
    assert rep.post(STOP, {"reason": "?", "member": admin.pk}).status_code == 403
    assert rep.get(f"{STOP}?member={me.pk}").status_code == 200
    rep.post(STOP, {"reason": "Away", "member": me.pk})
    assert "Your sending is stopped" in rep.get("/sequences/").text
    assert f"{me.name}’s sending is stopped" in client.get("/sequences/").text
    other, _ = somebody(tenant, "sales_rep")
    assert "is stopped" not in other.get("/sequences/").text
    rep.post(RESUME, {"member": me.pk})
    assert "is stopped" not in rep.get("/sequences/").text


def test_who_resumes_while_all_is_stopped_is_not_told_that_mails_leave(
    client: Client, tenant: Tenant, admin: Member
) -> None:
    client.post(STOP, {"reason": "The wrong template"})
    client.post(f"{STOP}?member={admin.pk}", {"reason": "Away"})
    said = client.post(RESUME, {"member": admin.pk}, follow=True).text
    assert "All sending is still stopped, and so nothing leaves yet." in said
    assert "What waited leaves now" in client.post(RESUME, follow=True).text


def test_what_the_manager_has_stopped_the_rep_does_not_resume(tenant: Tenant) -> None:
    with use(tenant):
        north = Team.objects.create(name="North")
    manager, _ = somebody(tenant, "sales_manager", team=north)
    rep, me = somebody(tenant, "sales_rep", team=north)
    manager.post(STOP, {"reason": "Wait", "member": me.pk})
    assert "Your sending is stopped" in rep.get("/sequences/").text
    assert rep.post(RESUME, {"member": me.pk}).status_code == 403
    assert manager.post(RESUME, {"member": me.pk}).status_code == 302
    with use(tenant):
        assert SendingStop.objects.get().ended_at


def test_of_many_stops_their_number_is_said(client: Client, tenant: Tenant, admin: Member) -> None:
    for _ in range(4):
        _, rep = somebody(tenant, "sales_rep")
        client.post(STOP, {"reason": "Wait", "member": rep.pk})
    assert "Sending of 4 members is stopped." in " ".join(client.get("/sequences/").text.split())


@pytest.mark.parametrize("member", ["x", "0", "999999999", "9" * 30])
def test_a_member_that_there_is_not_is_404(client: Client, admin: Member, member: str) -> None:
    assert client.get(f"{STOP}?member={member}").status_code == 404
    assert client.post(RESUME, {"member": member}).status_code == 404


def test_the_trial_list_is_kept_as_addresses_are_compared(
    client: Client, tenant: Tenant, admin: Member
) -> None:
    lines = " Me@US.example \n\nBÜCHER.example\n@acme.example\nme@us.example"
    form = {"is_trial": "on", "addresses": lines, "confirm_above": "50"}
    answer = client.post(SAFETY, form, follow=True)
    assert "the trial list alone: 3 addresses and domains" in answer.text
    assert "mails go only to the trial list" in answer.text
    with use(tenant):
        listed = list(TrialAddress.objects.order_by("address_norm").values_list("address_norm", flat=True))
    assert listed == ["@acme.example", "@xn--bcher-kva.example", "me@us.example"]
    tenant.refresh_from_db()
    assert (tenant.is_trial, tenant.confirm_above) == (True, 50)
    client.post(SAFETY, {"addresses": "", "confirm_above": "50"})
    assert "mails go only to the trial list" not in client.get("/sequences/").text


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            {"addresses": "me@us.example\nnobody"},
            "Line 2: “nobody” is neither an e-mail address nor a domain.",
        ),
        ({"addresses": "a b@x.example"}, "Line 1"),
        ({"addresses": " "}, "or nothing would leave at all"),
        ({"confirm_above": ""}, "Give a number"),
        ({"confirm_above": "-1"}, "greater than or equal to 0"),
    ],
)
def test_a_wrong_list_is_said_at_its_place_and_nothing_changes(
    client: Client, tenant: Tenant, admin: Member, change: dict[str, str], said: str
) -> None:
    form = {"is_trial": "on", "addresses": "me@us.example", "confirm_above": "500"} | change
    answer = client.post(SAFETY, form)
    assert answer.status_code == 422
    assert said in answer.text
    tenant.refresh_from_db()
    assert not tenant.is_trial


def test_only_who_sets_the_policy_sees_the_trial_list(tenant: Tenant) -> None:
    rep, _ = somebody(tenant, "sales_rep")
    assert rep.get(SAFETY).status_code == 403
    assert "Trying things" not in rep.get("/settings/sending/").text
    assert somebody(tenant, "sequence_manager")[0].get(SAFETY).status_code == 403, (
        "schedules alone are theirs"
    )
    with use(tenant):
        Role.objects.create(name="Keeper", key="keeper", permissions={"policy.edit": "all"})
    assert somebody(tenant, "keeper")[0].get(SAFETY).status_code == 200
