"""Lists with conditions, columns and order, saved as views: everything stands in the address."""

from __future__ import annotations

import html
import re
from datetime import timedelta
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from audience.catalogue import make_field
from audience.conditions.types import FieldType
from audience.lists import MOST_COUNTED
from audience.models import Account, Contact, ContactTag, SavedView
from sequences.commands.editing import change_settings, create_sequence
from sequences.models import Enrollment, Sequence
from tenants.models import Role, Tenant
from tenants.wall import use
from tests.factories import NOW, AccountFactory, ContactFactory, make_member, make_tenant
from tests.pages.signing_in import sign_in
from tests.pages.somebody import Somebody, names, words

pytestmark = pytest.mark.django_db


@pytest.fixture
def me(client: Client) -> Somebody:
    return Somebody(client, make_tenant())


def asked(*rows: tuple[str, str, str], match: str = "all", **more: object) -> str:
    """The address of a list with conditions."""
    pairs: dict[str, object] = {"cond-match": match}
    for n, (field, op, value) in enumerate(rows):
        pairs |= {f"cond-{n}-field": field, f"cond-{n}-op": op, f"cond-{n}-value": value}
    return f"?{urlencode(pairs | more, doseq=True)}"


LEADS = ("lifecycle_stage", "is", "Lead")


def people(me: Somebody) -> dict[str, Contact]:
    with use(me.tenant):
        acme = AccountFactory(name="Acme", industry="Paper")
        return {
            "Ann": ContactFactory(
                first_name="Ann", last_name="Zorn", lifecycle_stage="Lead", score=7, account=acme
            ),
            "Ben": ContactFactory(first_name="Ben", last_name="Yil", lifecycle_stage="Lead", score=3),
            "Cas": ContactFactory(first_name="Cas", last_name="Xu", lifecycle_stage="Customer", score=9),
            "Dea": ContactFactory(first_name="Dea", last_name="", lifecycle_stage="", score=None),
        }


@pytest.mark.parametrize(
    ("address", "found"),
    [
        (asked(LEADS), ["Ben Yil", "Ann Zorn"]),
        (asked(LEADS, ("score", ">", "5")), ["Ann Zorn"]),
        (asked(LEADS, ("score", ">", "5"), match="any"), ["Cas Xu", "Ben Yil", "Ann Zorn"]),
        (asked(("account.industry", "is", "paper")), ["Ann Zorn"]),
        (asked(("score", "empty", "")), ["Dea"]),
        (asked(LEADS, sort="score"), ["Ben Yil", "Ann Zorn"]),
        ("?sort=-score", ["Cas Xu", "Ann Zorn", "Ben Yil", "Dea"]),
        ("?sort=name", ["Cas Xu", "Ben Yil", "Ann Zorn", "Dea"]),
        ("?sort=nonsense", ["Dea", "Cas Xu", "Ben Yil", "Ann Zorn"]),
        (asked(LEADS, owner="none", q="be"), ["Ben Yil"]),
        (asked(), ["Dea", "Cas Xu", "Ben Yil", "Ann Zorn"]),
    ],
)
def test_a_list_shows_whom_its_address_asks_for(me: Somebody, address: str, found: list[str]) -> None:
    people(me)
    assert names(me.get(f"/contacts/{address}")) == found


def test_columns_are_put_in_order_and_the_choice_stays_open(me: Somebody) -> None:
    people(me)
    moved = me.client.get("/contacts/?col=email&col=score&col=owner&up=owner&sort=score&panel=columns")
    assert moved.status_code == 302
    assert parse_qs(urlsplit(moved["Location"]).query)["col"] == ["email", "owner", "score"]
    page = me.get(moved["Location"])
    assert "Move Score up" in page and "Move Email up" not in page
    heads = re.findall(r'<th scope="col" class="[^"]*"[^>]*>(?:<a[^>]*>)?([A-Z][a-z]+)', page)
    assert heads == ["Name", "Email", "Owner", "Score"]


def test_a_stage_that_the_list_lost_is_still_said_to_be_asked_for(me: Somebody) -> None:
    assert '<option value="Gone" selected>' in me.get("/contacts/?stage=Gone")


def test_me_is_who_looks(me: Somebody) -> None:
    with use(me.tenant):
        ContactFactory(first_name="Ann", last_name="A", owner=me.member)
        ContactFactory()
    page = me.get(f"/contacts/{asked(('owner', 'is', 'me'))}")
    assert names(page) == ["Ann A"]
    assert "Whose owner is me" in words(page)


