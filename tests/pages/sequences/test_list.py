"""/sequences/: the list."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from sequences.commands.editing import create_sequence
from sequences.commands.planning import add_step
from sequences.models import Enrollment, Sequence, Status
from tenants.models import Member, Role, Tenant
from tenants.wall import use
from tests.factories import NOW, make_member, make_tenant
from tests.pages.conftest import SignIn
from tests.pages.sequences.conftest import live

LIST = "/sequences/"


def text(response: Any) -> str:
    return response.content.decode()


def test_a_rep_sees_their_own_and_shared_sequences(
    client: Client, rep: Member, sequence: Sequence, sign_in: SignIn
) -> None:
    other = make_member("sales_rep")
    create_sequence(name="Secret", by=other, now=NOW)
    create_sequence(name="For all", by=other, now=NOW, is_shared=True)
    page = text(client.get(LIST))
    assert "Outbound" in page and "For all" in page and "Secret" not in page


def test_without_view_there_is_no_page_and_no_menu(tenant: Tenant, sign_in: SignIn) -> None:
    member = make_member("sales_rep")
    Role.objects.filter(pk=member.role_id).update(permissions={"record.view": "all"})
    client = sign_in(member)
    assert client.get(LIST).status_code == 403
    assert "/sequences/" not in text(client.get(LIST))


def test_without_create_there_is_no_button(tenant: Tenant, sign_in: SignIn) -> None:
    page = text(sign_in(make_member("read_only")).get(LIST))
    assert "/sequences/new/" not in page
    assert "/sequences/new/" in text(sign_in(make_member("sales_rep")).get(LIST))


def test_nobody_sees_another_tenants(client: Client, sequence: Sequence) -> None:
    with use(make_tenant()):
        create_sequence(name="Foreign", by=make_member("admin"), now=NOW)
    assert "Foreign" not in text(client.get(LIST))


def test_the_tabs_count_what_they_hold(client: Client, rep: Member, sequence: Sequence) -> None:
    create_sequence(name="For all", by=make_member("sales_rep"), now=NOW, is_shared=True)
    old = create_sequence(name="Old one", by=rep, now=NOW)
    Sequence.objects.filter(pk=old.pk).update(status=Status.ARCHIVED, activated_at=NOW)
    response = client.get(LIST)
    page = text(response)
    for tab, number in (("All", 2), ("Mine", 1), ("Shared", 1), ("Archived", 1)):
        assert f"{tab} <em>{number}</em>" in page
    assert "Old one" not in page
    assert "Old one" in text(client.get(LIST, {"tab": "archived"}))
    assert "For all" not in text(client.get(LIST, {"tab": "mine"}))


@pytest.mark.parametrize(
    ("query", "is_found"),
    [
        ({"q": "out"}, True),
        ({"q": "OUTBOUND"}, True),
        ({"q": "nothing"}, False),
        ({"status": "draft"}, True),
        ({"status": "active"}, False),
        ({"owner": "999"}, False),
        ({"tab": "nonsense"}, True),
        ({"status": "nonsense"}, True),
        ({"status": "\x00", "q": "\x00", "owner": "\x00"}, True),
    ],
)
def test_the_list_is_filtered_by_its_address(
    client: Client, sequence: Sequence, query: dict[str, str], is_found: bool
) -> None:
    assert (f"/sequences/{sequence.pk}/" in text(client.get(LIST, query))) is is_found


def test_the_numbers_are_those_of_the_runs(client: Client, sequence: Sequence, tenant: Tenant) -> None:
    live(sequence, tenant, people=3)
    page = text(client.get(LIST))
    assert "3 people inside" in page
    assert "next run" in page


def test_a_fragment_is_the_same_as_in_the_page(client: Client, sequence: Sequence) -> None:
    headers = {"HX-Request": "true", "HX-Target": "sequences"}
    part = text(client.get(LIST, headers=headers))
    assert "<html" not in part and "Outbound" in part
    bare = "".join(part.split())
    whole = "".join(text(client.get(LIST)).split())
    # The tokens of the forms are masked anew each time.
    assert bare[:200] in whole


def test_many_sequences_take_as_many_questions_as_one(
    client: Client, rep: Member, sequence: Sequence, django_assert_max_num_queries: Any
) -> None:
    for n in range(30):
        made = create_sequence(name=f"Number {n}", by=rep, now=NOW)
        add_step(sequence=made, kind="call", by=rep, now=NOW, settings={"title": "T"})
    with django_assert_max_num_queries(25):
        client.get(LIST)


def test_an_empty_list_says_what_to_do(tenant: Tenant, sign_in: SignIn) -> None:
    page = text(sign_in(make_member("sales_rep")).get(LIST))
    assert "No sequence yet" in page and "Import people first" in page
    assert "No sequence matches" in text(sign_in(make_member("sales_rep")).get(LIST, {"q": "x"}))


def test_f_08_how_many_sequences_are_left_is_said_and_no_more_are_made_or_cloned(
    client: Client, rep: Member, sequence: Sequence
) -> None:
    assert "You own" not in text(client.get(LIST)) and "you own" not in text(client.get(LIST))
    Role.objects.filter(pk=rep.role_id).update(sequences_per_user=2)
    assert "you own 1 of 2 sequences" in text(client.get(LIST))
    client.post("/sequences/new/", {"name": "Second", "record": "contact"})
    assert "you own 2 of 2 sequences" in text(client.get(LIST))
    assert "You own 2 of 2 sequences." in text(client.get("/sequences/new/"))
    refused = client.post("/sequences/new/", {"name": "Third", "record": "contact"})
    assert refused.status_code == 422
    said = "Your role permits 2 sequences, and you own 2. Archive one first."
    assert said in text(refused)
    assert said in text(client.post(f"/sequences/{sequence.pk}/clone/", follow=True))
    assert Sequence.objects.count() == 2
    Sequence.objects.filter(name="Second").update(status=Status.ARCHIVED)
    client.post(f"/sequences/{sequence.pk}/clone/")
    assert Sequence.objects.filter(name="Outbound (copy)").exists()


def test_a_failed_run_is_said_in_the_list_and_on_each_tab(
    client: Client, sequence: Sequence, rep: Member
) -> None:
    create_sequence(name="Fine", by=rep, now=NOW)
    assert "Last run failed" not in text(client.get(LIST))
    Sequence.objects.filter(pk=sequence.pk).update(problem="The condition on “city” cannot be read.")
    assert "Last run failed" in text(client.get(LIST))
    only = text(client.get(LIST, {"problems": "1"}))
    assert "Outbound" in only and "Fine" not in only
    for tab in ("", "people/", "runs/"):
        assert "The condition on “city” cannot be read." in text(client.get(f"{LIST}{sequence.pk}/{tab}"))


def test_who_is_held_is_a_problem_too(
    client: Client, sequence: Sequence, tenant: Tenant, rep: Member
) -> None:
    create_sequence(name="Fine", by=rep, now=NOW)
    live(sequence, tenant, people=1)
    assert "Outbound" not in text(client.get(LIST, {"problems": "1"}))
    Enrollment.objects.update(held_reason="mailbox", held_since=NOW)
    only = text(client.get(LIST, {"problems": "1"}))
    assert "Outbound" in only and "Fine" not in only


def test_tags_are_given_and_found_by(client: Client, rep: Member, sequence: Sequence) -> None:
    create_sequence(name="Companies", by=rep, now=NOW, record="account")
    path = f"{LIST}{sequence.pk}/edit/details/"
    form = {"name": "Outbound", "description": "", "sender": "owner"}
    client.post(path, form | {"tags": "EMEA, cold  mail, emea,"})
    sequence.refresh_from_db()
    assert sequence.tags == ["emea", "cold mail"]
    only = text(client.get(LIST, {"tag": "cold mail"}))
    assert "Outbound" in only and ">Companies</a>" not in only and ">cold mail<" in only
    companies = text(client.get(LIST, {"record": "account"}))
    assert ">Companies</a>" in companies and ">Outbound</a>" not in companies
    for wrong in ("x" * 31, ",".join(f"t{n}" for n in range(11))):
        assert client.post(path, form | {"tags": wrong}).status_code == 422
    assert client.get(LIST, {"tag": "\x00", "record": "nonsense"}).status_code == 200
