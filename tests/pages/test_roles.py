"""Permissions on screen: roles are made, filled and given; a change holds from the next request (F-05, F-06, F-08)."""

from __future__ import annotations

import pytest
from django.test import Client

from tenants.models import AuditLine, Member, Role, Tenant
from tenants.roles import ACTIONS
from tenants.wall import use
from tests.factories import make_member, make_tenant
from tests.pages.signing_in import sign_in
from tests.pages.somebody import words

pytestmark = pytest.mark.django_db


@pytest.fixture
def tenant(db: None) -> Tenant:
    """A tenant; the test stands outside of its wall, as a browser does."""
    return make_tenant("northwind")


def role_of(tenant: Tenant, **wanted: str) -> Role:
    with use(tenant):
        return Role.objects.get(**wanted)


def filled(role: Role, **changes: str) -> dict[str, str]:
    """What the page of a custom role posts."""
    may = {action: role.permissions.get(action, "none") for action in ACTIONS}
    yes_no = {action: "all" for action in ("sequence.create", "mailbox.connect") if may[action] != "none"}
    return {"name": role.name, "emails_per_day": "", "sequences_per_user": ""} | may | yes_no | changes


@pytest.fixture
def junior(client: Client, tenant: Tenant) -> Role:
    """A custom role made on the page, as a copy of the sales rep's."""
    sign_in(client, tenant)
    like = role_of(tenant, key="sales_rep").pk
    answer = client.post("/settings/roles/new/", {"name": " Junior  rep", "like": like}, follow=True)
    assert "Junior rep is made." in answer.text
    return role_of(tenant, name="Junior rep")


def test_f_05_f_06_what_a_role_loses_is_gone_at_the_next_request(
    client: Client, tenant: Tenant, junior: Role
) -> None:
    mia = Client()
    member = sign_in(mia, tenant, "sales_rep")
    client.post(f"/settings/members/{member.pk}/", {"role": junior.pk, "team": "", "emails_per_day": ""})
    assert "Create sequence" in mia.get("/sequences/").text
    at = f"/settings/roles/{junior.pk}/"
    client.post(at, filled(junior, **{"sequence.create": "none"}))
    assert "Create sequence" not in mia.get("/sequences/").text
    assert mia.get("/sequences/new/").status_code == 403
    nothing = dict.fromkeys((a for a in ACTIONS if a.startswith(("sequence.", "enrollment."))), "none")
    answer = client.post(at, filled(junior, **nothing), follow=True)
    assert "Junior rep is saved." in answer.text
    assert mia.get("/sequences/").status_code == 403
    assert 'href="/sequences/"' not in mia.get("/contacts/").text
    with use(tenant):
        assert AuditLine.objects.filter(verb="role.change").count() == 2


def test_the_limits_of_a_role_are_set_and_shown(client: Client, tenant: Tenant, junior: Role) -> None:
    at = f"/settings/roles/{junior.pk}/"
    client.post(at, filled(junior, emails_per_day="1200", sequences_per_user="10"))
    page = words(client.get("/settings/roles/").text)
    assert "Junior rep custom 0 1,200 10" in page
    assert "Sales rep 0 500 no limit" in page


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"name": ""}, "A role needs a name."),
        ({"name": "sales REP"}, "There is already a role called"),
        ({"emails_per_day": "-1"}, "greater than or equal to 0"),
        ({"sequences_per_user": "many"}, "Enter a whole number."),
        ({"sequence.edit": "all"}, "It reaches further than “View sales sequences”."),
        ({"sequence.view": "none"}, "It reaches further than “View sales sequences”."),
        ({"sequence.view": "everything"}, "not one of the available choices"),
        ({"sequence.create": "team"}, "not one of the available choices"),
    ],
)
def test_a_wrong_role_is_said_at_its_place_and_nothing_changes(
    client: Client, tenant: Tenant, junior: Role, change: dict[str, str], said: str
) -> None:
    answer = client.post(f"/settings/roles/{junior.pk}/", filled(junior, **change))
    assert answer.status_code == 422
    assert said in answer.text
    assert 'class="error"' in answer.text
    assert role_of(tenant, pk=str(junior.pk)).permissions == junior.permissions


def test_nobody_locks_themselves_out(client: Client, tenant: Tenant) -> None:
    me = sign_in(client, tenant)
    client.post("/settings/roles/new/", {"name": "Chief", "like": me.role_id})
    chief = role_of(tenant, name="Chief")
    client.post(f"/settings/members/{me.pk}/", {"role": chief.pk})
    answer = client.post(f"/settings/roles/{chief.pk}/", filled(chief, **{"admin.manage": "none"}))
    assert answer.status_code == 422
    assert "Nobody would be left who manages members" in answer.text
    assert client.get("/settings/roles/").status_code == 200


def test_a_ready_role_is_read_and_its_limits_are_set(client: Client, tenant: Tenant) -> None:
    sign_in(client, tenant)
    reps = role_of(tenant, key="sales_rep")
    at = f"/settings/roles/{reps.pk}/"
    page = client.get(at).text
    assert "a ready role" in page
    assert 'name="sequence.view"' not in page
    client.post(at, {"emails_per_day": "90", "sequence.view": "all"})
    reps = role_of(tenant, key="sales_rep")
    assert (reps.emails_per_day, reps.permissions["sequence.view"]) == (90, "own")


def test_a_role_is_deleted_when_nobody_has_it(client: Client, tenant: Tenant, junior: Role) -> None:
    with use(tenant):
        mia = make_member()
        Member.objects.filter(pk=mia.pk).update(role=junior)
    at = f"/settings/roles/{junior.pk}/"
    assert "1 member has the role Junior rep" in client.post(f"{at}delete/", follow=True).text
    with use(tenant):
        Member.objects.filter(pk=mia.pk).update(role=Role.objects.get(key="sales_rep"))
    assert "Junior rep is deleted." in client.post(f"{at}delete/", follow=True).text
    assert client.get(at).status_code == 404


def test_the_switch_of_the_reps(client: Client, tenant: Tenant) -> None:
    sign_in(client, tenant)
    rep = Client()
    sign_in(rep, tenant, "sales_rep")
    said = client.post("/settings/roles/reps/", {"allowed": "0"}, follow=True).text
    assert "Sales reps now only view sequences." in said
    assert rep.get("/sequences/new/").status_code == 403
    assert rep.get("/sequences/").status_code == 200
    client.post("/settings/roles/reps/", {"allowed": "1"})
    assert rep.get("/sequences/new/").status_code == 200
