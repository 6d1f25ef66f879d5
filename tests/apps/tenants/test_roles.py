"""Roles are made, changed and deleted by who manages members (F-05, F-06, F-08)."""

from __future__ import annotations

import pytest
from django.core.exceptions import PermissionDenied

from tenants.commands import Refused, change_member
from tenants.models import AuditLine, Member, Role
from tenants.policy import can
from tenants.role_commands import change_role, create_role, delete_role, let_reps_create
from tenants.roles import ACTIONS, READY, WITHIN, reaches_as_far
from tests.factories import NOW, make_member

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin(tenant: object) -> Member:
    return make_member("admin")


def role(key: str) -> Role:
    return Role.objects.get(key=key)


def with_role(found: Role) -> Member:
    member = make_member()
    member.role = found
    member.save()
    return member


def again(member: Member) -> Member:
    """As the next request reads them."""
    return Member.objects.select_related("role").get(pk=member.pk)


def test_a_custom_role_begins_as_its_model_and_goes_its_own_way(admin: Member) -> None:
    made = create_role(name="Junior", like=role("sales_rep"), by=admin, now=NOW)
    assert made.permissions == role("sales_rep").permissions
    mia = with_role(made)
    change_role(
        role=made, permissions={"sequence.create": "none"}, emails_per_day=80, sequences_per_user=5,
        by=admin, now=NOW,
    )  # fmt: skip
    mia = again(mia)
    assert (can(mia, "sequence.create"), mia.daily_limit) == (False, 80)
    assert can(with_role(role("sales_rep")), "sequence.create"), "the model stays as it was"
    line = AuditLine.objects.get(verb="role.change")
    assert line.data["before"] == {
        "emails_per_day": None,
        "sequence.create": "own",
        "sequences_per_user": None,
    }
    assert line.data["after"] == {"emails_per_day": 80, "sequence.create": "none", "sequences_per_user": 5}


def test_f_08_the_members_own_limit_counts_before_the_roles_and_that_before_500(admin: Member) -> None:
    assert admin.daily_limit == 500
    change_role(role=role("admin"), emails_per_day=200, by=admin, now=NOW)
    assert again(admin).daily_limit == 200
    change_member(member=admin, role=role("admin"), team="", emails_per_day=0, by=admin, now=NOW)
    assert again(admin).daily_limit == 0


def test_what_a_ready_role_permits_stays_and_its_limits_change(admin: Member) -> None:
    reps = role("sales_rep")
    change_role(
        role=reps, name="Other", permissions={"sequence.view": "all"}, sequences_per_user=9, by=admin, now=NOW
    )
    reps.refresh_from_db()
    assert (reps.name, reps.permissions["sequence.view"], reps.sequences_per_user) == ("Sales rep", "own", 9)


def test_what_changes_nothing_leaves_no_line(admin: Member) -> None:
    assert not change_role(role=role("admin"), permissions={}, emails_per_day=None, by=admin, now=NOW)
    assert not AuditLine.objects.exists()


def test_a_name_is_given_once_whatever_its_letters(admin: Member) -> None:
    with pytest.raises(Refused, match="already a role called"):
        create_role(name="SALES REP", like=role("sales_rep"), by=admin, now=NOW)
    made = create_role(name="Junior", like=role("sales_rep"), by=admin, now=NOW)
    with pytest.raises(Refused, match="already a role called") as refused:
        change_role(role=made, name="sales manager", by=admin, now=NOW)
    assert refused.value.field == "name"
    assert change_role(role=made, name="JUNIOR", by=admin, now=NOW)


def test_the_last_who_manages_members_cannot_lose_it(admin: Member) -> None:
    chief = create_role(name="Chief", like=role("admin"), by=admin, now=NOW)
    nora = with_role(chief)
    change_member(member=admin, role=role("sales_rep"), team="", emails_per_day=None, by=nora, now=NOW)
    with pytest.raises(Refused, match="Nobody would be left"):
        change_role(role=chief, permissions={"admin.manage": "none"}, by=nora, now=NOW)
    assert can(again(nora), "admin.manage")
    with pytest.raises(Refused, match="last administrator"):
        change_member(member=nora, role=role("sales_rep"), team="", emails_per_day=None, by=nora, now=NOW)


def test_a_role_goes_when_nobody_has_it(admin: Member) -> None:
    made = create_role(name="Junior", like=role("sales_rep"), by=admin, now=NOW)
    mia = with_role(made)
    with pytest.raises(Refused, match="1 member has the role Junior"):
        delete_role(role=made, by=admin, now=NOW)
    mia.role = role("sales_rep")
    mia.save()
    delete_role(role=made, by=admin, now=NOW)
    with pytest.raises(Refused, match="ready roles"):
        delete_role(role=role("read_only"), by=admin, now=NOW)
    assert set(Role.objects.values_list("key", flat=True)) == set(READY)


def test_the_switch_takes_sequences_from_reps_and_gives_them_back(admin: Member) -> None:
    rep = make_member()
    assert let_reps_create(allowed=False, by=admin, now=NOW)
    rep = again(rep)
    assert not can(rep, "sequence.create")
    assert not can(rep, "sequence.edit")
    assert can(rep, "sequence.view")
    assert not let_reps_create(allowed=False, by=admin, now=NOW)
    let_reps_create(allowed=True, by=admin, now=NOW)
    assert role("sales_rep").permissions.keys() >= READY["sales_rep"][1].keys()
    assert again(rep).role.permissions == READY["sales_rep"][1]


def test_only_who_manages_members_changes_roles(admin: Member) -> None:
    manager = make_member("sales_manager")
    for verb in (
        lambda: create_role(name="X", like=role("admin"), by=manager, now=NOW),
        lambda: change_role(role=role("admin"), emails_per_day=1, by=manager, now=NOW),
        lambda: delete_role(role=role("admin"), by=manager, now=NOW),
        lambda: let_reps_create(allowed=False, by=manager, now=NOW),
    ):
        with pytest.raises(PermissionDenied):
            verb()


def test_the_ready_roles_change_nothing_that_they_do_not_show() -> None:
    for _, permissions in READY.values():
        for action, wider in WITHIN.items():
            reaches = permissions.get(action, "none"), permissions.get(wider, "none")
            assert reaches_as_far(reaches[0], action, wider, reaches[1]), (action, wider)
    assert set(WITHIN) | set(WITHIN.values()) <= set(ACTIONS)
