"""/sequences/: the list."""

from __future__ import annotations

import html
import re
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from django.test import Client

from messaging.models import Mailbox, Message
from sequences.commands.editing import create_sequence
from sequences.commands.planning import add_step
from sequences.models import Enrollment, Schedule, Sequence, Status
from tenants.models import Member, Role, Tenant
from tenants.wall import use
from tests.factories import NOW, ContactFactory, make_member, make_tenant
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


def named(client: Client, **query: object) -> list[str]:
    """The names of the sequences in the list, in its order."""
    return re.findall(r'class="row-link" href="/sequences/\d+/">([^<]*)<', text(client.get(LIST, query)))


def made(rep: Member, *names: str, **values: object) -> list[Sequence]:
    """Sequences of the rep, each edited later than the one before."""
    found = []
    for n, name in enumerate(names):
        sequence = create_sequence(name=name, by=rep, now=NOW)
        Sequence.objects.filter(pk=sequence.pk).update(edited_at=NOW + timedelta(hours=n), **values)
        found.append(sequence)
    return found


def put_in(sequence: Sequence, count: int, **values: object) -> None:
    Enrollment.objects.bulk_create(
        Enrollment(
            **{
                "sequence": sequence,
                "contact": ContactFactory(),
                "entered_at": NOW,
                "state": "active",
                "day1_run": 1,
            }
            | values
        )
        for _ in range(count)
    )


def test_it_is_put_in_order_by_a_column(client: Client, rep: Member) -> None:
    a, b, c = made(rep, "Aa", "Bb", "Cc")
    put_in(a, 2)
    put_in(a, 1, state="exited")
    put_in(b, 3)
    Schedule.objects.filter(sequence_id=c.pk).delete()
    Schedule.objects.create(tenant_id=rep.tenant_id, sequence_id=c.pk, next_run_at=NOW)
    assert named(client) == ["Cc", "Bb", "Aa"], "edited last first"
    assert named(client, sort="name") == ["Aa", "Bb", "Cc"]
    assert named(client, sort="-active") == ["Bb", "Aa", "Cc"]
    assert named(client, sort="-exited") == ["Aa", "Cc", "Bb"]
    assert named(client, sort="edited") == ["Aa", "Bb", "Cc"]
    assert named(client, sort="next_run") == named(client, sort="-next_run") == ["Cc", "Bb", "Aa"], (
        "none is last"
    )
    assert named(client, sort="nonsense") == named(client, sort="steps") == ["Cc", "Bb", "Aa"]
    assert 'aria-sort="descending"' in text(client.get(LIST, {"sort": "-active"}))


def test_people_are_told_apart_and_lead_to_themselves(client: Client, rep: Member) -> None:
    (sequence,) = made(rep, "Aa")
    put_in(sequence, 4)
    put_in(sequence, 3, held_reason="limit")
    put_in(sequence, 2, state="paused")
    put_in(sequence, 1, state="exited", exit_reason="replied", exited_at=NOW)
    page = text(client.get(LIST))
    for state, count in (("active", 4), ("held", 3), ("paused", 2), ("exited", 1)):
        href = f"/sequences/{sequence.pk}/people/?state={state}"
        assert f'href="{href}">{count}<' in page, state
        assert text(client.get(href)).count('class="row-link"') == count


def test_the_columns_are_chosen_put_in_order_and_kept(client: Client, sequence: Sequence) -> None:
    def heads(query: str = "") -> list[str]:
        head = text(client.get(f"{LIST}{query}")).partition("<thead>")[2].partition("</thead>")[0]
        return re.findall(r'<th scope="col"[^>]*>(?:<a[^>]*>)?([A-Z][a-z ]+)', head)

    assert heads()[:3] == ["Sequence", "Steps", "Pending"]
    assert heads("?columns=1&col=owner&col=sent&col=nonsense") == ["Sequence", "Owner", "Sent"]
    assert heads() == ["Sequence", "Owner", "Sent"], "the browser keeps them"
    moved = client.get(f"{LIST}?columns=1&col=owner&col=sent&col=edited&up=edited&tab=mine")
    assert moved.status_code == 302
    assert heads(moved["Location"].removeprefix(LIST)) == ["Sequence", "Owner", "Edited", "Sent"]
    assert "Move Sent up" in text(client.get(moved["Location"])), "the choice stays open"
    assert heads("?columns=1")[:3] == ["Sequence", "Steps", "Pending"], "with none chosen the usual ones"
    assert heads()[:3] == ["Sequence", "Steps", "Pending"]


def test_it_is_filtered_by_kind_and_record(client: Client, rep: Member) -> None:
    (a,) = made(rep, "Aa", kind="smart")
    (b,) = made(rep, "Bb", record="opportunity")
    assert named(client, kind="smart") == [a.name]
    assert named(client, record="opportunity") == [b.name]
    assert named(client, kind="nonsense", record="\x00") == [b.name, a.name]
    assert named(client, kind="adaptive") == []


