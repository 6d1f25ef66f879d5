"""Who comes in and who goes, and what follows."""

from __future__ import annotations

import pytest
from django.core.exceptions import PermissionDenied

from messaging import stops
from messaging.models import StopEvent
from sequences.commands.editing import create_sequence
from sequences.commands.status import begin
from sequences.models import Sequence, Status
from tenants.commands import Refused, change_member, deactivate_member, invite, reactivate_member
from tenants.models import AuditLine, Member, Membership, Role, Tenant, User
from tenants.wall import use
from tests.factories import NOW, make_member, make_tenant

pytestmark = pytest.mark.django_db


def role(key: str) -> Role:
    return Role.objects.get(key=key)


def test_a_member_is_invited_without_a_password(tenant: Tenant) -> None:
    admin = make_member("admin")
    member = invite(email="Ana@Us.Example", name="Ana", role=role("sales_rep"), by=admin, now=NOW)
    assert member.email == "ana@us.example"
    assert not member.user.has_usable_password()
    assert Membership.objects.get(user=member.user).tenant == tenant
    assert AuditLine.objects.get(verb="member.invite").member == admin


def test_who_has_an_account_keeps_name_and_password(tenant: Tenant) -> None:
    ana = User.objects.create_user("ana@us.example", "a-long-password", name="Ana of Elsewhere")
    member = invite(
        email="ana@us.example", name="Anna", role=role("sales_rep"), by=make_member("admin"), now=NOW
    )
    assert member.user == ana
    assert member.name == "Ana of Elsewhere"
    assert member.user.check_password("a-long-password")


def test_nobody_is_invited_twice(tenant: Tenant) -> None:
    admin, ana = make_member("admin"), make_member(email="ana@us.example")
    with pytest.raises(Refused, match="is a member already"):
        invite(email="ana@us.example", name="Ana", role=role("admin"), by=admin, now=NOW)
    deactivate_member(member=ana, by=admin, now=NOW)
    with pytest.raises(Refused, match="activate them again"):
        invite(email="ana@us.example", name="Ana", role=role("admin"), by=admin, now=NOW)


def test_only_who_manages_members_does(tenant: Tenant) -> None:
    manager, ana = make_member("sales_manager"), make_member()
    make_member("admin")
    for verb in (deactivate_member, reactivate_member):
        with pytest.raises(PermissionDenied):
            verb(member=ana, by=manager, now=NOW)
    with pytest.raises(PermissionDenied):
        change_member(member=manager, role=role("admin"), team="", emails_per_day=None, by=manager, now=NOW)


def test_the_last_administrator_stays_one(tenant: Tenant) -> None:
    admin, other = make_member("admin"), make_member("admin")
    change = {"team": "", "emails_per_day": None, "now": NOW}
    change_member(member=other, role=role("sales_rep"), by=admin, **change)  # type: ignore[arg-type]
    with pytest.raises(Refused, match="last administrator"):
        change_member(member=admin, role=role("sales_rep"), by=admin, **change)  # type: ignore[arg-type]
    assert Member.objects.get(pk=admin.pk).role.key == "admin"


def test_an_administrator_who_was_deactivated_does_not_count(tenant: Tenant) -> None:
    admin, other = make_member("admin"), make_member("admin")
    deactivate_member(member=other, by=admin, now=NOW)
    with pytest.raises(Refused, match="last administrator"):
        change_member(member=admin, role=role("sales_rep"), team="", emails_per_day=None, by=admin, now=NOW)


def test_nobody_deactivates_themselves(tenant: Tenant) -> None:
    admin, _ = make_member("admin"), make_member("admin")
    with pytest.raises(Refused, match="yourself"):
        deactivate_member(member=admin, by=admin, now=NOW)


def test_deactivating_shuts_out_of_this_workspace_alone(tenant: Tenant) -> None:
    admin, ana = make_member("admin"), make_member(email="ana@us.example")
    elsewhere = make_tenant()
    with use(elsewhere):
        make_member(email="ana@us.example")
    assert deactivate_member(member=ana, by=admin, now=NOW)
    assert not deactivate_member(member=ana, by=admin, now=NOW)
    active = Membership.objects.filter(user=ana.user, is_active=True)
    assert [m.tenant for m in active] == [elsewhere]
    with use(elsewhere):
        assert Member.objects.get(user=ana.user).is_active


def running_sequence(owner: Member) -> Sequence:
    made = create_sequence(name=f"Of {owner.name}", by=owner, now=NOW)
    begin(made, now=NOW)
    return made


def test_2_29_their_sequences_are_paused_and_nothing_leaves_in_their_name(tenant: Tenant) -> None:
    admin, ana, ben = make_member("admin"), make_member(), make_member()
    for owner in (ana, ben):
        running_sequence(owner)
    deactivate_member(member=ana, by=admin, now=NOW)
    found = dict(Sequence.objects.values_list("owner", "status"))
    assert found == {ana.pk: Status.PAUSED, ben.pk: Status.ACTIVE}
    of_ana = StopEvent.objects.filter(scope=stops.MEMBER, key=str(ana.pk), lifted_at=None)
    assert of_ana.exists()
    reactivate_member(member=ana, by=admin, now=NOW)
    assert not of_ana.exists()
    assert Sequence.objects.get(owner=ana).status == Status.PAUSED
