"""The settings of tags."""

from __future__ import annotations

import html
import re

import pytest
from django.test import Client

from audience.catalogue import make_field
from audience.conditions.types import FieldType
from audience.models import AccountTag, ContactTag, SavedView
from sequences.commands.editing import change_settings, create_sequence
from tenants.models import AuditLine
from tenants.wall import use
from tests.factories import NOW, AccountFactory, ContactFactory, make_tenant
from tests.pages.somebody import Somebody, names, words

pytestmark = pytest.mark.django_db


@pytest.fixture
def me(client: Client) -> Somebody:
    found = Somebody(client, make_tenant())
    with use(found.tenant):
        ann, ben, acme = ContactFactory(first_name="Ann"), ContactFactory(first_name="Ben"), AccountFactory()
        for record, label in ((ann, "Hot"), (ben, "hot"), (ann, "Warm"), (ann, "Fair 2026")):
            ContactTag.objects.create(record=record, label=label)
        AccountTag.objects.create(record=acme, label="Hot")
    return found


def shown(page: str) -> list[tuple[str, ...]]:
    """Tag, contacts and companies of each row."""
    rows = re.findall(r'<th scope="row">(.*?)<td class="end">', page, re.DOTALL)
    return [tuple(words(row).strip().rsplit(maxsplit=2)) for row in rows]


def test_tags_stand_by_name_with_their_numbers(me: Somebody) -> None:
    assert shown(me.get("/settings/tags/")) == [
        ("Fair 2026", "1", "0"),
        ("Hot", "2", "1"),
        ("Warm", "1", "0"),
    ]
    assert [row[0] for row in shown(me.get("/settings/tags/?q=WA"))] == ["Warm"]
    assert "No tag begins like that" in words(me.get("/settings/tags/?q=zzz"))


def test_a_tag_is_renamed_into_one_that_there_is(me: Somebody) -> None:
    page = me.client.post(
        "/settings/tags/rename/", {"tag": "hot", "label": "warm"}, follow=True
    ).content.decode()
    assert "“warm” stands on 3 records now." in page
    with use(me.tenant):
        rows = ContactTag.objects.order_by("record__first_name", "label_norm")
        found = list(rows.values_list("record__first_name", "label_norm"))
        assert found == [("Ann", "fair 2026"), ("Ann", "warm"), ("Ben", "warm")]
        assert AuditLine.objects.filter(verb="tag.rename").count() == 1
    me.client.post("/settings/tags/rename/", {"tag": "warm", "label": "WARM"})
    assert ("WARM", "2", "1") in shown(me.get("/settings/tags/"))


def test_conditions_follow_a_tag_that_is_renamed(me: Somebody) -> None:
    with use(me.tenant):
        topics = make_field("contact", "topics", FieldType.TAGS)
        none_of = {"field": "tags", "op": "has_none", "value": ["HOT", "Warm", "Cold"]}
        own = {"field": topics.key, "op": "has_any", "value": ["Hot"]}
        view = SavedView.objects.create(name="Not hot", conditions=[none_of, own])
    kept_out = names(me.get(f"/contacts/?view={view.pk}"))
    me.client.post("/settings/tags/rename/", {"tag": "hot", "label": "warm"})
    with use(me.tenant):
        view.refresh_from_db()
        assert view.conditions == [none_of | {"value": ["warm", "Cold"]}, own]
    assert names(me.get(f"/contacts/?view={view.pk}")) == kept_out


@pytest.mark.parametrize("label", ["", "  ", "a,b", "x" * 501])
def test_a_tag_needs_a_name(me: Somebody, label: str) -> None:
    me.client.post("/settings/tags/rename/", {"tag": "hot", "label": label})
    assert ("Hot", "2", "1") in shown(me.get("/settings/tags/"))


def test_a_tag_is_taken_away_everywhere(me: Somebody) -> None:
    page = me.client.post("/settings/tags/remove/", {"tag": "hot"}, follow=True).content.decode()
    assert "is taken from 3 records." in page
    assert [row[0] for row in shown(me.get("/settings/tags/"))] == ["Fair 2026", "Warm"]


def test_many_tags_are_paged(me: Somebody) -> None:
    with use(me.tenant):
        ann = ContactFactory()
        ContactTag.objects.bulk_create(ContactTag(record=ann, label=f"T{n:03}") for n in range(150))
    first = me.get("/settings/tags/")
    assert len(shown(first)) == 100
    link = re.search(r'href="(\?[^"]+)" rel="next"', first)
    assert link
    assert len(shown(me.get(f"/settings/tags/{link[1]}"))) == 53


def test_a_tag_leads_to_the_records_that_have_it(me: Somebody) -> None:
    link = re.search(r'href="(/contacts/\?[^"]+=Hot)"', me.get("/settings/tags/"))
    assert link
    assert "2 people match" in words(me.get(link[1].replace("&amp;", "&")))


def test_a_rep_may_not_manage_tags(client: Client) -> None:
    me = Somebody(client, make_tenant(), "sales_rep")
    assert me.client.get("/settings/tags/").status_code == 403
    assert me.client.post("/settings/tags/remove/", {"tag": "hot"}).status_code == 403


def test_a_tag_that_somebody_asks_for_stays_and_who_asks_is_named(me: Somebody) -> None:
    """Without it *has none of* would be true of everybody at the next run."""
    none_of = {"field": "contact.tags", "op": "has_none", "value": ["HOT"]}
    with use(me.tenant):
        sequence = create_sequence(name="Outbound", by=me.member, now=NOW, entry_conditions=[none_of])
        SavedView.objects.create(name="Not hot", conditions=[none_of])
        own = {"field": "topics", "op": "has_any", "value": ["Warm"]}
        SavedView.objects.create(name="Other field", conditions=[own])
    answer = me.client.post("/settings/tags/remove/", {"tag": "hot"}, follow=True).content.decode()
    said = html.unescape(answer)
    assert "“hot” stays. It is used by the sequence “Outbound” and the view “Not hot”." in said
    assert ("Hot", "2", "1") in shown(me.get("/settings/tags/"))
    with use(me.tenant):
        SavedView.objects.filter(name="Not hot").delete()
        change_settings(sequence=sequence, by=me.member, now=NOW, entry_conditions=[])
    for tag in ("hot", "warm"):
        assert "is taken from" in me.client.post("/settings/tags/remove/", {"tag": tag}, follow=True).text
