"""Giving a sequence to another owner: who may, to whom, and what changes with it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from messaging.models import Mailbox, Message
from sequences.commands.assigning import assign
from sequences.commands.editing import change_settings, create_sequence
from sequences.commands.status import activate, archive
from sequences.models import Sequence, SequenceShare
from sequences.reading.audience import newcomers
from sequences.refusals import Refused, TooMany
from sequences.ticking import work_tenant
from tenants.models import AuditLine, Member, Role, Team, Tenant
from tenants.policy import can
from tenants.wall import use
from tests.factories import NOW, ContactFactory, make_member, make_tenant
from tests.pages.conftest import SignIn
from tests.pages.somebody import words

pytestmark = pytest.mark.django_db


@pytest.fixture
def ben(tenant: Tenant) -> Member:
    member = make_member("sales_rep", "ben@us.example")
    Mailbox.objects.create(member=member, email="ben@us.example", smtp_host="localhost")
    return member


def text(response: Any) -> str:
    return str(response.content.decode())


def give(client: Client, sequence: Sequence, to: Member, keep: bool = True, **more: Any) -> Any:
    form = {"owner": to.pk} | ({"keep": "on"} if keep else {}) | more
    return client.post(f"/sequences/{sequence.pk}/assign/", form, follow=True)


def owner_of(sequence: Sequence) -> Member:
    return Sequence.objects.select_related("owner__user").get(pk=sequence.pk).owner


def test_view_edit_and_delete_go_with_it_and_the_log_says_so(
    client: Client, sequence: Sequence, rep: Member, ben: Member, sign_in: SignIn
) -> None:
    assert "ben@us.example" in text(client.get(f"/sequences/{sequence.pk}/share/"))
    page = give(client, sequence, ben)
    assert f"Outbound belongs to {ben.name} now" in text(page) and page.status_code == 200
    assert owner_of(sequence) == ben
    theirs = sign_in(ben)
    assert theirs.get(f"/sequences/{sequence.pk}/edit/").status_code == 200
    assert "Outbound" in text(theirs.get("/sequences/?tab=mine"))
    assert can(ben, "sequence.delete", owner_and(sequence))
    assert client.get(f"/sequences/{sequence.pk}/").status_code == 200, "it may still be viewed"
    assert client.get(f"/sequences/{sequence.pk}/edit/").status_code == 403
    line = AuditLine.objects.get(verb="sequence.assign")
    assert line.member == rep and line.object_id == sequence.pk
    assert (line.data["before"], line.data["after"]) == ({"owner": rep.pk}, {"owner": ben.pk})


def owner_and(sequence: Sequence) -> Sequence:
    return Sequence.objects.select_related("owner").get(pk=sequence.pk)


def test_without_the_tick_who_owned_it_sees_it_no_more(
    client: Client, sequence: Sequence, ben: Member
) -> None:
    page = give(client, sequence, ben, keep=False)
    assert page.redirect_chain == [("/sequences/", 302)] and "belongs to" in text(page)
    assert client.get(f"/sequences/{sequence.pk}/").status_code == 404


def test_a_share_with_the_new_owner_is_needed_no_more(
    client: Client, sequence: Sequence, ben: Member
) -> None:
    SequenceShare.objects.create(sequence=sequence, member=ben)
    give(client, sequence, ben)
    assert list(SequenceShare.objects.values_list("member", flat=True)) != [ben.pk]
    assert SequenceShare.objects.count() == 1


@pytest.mark.parametrize("why", ["nobody", "read only", "deactivated", "stranger", "themselves"])
def test_to_whom_it_cannot_be_given(
    client: Client, sequence: Sequence, rep: Member, ben: Member, why: str
) -> None:
    to: Any = {"read only": lambda: make_member("read_only"), "themselves": lambda: rep}.get(
        why, make_member
    )()
    if why == "deactivated":
        Member.objects.filter(pk=to.pk).update(is_active=False)
    if why == "stranger":
        with use(make_tenant()):
            to = make_member()
    answer = client.post(
        f"/sequences/{sequence.pk}/assign/", {"owner": "" if why == "nobody" else to.pk}, follow=True
    )
    assert answer.status_code == (200 if why == "themselves" else 422)
    if why != "themselves":
        assert "hoose" in words(text(answer)) and 'aria-invalid="true"' in text(answer)
    assert owner_of(sequence) == rep and not AuditLine.objects.filter(verb="sequence.assign").exists()


def test_nobody_gets_more_sequences_than_their_role_permits(
    client: Client, sequence: Sequence, rep: Member, ben: Member
) -> None:
    """F-08."""
    Role.objects.filter(pk=ben.role_id).update(sequences_per_user=1)
    create_sequence(name="Ben's own", by=Member.objects.get(pk=ben.pk), now=NOW)
    answer = give(client, sequence, ben)
    assert answer.status_code == 422 and "permits 1 sequence" in text(answer)
    assert owner_of(sequence) == rep
    archived = Sequence.objects.get(name="Outbound")
    Sequence.objects.filter(pk=archived.pk).update(status="archived")
    assert give(client, sequence, ben).status_code == 200 and owner_of(sequence) == ben


def test_who_may_not_share_it_may_not_give_it_away(
    sequence: Sequence, rep: Member, ben: Member, sign_in: SignIn
) -> None:
    url = f"/sequences/{sequence.pk}/assign/"
    assert sign_in(ben).post(url, {"owner": ben.pk}).status_code == 404, "not shared with them"
    SequenceShare.objects.create(sequence=sequence, member=ben)
    assert sign_in(ben).post(url, {"owner": ben.pk}).status_code == 403, "looking is not owning"
    assert sign_in(make_member("read_only")).post(url, {"owner": ben.pk}).status_code == 403
    other = sign_in(make_member("sales_manager", team=Team.objects.create(name="South")))
    assert other.post(url, {"owner": ben.pk}).status_code == 404
    assert owner_of(sequence) == rep
    north = Team.objects.create(name="North")
    Member.objects.filter(pk=rep.pk).update(team=north)
    manager = sign_in(make_member("sales_manager", team=north))
    assert manager.post(url, {"owner": ben.pk}).status_code == 302
    assert owner_of(sequence) == ben


def test_an_administrator_gives_away_what_a_deactivated_member_left(
    sequence: Sequence, rep: Member, ben: Member, sign_in: SignIn
) -> None:
    admin = sign_in(make_member("admin"))
    Member.objects.filter(pk=rep.pk).update(is_active=False)
    page = text(admin.get(f"/sequences/{sequence.pk}/share/"))
    assert "deactivated" in page and 'name="keep"' not in page
    give(admin, sequence, ben)
    assert owner_of(sequence) == ben and not SequenceShare.objects.exists()


def test_the_next_run_sends_in_the_name_of_the_new_owner_and_what_was_made_stays(
    sequence: Sequence, tenant: Tenant, rep: Member, ben: Member
) -> None:
    first = ContactFactory(city="Bonn")
    activate(sequence=sequence, by=rep, now=NOW)
    work_tenant(tenant.pk, now=NOW + timedelta(days=1), is_on_time=True)
    assert assign(sequence=sequence, to=ben, by=rep, now=NOW + timedelta(days=1))
    assert not assign(sequence=sequence, to=ben, by=make_member("admin"), now=NOW + timedelta(days=1))
    second = ContactFactory(city="Bonn")
    work_tenant(tenant.pk, now=NOW + timedelta(days=3), is_on_time=True)
    senders = dict(Message.objects.values_list("contact_id", "sender_id"))
    assert senders == {first.pk: rep.pk, second.pk: ben.pk}
    assert Message.objects.get(contact=second).mailbox.member == ben


def test_a_new_owner_without_a_mailbox_is_warned_about(client: Client, sequence: Sequence) -> None:
    cas = make_member("sales_rep", "cas@us.example")
    assert "has no mailbox that works" in text(give(client, sequence, cas))
    assert owner_of(sequence) == cas


def test_me_in_the_audience_is_the_new_owner_and_many_are_confirmed(
    client: Client, sequence: Sequence, tenant: Tenant, rep: Member, ben: Member
) -> None:
    Tenant.objects.filter(pk=tenant.pk).update(confirm_above=2)
    for owner in (rep, ben, ben, ben):
        ContactFactory(owner=owner)
    mine = [{"field": "owner", "op": "is", "value": "me"}]
    change_settings(sequence=sequence, by=rep, now=NOW, entry_conditions=mine)
    activate(sequence=sequence, by=rep, now=NOW)
    with pytest.raises(TooMany):
        assign(sequence=sequence, to=ben, by=rep, now=NOW)
    asked = give(client, sequence, ben)
    assert f"Give “Outbound” to {ben.name}?" in words(text(asked)) and owner_of(sequence) == rep
    assert give(client, sequence, ben, people="3").status_code == 200
    assert owner_of(sequence) == ben and newcomers(Sequence.objects.get(pk=sequence.pk), now=NOW) == 3


def test_the_command_refuses_whom_the_page_does_not_offer(sequence: Sequence, rep: Member) -> None:
    with pytest.raises(Refused, match="edits no sequences"):
        assign(sequence=sequence, to=make_member("read_only"), by=rep, now=NOW)
    activate(sequence=sequence, by=rep, now=NOW)
    archive(sequence=sequence, by=rep, now=NOW)
    assert assign(sequence=sequence, to=make_member("sales_manager"), by=rep, now=NOW)