def test_a_wrong_condition_shows_nobody_and_says_so(me: Somebody) -> None:
    people(me)
    page = me.get(f"/contacts/{asked(('score', '>', 'many'))}")
    assert names(page) == []
    assert "A condition is not complete" in words(page)
    panel = me.get(f"/contacts/{asked(('score', '>', 'many'), panel='filter')}")
    assert "Filter contacts" in panel


def test_membership_in_sequences_filters_lists_as_it_does_audiences(me: Somebody) -> None:
    """F-32, F-35."""
    found = people(me)
    with use(me.tenant):
        sequence = create_sequence(name="Outbound", by=me.member, now=NOW)
        Enrollment.objects.create(sequence=sequence, contact=found["Ann"], entered_at=NOW)
        Enrollment.objects.create(
            sequence=sequence, contact=found["Ben"], entered_at=NOW, exited_at=NOW, state="exited"
        )
    who = {
        op: names(me.get(f"/contacts/{asked(('sequence', op, 'outbound'))}"))
        for op in ("in", "not_in", "was_in", "never_in")
    }
    assert who == {
        "in": ["Ann Zorn"],
        "not_in": ["Dea", "Cas Xu", "Ben Yil"],
        "was_in": ["Ben Yil"],
        "never_in": ["Dea", "Cas Xu"],
    }
    assert "Outbound" in me.get(f"/contacts/{asked(('sequence', 'in', 'Outbound'), panel='filter')}")
    assert "A condition is not complete" in me.get(f"/contacts/{asked(('sequence', 'in', 'Nowhere'))}")


def test_columns_are_chosen_and_tags_own_fields_and_the_companys_are_among_them(me: Somebody) -> None:
    found = people(me)
    with use(me.tenant):
        field = make_field("contact", "tier", FieldType.TEXT)
        Contact.objects.filter(pk=found["Ann"].pk).update(**{field.column: "Gold"})
        ContactTag.objects.create(record=found["Ann"], label="Fair")
    page = me.get("/contacts/?col=tier&col=tags&col=account.industry&col=nonsense&q=ann")
    assert re.search(r"Ann Zorn Gold Fair Paper", words(page))
    assert "Last contacted mode" not in words(page)


def test_a_page_of_a_long_list_in_any_order_has_no_gap(me: Somebody) -> None:
    with use(me.tenant):
        Contact.objects.bulk_create(
            Contact(first_name=f"P{n}", score=None if n % 4 == 0 else n % 7, created_at=NOW)
            for n in range(130)
        )
        scored = Contact.objects.exclude(score=None)
        blank = list(Contact.objects.filter(score=None).order_by("-pk"))
        up, down = list(scored.order_by("score", "pk")), list(scored.order_by("-score", "-pk"))
    for sort, expected in (("score", up + blank), ("-score", down + blank)):
        seen, address = [], f"/contacts/?sort={sort}"
        pages = []
        while address:
            page = me.get(address)
            pages.append(names(page))
            seen += names(page)
            link = re.search(r'href="(\?[^"]+)" rel="next"', page)
            address = f"/contacts/{html.unescape(link[1])}" if link else ""
        assert seen == [str(contact) for contact in expected]
        back = re.search(r'href="(\?[^"]+)" rel="prev"', page)
        assert back
        assert names(me.get(f"/contacts/{html.unescape(back[1])}")) == pages[-2]


def test_the_builder_works_without_scripts(me: Somebody) -> None:
    answer = me.client.get(f"/contacts/{asked(LEADS)}&cond-add=1&view=")
    assert answer.status_code == 302
    query = parse_qs(urlsplit(answer["Location"]).query, keep_blank_values=True)
    assert query["panel"] == ["filter"] and query["cond-1-field"] == [""]
    assert "cond-add" not in query
    page = me.get(answer["Location"])
    assert 'id="cond-1-field"' in page
    less = me.client.get(f"/contacts/{asked(LEADS, ('city', 'is', 'Bonn'))}&cond-remove=0")["Location"]
    assert "Bonn" in less and "Lead" not in less


def test_the_builder_is_drawn_anew(me: Somebody) -> None:
    form = {"cond-0-field": "lifecycle_stage", "cond-0-op": "is", "cond-add": "1"}
    page = me.client.post("/conditions/builder/?record=contact", form).content.decode()
    assert 'id="cond-1-field"' in page and "<html" not in page
    assert "Sequences" in page


