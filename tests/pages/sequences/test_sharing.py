"""Sharing (F-09): just me, everyone, some members and teams; looking, not changing; personal templates stay hidden."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from messaging.models import Template
from sequences.commands.editing import create_sequence
from sequences.models import Sequence, SequenceShare
from steps.models import Step
from tenants.models import AuditLine, Member, Team, Tenant
from tenants.policy import can
from tenants.wall import use
from tests.factories import NOW, make_member, make_tenant
from tests.pages.conftest import SignIn


def text(response: Any) -> str:
    return str(response.content.decode())


def at(sequence: Sequence, rest: str = "") -> str:
    return f"/sequences/{sequence.pk}/{rest}"


def share(client: Client, sequence: Sequence, how: str, **who: list[int]) -> Any:
    return client.post(at(sequence, "share/"), {"how": how, **who})


def test_f_09_some_members_and_teams_look_at_it_and_nobody_else_does(
    client: Client, sequence: Sequence, sign_in: SignIn
) -> None:
    north = Team.objects.create(name="North")
    ana, ben, eve = make_member(), make_member(team=north), make_member()
    assert share(client, sequence, "selected", members=[ana.pk], teams=[north.pk]).status_code == 302
    for member in (ana, ben):
        browser = sign_in(member)
        page = text(browser.get(at(sequence)))
        assert "Outbound" in page and "/edit/" not in page and "/share/" not in page and "/clone/" in page
        assert "Outbound" in text(browser.get("/sequences/?tab=shared"))
        assert browser.get(at(sequence, "edit/")).status_code == 403
        assert browser.post(at(sequence, "pause/")).status_code == 403
        assert share(browser, sequence, "everyone").status_code == 403
        assert can(member, "sequence.view", sequence) and not can(member, "sequence.edit", sequence)
    assert sign_in(eve).get(at(sequence)).status_code == 404
    assert not can(eve, "sequence.view", sequence)
    assert "Member" in text(client.get(at(sequence, "settings/")))
    assert "team North" in text(client.get(at(sequence, "settings/")))


def test_f_09_what_is_taken_back_is_gone_at_the_next_request(
    client: Client, sequence: Sequence, sign_in: SignIn
) -> None:
    ana = make_member()
    browser = sign_in(ana)
    share(client, sequence, "selected", members=[ana.pk])
    assert browser.get(at(sequence)).status_code == 200
    share(client, sequence, "everyone")
    assert browser.get(at(sequence)).status_code == 200
    assert not SequenceShare.objects.exists()
    share(client, sequence, "me")
    assert browser.get(at(sequence)).status_code == 404
    assert AuditLine.objects.filter(verb="sequence.share").count() == 3


def test_who_leaves_the_team_sees_it_no_more(client: Client, sequence: Sequence, sign_in: SignIn) -> None:
    north = Team.objects.create(name="North")
    ben = make_member(team=north)
    share(client, sequence, "selected", teams=[north.pk])
    Member.objects.filter(pk=ben.pk).update(team=None)
    assert sign_in(ben).get(at(sequence)).status_code == 404


@pytest.mark.parametrize("how", ["selected", "", "nobody"])
def test_sharing_with_nobody_in_particular_is_refused_at_its_place(
    client: Client, sequence: Sequence, how: str
) -> None:
    answer = share(client, sequence, how)
    assert answer.status_code == 422
    assert "Choose" in text(answer)
    assert not Sequence.objects.get().is_shared


def test_another_workspaces_members_and_teams_are_none_here(client: Client, sequence: Sequence) -> None:
    with use(make_tenant()):
        theirs, team = make_member(), Team.objects.create(name="Theirs")
    answer = share(client, sequence, "selected", members=[theirs.pk], teams=[team.pk])
    assert answer.status_code == 422
    assert not SequenceShare.objects.exists()


def test_f_09_personal_templates_stay_hidden_and_a_clone_comes_without_them(
    client: Client, rep: Member, sequence: Sequence, template: Template, sign_in: SignIn
) -> None:
    Template.objects.filter(pk=template.pk).update(is_shared=False, name="Secret words")
    share(client, sequence, "everyone")
    browser = sign_in(make_member("sales_rep"))
    for tab in ("", "people/", "versions/", "settings/"):
        page = text(browser.get(at(sequence, tab)))
        assert "Secret words" not in page and "How are you?" not in page and "Hello" not in page, tab
    assert "Private template" in text(browser.get(at(sequence)))
    answer = browser.post(at(sequence, "clone/"), follow=True)
    assert "1 step had a personal template of somebody else: choose your own." in text(answer)
    assert "Secret words" not in text(answer) and "How are you?" not in text(answer)
    clone = Sequence.objects.get(name="Outbound (copy)")
    assert clone.plan.steps.count() == 2
    assert not clone.plan.steps.exclude(template=None).exists()
    assert "How are you?" in text(client.get(at(sequence))), "its owner reads it"
    assert Step.objects.filter(plan=sequence.plan, template=template).exists(), "and it is unchanged"


def test_a_manager_sees_the_teams_and_who_is_elsewhere_is_not_there(tenant: Tenant, sign_in: SignIn) -> None:
    north, south = Team.objects.create(name="North"), Team.objects.create(name="South")
    mine = create_sequence(name="Of the north", by=make_member(team=north), now=NOW)
    other = create_sequence(name="Of the south", by=make_member(team=south), now=NOW)
    manager = sign_in(make_member("sales_manager", team=north))
    page = text(manager.get("/sequences/"))
    assert "Of the north" in page and "Of the south" not in page
    assert manager.get(at(mine, "share/")).status_code == 200
    assert manager.get(at(other)).status_code == 404