def test_many_sequences_come_page_by_page_in_any_order(client: Client, rep: Member) -> None:
    made(rep, *(f"Number {n:03}" for n in range(120)))
    for sort in ("", "name"):
        seen: list[str] = []
        query = {"sort": sort} if sort else {}
        while True:
            page = text(client.get(LIST, query))
            found = re.findall(r'class="row-link" href="/sequences/\d+/">([^<]*)<', page)
            back = re.search(r'href="([^"]*after=\d+[^"]*)" rel="prev"', page)
            if seen:
                assert back
                before = text(client.get(f"{LIST}{html.unescape(back[1])}"))
                assert f">{seen[-1]}<" in before and f">{found[0]}<" not in before
            else:
                assert not back
            seen += found
            more = re.search(r'href="([^"]*before=\d+[^"]*)" rel="next"', page)
            if not more:
                break
            query = dict(parse_qsl(urlsplit(html.unescape(more[1])).query))
        expected = [f"Number {n:03}" for n in range(120)]
        assert seen == (expected if sort else expected[::-1])
    assert "120 sequences" in text(client.get(LIST)), "the head counts all"
    assert named(client, before="999999") == named(client), "one that is gone leads to the first page"


def test_numbers_of_many_people_are_those_of_the_last_run(client: Client, rep: Member) -> None:
    small, large = made(rep, "Small", "Large")
    put_in(small, 2)
    put_in(large, 3)
    steps = {"s1": {"sent": 30_000, "opened": 0, "clicked": 0, "replied": 300, "bounced": 0}}
    Sequence.objects.filter(pk=large.pk).update(
        counters={
            "entered": 30_000,
            "active": 29_700,
            "paused": 0,
            "held": 0,
            "exited": {"replied": 300},
            "steps": steps,
        }
    )
    page = text(client.get(LIST))
    assert ">29,700<" in page and "as of their last run" in page
    assert "29,702 people inside" in page
    assert named(client, sort="active") == ["Small", "Large"]


def test_the_switch_of_a_row_pauses_and_resumes(client: Client, sequence: Sequence, tenant: Tenant) -> None:
    live(sequence, tenant)
    for path, status, checked in (("pause", "paused", "false"), ("resume", "active", "true")):
        assert f'action="/sequences/{sequence.pk}/{path}/"' in text(client.get(LIST))
        page = client.post(f"/sequences/{sequence.pk}/{path}/", {"next": LIST}, follow=True)
        sequence.refresh_from_db()
        assert sequence.status == status
        assert f'role="switch" aria-checked="{checked}" aria-label="Outbound runs"' in text(page)


def test_who_may_only_look_has_no_switch(sequence: Sequence, tenant: Tenant, sign_in: SignIn) -> None:
    live(sequence, tenant)
    page = text(sign_in(make_member("read_only")).get(LIST))
    assert "Outbound" in page and 'role="switch"' not in page


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
    for wrong in ("x" * 31, "a/b/c/d/e", "a//b", ",".join(f"t{n}" for n in range(11))):
        assert client.post(path, form | {"tags": wrong}).status_code == 422
    assert client.get(LIST, {"tag": "\x00", "record": "nonsense"}).status_code == 200


def test_tags_nest_and_are_found_under_those_above(client: Client, rep: Member, sequence: Sequence) -> None:
    (dach,) = made(rep, "Dach", tags=["Region/EMEA/DACH"])
    (emea,) = made(rep, "Emea", tags=["region/EMEA"])
    made(rep, "Other", tags=["Regional"])
    assert sorted(named(client, tag="Region")) == [dach.name, emea.name]
    assert named(client, tag="Region/EMEA/DACH") == [dach.name]
    assert named(client, tag="Region/APAC") == []
    page = text(client.get(LIST))
    assert '<option value="Region/EMEA/DACH">\u2003\u2003DACH</option>' in page
    assert "Region / EMEA / DACH" in page


def test_mails_that_wait_for_a_mailbox_are_a_problem_too(
    client: Client, rep: Member, sequence: Sequence, tenant: Tenant
) -> None:
    create_sequence(name="Fine", by=rep, now=NOW)
    live(sequence, tenant)
    assert "Outbound" not in text(client.get(f"{LIST}?problems=1"))
    Mailbox.objects.update(state=Mailbox.BROKEN, problem="It refuses the password.")
    page = text(client.get(f"{LIST}?problems=1"))
    assert "Outbound" in page and "Fine" not in page
    assert "Mails wait for a mailbox" in text(client.get(LIST))
    Message.objects.update(state="cancelled")
    assert "Outbound" not in text(client.get(f"{LIST}?problems=1"))