def save(me: Somebody, address: str, name: str = "Leads", **form: str) -> SavedView:
    answer = me.client.post(f"/views/new/?record=contact&{address[1:]}", {"name": name} | form)
    assert answer.status_code == 302, words(answer.content.decode())
    with use(me.tenant):
        return SavedView.objects.get(name=name)


def test_a_view_keeps_conditions_columns_order_and_quick_filters(me: Somebody) -> None:
    people(me)
    address = asked(("score", ">", "1"), sort="-score", col=["score", "city"], stage="lead", owner="none")
    view = save(me, address)
    assert view.owner_id == me.member.pk and not view.is_shared
    page = me.get(f"/contacts/?view={view.pk}")
    assert names(page) == names(me.get(f"/contacts/{address}")) == ["Ann Zorn", "Ben Yil"]
    assert view.columns == ["score", "city"]
    assert "Save changes" not in page
    changed = me.get(f"/contacts/?view={view.pk}&sort=score")
    assert names(changed) == ["Ben Yil", "Ann Zorn"]
    assert "Save changes to “Leads”" in html.unescape(changed)
    me.client.post(
        f"/views/{view.pk}/", {"name": "Leads", "filter": f"view={view.pk}&sort=score", "keep": "1"}
    )
    assert names(me.get(f"/contacts/?view={view.pk}")) == ["Ben Yil", "Ann Zorn"]


@pytest.mark.parametrize(
    ("name", "said"),
    [("", "A view needs a name."), ("leads", "There is a view “leads” already."), ("x" * 101, "at most 100")],
)
def test_a_view_needs_a_name_of_its_own(me: Somebody, name: str, said: str) -> None:
    save(me, asked(LEADS))
    answer = me.client.post(f"/views/new/?record=contact&{asked(LEADS)[1:]}", {"name": name})
    assert answer.status_code == 422 and said in html.unescape(words(answer.content.decode()))
    with use(me.tenant):
        assert SavedView.objects.count() == 1


def test_the_search_is_said_not_to_be_kept(me: Somebody) -> None:
    assert "is not kept in the view" in me.get("/views/new/?record=contact&q=ann")


def test_a_shared_view_is_used_by_all_and_changed_by_its_owner_alone(me: Somebody, client: Client) -> None:
    people(me)
    private, shared = save(me, asked(LEADS), "Mine"), save(me, asked(LEADS), "Ours", is_shared="on")
    other = Client()
    sign_in(other, me.tenant, "sales_rep")
    assert names(other.get(f"/contacts/?view={shared.pk}").content.decode()) == ["Ben Yil", "Ann Zorn"]
    assert other.get(f"/contacts/?view={private.pk}").status_code == 404
    assert other.get(f"/views/{private.pk}/").status_code == 404
    assert other.get(f"/views/{shared.pk}/").status_code == 403
    assert other.post(f"/views/{shared.pk}/delete/").status_code == 403
    menu = other.get("/contacts/").content.decode()
    assert "Ours" in menu and ">Mine" not in menu


def test_who_manages_the_workspace_opens_private_views_but_is_not_offered_them(me: Somebody) -> None:
    people(me)
    rep = Somebody(Client(), me.tenant, "sales_rep")
    theirs = save(rep, asked(LEADS), "Theirs")
    assert names(me.get(f"/contacts/?view={theirs.pk}")) == ["Ben Yil", "Ann Zorn"]
    assert ">Theirs" not in me.get("/contacts/")
    assert me.client.post(f"/views/{theirs.pk}/delete/").status_code == 302
    assert rep.client.get(f"/contacts/?view={theirs.pk}").status_code == 404


def test_a_view_that_a_sequence_uses_is_not_deleted(me: Somebody) -> None:
    view = save(me, asked(LEADS))
    with use(me.tenant):
        sequence = create_sequence(name="Outbound", by=me.member, now=NOW)
        change_settings(sequence=sequence, views=[view], by=me.member, now=NOW)
    page = me.client.post(f"/views/{view.pk}/delete/", follow=True).content.decode()
    assert "“Leads” stays: the sequence “Outbound” takes people from it." in html.unescape(page)
    assert "Outbound" in words(me.get(f"/views/{view.pk}/"))
    with use(me.tenant):
        change_settings(sequence=sequence, views=[], by=me.member, now=NOW)
    me.client.post(f"/views/{view.pk}/delete/")
    with use(me.tenant):
        assert not SavedView.objects.exists()
        assert Sequence.objects.exists()


