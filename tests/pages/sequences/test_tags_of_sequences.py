"""/settings/tags/sequences/: the tags of sequences as a tree, renamed and taken away with all under them."""

from __future__ import annotations

import html
import re

import pytest
from django.test import Client

from sequences.commands.editing import create_sequence
from sequences.models import Sequence
from tenants.models import AuditLine
from tenants.wall import use
from tests.factories import NOW, make_tenant
from tests.pages.somebody import Somebody, words

pytestmark = pytest.mark.django_db
PAGE = "/settings/tags/sequences/"


@pytest.fixture
def me(client: Client) -> Somebody:
    found = Somebody(client, make_tenant())
    tags = {"A": ["Region/EMEA/DACH", "Cold"], "B": ["region/emea"], "C": ["Region/US"], "D": []}
    with use(found.tenant):
        for name, given in tags.items():
            create_sequence(name=name, by=found.member, now=NOW, tags=given)
    return found


def shown(page: str) -> list[tuple[int, str, int]]:
    """Level, name and number of each row."""
    rows = re.findall(r'branch-(\d)">(.*?)</span>\s*<.*?>([\d,]+)</a>', page, re.DOTALL)
    return [(int(level), words(name).strip().split(" under")[0], int(n)) for level, name, n in rows]


def tags_of(me: Somebody) -> dict[str, list[str]]:
    with use(me.tenant):
        return dict(Sequence.objects.order_by("name").values_list("name", "tags"))


def test_the_tags_stand_as_a_tree_with_the_numbers_below_them(me: Somebody) -> None:
    page = me.get(PAGE)
    assert [(level, n) for level, _, n in shown(page)] == [(1, 1), (1, 3), (2, 2), (3, 1), (2, 1)]
    names = re.findall(r'branch-\d">\s*<[^>]*>([^<]*)<', page)
    assert [name.casefold() for name in names] == ["cold", "region", "emea", "dach", "us"]
    link = re.search(r'href="(/sequences/\?tag=[^"]*US)"', page)
    assert link and ">C<" in me.get(html.unescape(link[1]))
    assert 'href="/settings/tags/sequences/"' in me.get("/settings/tags/")


def test_a_branch_is_renamed_with_all_under_it(me: Somebody) -> None:
    page = me.client.post(f"{PAGE}rename/", {"tag": "Region/EMEA", "name": "Market / Europe"}, follow=True)
    assert "2 sequences changed." in page.text
    assert tags_of(me) == {
        "A": ["Market/Europe/DACH", "Cold"],
        "B": ["Market/Europe"],
        "C": ["Region/US"],
        "D": [],
    }
    with use(me.tenant):
        assert AuditLine.objects.get(verb="sequence.tags").data["sequences"] == 2


def test_two_become_one(me: Somebody) -> None:
    me.client.post(f"{PAGE}rename/", {"tag": "Cold", "name": "region/emea/dach"})
    assert tags_of(me)["A"] == ["Region/EMEA/DACH"]


@pytest.mark.parametrize("name", ["", " / ", "a//b", "a/b/c/d", "Region/EMEA/New", "x" * 31])
def test_what_cannot_be_is_said_and_nothing_changes(me: Somebody, name: str) -> None:
    """``a/b/c/d`` would put DACH on a fifth level."""
    before = tags_of(me)
    page = me.client.post(f"{PAGE}rename/", {"tag": "Region/EMEA", "name": name}, follow=True)
    assert "toast-error" in page.text
    assert tags_of(me) == before


def test_a_branch_is_taken_away(me: Somebody) -> None:
    page = me.client.post(f"{PAGE}remove/", {"tag": "region"}, follow=True)
    assert "is taken from 3 sequences." in page.text
    assert tags_of(me) == {"A": ["Cold"], "B": [], "C": [], "D": []}


def test_a_rep_may_not(client: Client) -> None:
    rep = Somebody(client, make_tenant(), "sales_rep")
    assert rep.client.get(PAGE).status_code == 403
    assert rep.client.post(f"{PAGE}remove/", {"tag": "Cold"}).status_code == 403
