"""One function decides what a member may do to an object."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from django.core.exceptions import PermissionDenied

from audience.models import Contact
from tenants.models import Member, Team
from tenants.policy import can, require, visible
from tests.factories import ContactFactory, make_member

pytestmark = pytest.mark.django_db


def owned(member: Member, *, shared: bool = False) -> SimpleNamespace:
    return SimpleNamespace(owner_id=member.pk, owner=member, is_shared=shared)


def test_a_rep_views_and_edits_their_own_sequences_only(tenant: object) -> None:
    rep, other = make_member("sales_rep"), make_member("sales_rep")
    assert can(rep, "sequence.edit", owned(rep))
    assert not can(rep, "sequence.view", owned(other))
    assert not can(rep, "sequence.edit", owned(other))


def test_f_09_what_is_shared_is_seen_by_everyone_and_changed_by_its_owner(tenant: object) -> None:
    rep, other = make_member("sales_rep"), make_member("sales_rep")
    assert can(rep, "sequence.view", owned(other, shared=True))
    assert not can(rep, "sequence.edit", owned(other, shared=True))


def test_a_manager_reaches_the_sequences_of_the_team(tenant: object) -> None:
    team = Team.objects.create(name="North")
    manager = make_member("sales_manager", team=team)
    inside, outside = make_member(team=team), make_member()
    assert can(manager, "sequence.edit", owned(inside))
    assert not can(manager, "sequence.edit", owned(outside))


def test_an_analyst_reads_everything_and_changes_nothing(tenant: object) -> None:
    analyst, rep = make_member("read_only"), make_member()
    assert can(analyst, "sequence.view", owned(rep))
    assert not can(analyst, "sequence.create")
    with pytest.raises(PermissionDenied, match="create sales sequences"):
        require(analyst, "sequence.create")


def test_who_is_deactivated_may_nothing(tenant: object) -> None:
    member = make_member("admin", is_active=False)
    assert not can(member, "sequence.view")


def test_nobody_may_nothing() -> None:
    assert not can(None, "sequence.view")


def test_what_is_visible_as_a_set_is_what_each_object_answers(tenant: object) -> None:
    team = Team.objects.create(name="North")
    members = [
        make_member("sales_manager", team=team),
        make_member(team=team),
        make_member(),
        make_member("admin"),
    ]
    for member in members:
        ContactFactory(owner=member)
    for member in members:
        for action in ("record.edit", "sequence.edit"):
            seen = set(visible(member, action, Contact.objects.all()))
            assert seen == {c for c in Contact.objects.all() if can(member, action, c)}