def test_companies_have_views_and_columns_too(me: Somebody) -> None:
    with use(me.tenant):
        acme = AccountFactory(name="Acme", industry="Paper", employees=7)
        AccountFactory(name="Bolt", industry="Metal")
        ContactFactory.create_batch(3, account=acme)
    page = me.get(f"/companies/{asked(('industry', 'is', 'paper'), col=['people', 'employees'])}")
    assert re.search(r"Acme 3 7", words(page))
    assert "1 company matches" in words(page)
    answer = me.client.post(
        f"/views/new/?record=account&{asked(('industry', 'is', 'paper'))[1:]}", {"name": "Paper"}
    )
    assert names(me.get(answer["Location"])) == ["Acme"]
    with use(me.tenant):
        assert Account.objects.count() == 2


def test_a_view_of_another_workspace_is_not_there(me: Somebody) -> None:
    with use(make_tenant()):
        foreign = SavedView.objects.create(name="Foreign", is_shared=True)
    assert me.client.get(f"/contacts/?view={foreign.pk}").status_code == 404
    assert me.client.get("/contacts/?view=x").status_code == 404


def test_a_list_takes_few_statements_however_it_is_asked(me: Somebody) -> None:
    found = people(me)
    with use(me.tenant):
        ContactTag.objects.create(record=found["Ann"], label="Fair")
        for n in range(5):
            SavedView.objects.create(name=f"V{n}", is_shared=True, owner=make_member())
    with CaptureQueriesContext(
        connection,
    ) as statements:
        me.get(f"/contacts/{asked(LEADS, col=['tags', 'owner', 'account', 'score'], sort='score')}")
    assert len(statements) <= 25, "\n".join(s["sql"][:150] for s in statements)


def test_who_sees_their_own_only_is_shown_no_more_by_a_view(client: Client) -> None:
    me = Somebody(client, make_tenant())
    with use(me.tenant):
        Role.objects.filter(key="admin").update(permissions={"record.view": "own"})
        mine = ContactFactory(owner=me.member, lifecycle_stage="Lead")
        ContactFactory(lifecycle_stage="Lead")
    assert names(me.get(f"/contacts/{asked(LEADS)}")) == [mine.name]


def test_days_are_those_of_the_workspace(me: Somebody) -> None:
    Tenant.objects.filter(pk=me.tenant.pk).update(timezone="Pacific/Auckland")
    with use(me.tenant):
        ContactFactory(first_name="Ann", last_name="A", created_at=NOW.replace(hour=23, day=3))
        ContactFactory(created_at=NOW.replace(hour=23, day=3) - timedelta(days=1))
    assert names(me.get(f"/contacts/{asked(('created_at', 'on', '2026-05-04'))}")) == ["Ann A"]


def test_what_a_search_finds_is_what_is_exported_and_narrowed_further(me: Somebody) -> None:
    """The part of the page that is drawn anew while one types has the buttons that act on what it shows."""
    people(me)
    part = me.get("/contacts/?q=ann", **{"HX-Request": "true", "HX-Target": "results"})
    assert "<html" not in part
    assert 'name="filter" value="q=ann"' in part
    assert "?q=ann&amp;panel=filter" in part


def test_a_list_too_long_to_sort_says_so_and_is_sorted_where_an_index_can(me: Somebody) -> None:
    people(me)
    with use(me.tenant), connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO audience_contact (first_name, last_name, source, created_at) "
            "SELECT 'N', 'Q' || lpad(n::text, 5, '0'), 'S' || n %% 7, %s FROM generate_series(1, %s) n",
            [NOW, MOST_COUNTED],
        )
    by_source = me.get("/contacts/?sort=source&col=source&col=lifecycle_stage")
    assert "Filter it to 10,000 or fewer to sort it by source." in words(by_source)
    assert names(by_source)[0] == "N Q10000"
    assert 'sort=source"' not in by_source and "sort=lifecycle_stage" in by_source
    by_name = me.get("/contacts/?sort=name")
    assert "too long to sort" not in by_name and names(by_name)[0] == "N Q00001"
    few = me.get(f"/contacts/{asked(LEADS, sort='source', col='source')}")
    assert "too long to sort" not in few and "sort=-source" in few and len(names(few)) == 2


def test_a_first_page_that_is_not_full_is_counted_by_itself(me: Somebody) -> None:
    people(me)
    with CaptureQueriesContext(connection) as made:
        page = me.get(f"/contacts/{asked(LEADS)}")
    assert "2 people match" in words(page)
    assert not any("COUNT(*) FROM (SELECT" in one["sql"] for one in made)
