"""The settings of fields and of lists of values."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from activities import reminders
from activities.models import Reminder
from audience import indexes
from audience.catalogue import call_outcomes, catalogue, choices_of
from audience.commands.fields import make_custom
from audience.conditions.types import FieldType
from audience.models import Choice, Contact, CustomField, SavedView
from audience.tasks import build_index
from messaging.templating import save_template
from sequences.commands.editing import change_settings, create_sequence
from sequences.commands.planning import add_step
from sequences.models import Sequence
from tenants.models import AuditLine
from tenants.wall import use
from tests.factories import NOW, AccountFactory, ContactFactory, make_tenant
from tests.pages.somebody import Somebody, names, words

pytestmark = pytest.mark.django_db

NEW = {"label": "Größe des Teams", "record": "contact", "type": "number"}


@pytest.fixture
def me(client: Client) -> Somebody:
    return Somebody(client, make_tenant())


def make(me: Somebody, **given: str) -> CustomField:
    answer = me.client.post("/settings/fields/new/", NEW | given)
    assert answer.status_code == 302, words(answer.content.decode())
    with use(me.tenant):
        return CustomField.objects.latest("pk")


def test_a_field_stands_in_conditions_imports_templates_and_pages_at_once(me: Somebody) -> None:
    field = make(me)
    assert (field.key, field.label, field.type) == ("grosse_des_teams", "Größe des Teams", "number")
    assert "Größe des Teams" in words(me.get("/settings/fields/"))
    with use(me.tenant):
        contact = ContactFactory()
        Contact.objects.filter(pk=contact.pk).update(**{field.column: 12})
        subject = "{{ contact.grosse_des_teams }}"
        save_template(by=me.member, name="T", subject=subject, body="<p>x</p>", now=NOW)
    assert "Größe des Teams 12" in words(me.get(f"/contacts/{contact.pk}/"))
    assert "Größe des Teams" in me.get(f"/contacts/{contact.pk}/edit/")
    asked = {"cond-0-field": "grosse_des_teams", "cond-0-op": ">", "cond-0-value": "11"}
    answer = me.client.post("/conditions/preview/", asked)
    assert "<b>1</b>" in answer.content.decode()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"label": "  "}, "A field needs a name."),
        ({"label": "First Name"}, "There is a field “First Name” already."),
        ({"type": "user"}, "Select a valid choice."),
        ({"label": "x" * 61}, "at most 60 characters"),
    ],
)
def test_what_cannot_be_a_field_is_said_at_its_place(me: Somebody, given: dict[str, str], said: str) -> None:
    answer = me.client.post("/settings/fields/new/", NEW | given)
    assert answer.status_code == 422
    assert said in html.unescape(words(answer.content.decode()))
    with use(me.tenant):
        assert not CustomField.objects.exists()


def test_when_all_places_are_taken_it_is_said(me: Somebody) -> None:
    for n in range(4):
        make(me, label=f"Moment {n}", type="date_time")
    answer = me.client.post("/settings/fields/new/", NEW | {"label": "Moment 5", "type": "date_time"})
    assert answer.status_code == 422
    assert "Contacts have 4 fields of this kind already" in words(answer.content.decode())


def test_keys_do_not_clash(me: Somebody) -> None:
    keys = [make(me, label=label).key for label in ("Step", "Team!", "team?", "日本", "2nd choice")]
    assert keys == ["step_2", "team", "team_2", "field", "field_2nd_choice"]


def test_a_choice_has_values_that_can_be_changed(me: Somebody) -> None:
    field = make(me, label="Tier", type="choice", choices="Gold\nSilver\n\ngold")
    with use(me.tenant):
        found = catalogue().get("contact", "tier")
        assert found
        assert choices_of(found) == ["Gold", "Silver"]
    answer = me.client.post(f"/settings/fields/{field.pk}/", {"label": "Level", "choices": "Bronze\nGOLD"})
    assert answer.status_code == 302
    with use(me.tenant):
        field.refresh_from_db()
        assert (field.label, field.key) == ("Level", "tier")
        assert choices_of(found) == ["Bronze", "GOLD"]
        assert AuditLine.objects.filter(verb="field.change").exists()


def test_a_retired_field_is_gone_and_comes_back_with_its_values(me: Somebody) -> None:
    field = make(me)
    with use(me.tenant):
        contact = ContactFactory(**{field.column: 7})
    me.client.post(f"/settings/fields/{field.pk}/retire/")
    assert "Größe" not in words(me.get(f"/contacts/{contact.pk}/"))
    assert "Größe" not in me.get(f"/contacts/{contact.pk}/edit/")
    assert "Retired" in words(me.get("/settings/fields/"))
    assert me.client.post(f"/settings/fields/{field.pk}/retire/").status_code == 404
    make(me, label="Other")
    me.client.post(f"/settings/fields/{field.pk}/bring-back/")
    assert "Größe des Teams 7" in words(me.get(f"/contacts/{contact.pk}/"))


def test_a_retired_field_does_not_come_back_beside_one_of_its_name(me: Somebody) -> None:
    field = make(me)
    me.client.post(f"/settings/fields/{field.pk}/retire/")
    other = make(me)
    assert other.key == "grosse_des_teams_2"
    page = me.client.post(f"/settings/fields/{field.pk}/bring-back/", follow=True).content.decode()
    assert "stays retired" in page
    with use(me.tenant):
        assert CustomField.objects.get(pk=field.pk).retired_at


def test_a_field_in_use_is_not_retired_and_what_uses_it_is_named(me: Somebody) -> None:
    field = make(me)
    asked = [{"field": field.key, "op": ">", "value": 3}]
    with use(me.tenant):
        view = SavedView.objects.create(name="Big teams", conditions=asked)
        sequence = create_sequence(name="Outbound", by=me.member, now=NOW)
        Sequence.objects.filter(pk=sequence.pk).update(exit_conditions=asked)
        save_template(by=me.member, name="Intro", subject="{{ grosse_des_teams }}", body="<p>x</p>", now=NOW)
    page = me.client.post(f"/settings/fields/{field.pk}/retire/", follow=True).content.decode()
    assert "the sequence “Outbound”, the template “Intro” and the view “Big teams”" in html.unescape(page)
    with use(me.tenant):
        assert not CustomField.objects.filter(retired_at__isnull=False).exists()
        view.delete()
        Sequence.objects.filter(pk=sequence.pk).update(status="archived")
    page = me.client.post(f"/settings/fields/{field.pk}/retire/", follow=True).content.decode()
    assert "by the template “Intro”." in html.unescape(page)


def test_a_rep_may_not_change_fields(client: Client) -> None:
    me = Somebody(client, make_tenant(), "sales_rep")
    for path in ("/settings/fields/", "/settings/fields/new/", "/settings/lists/"):
        assert me.client.get(path).status_code == 403
        assert me.client.post(path, NEW).status_code == 403 if path != "/settings/fields/" else True


def test_lists_of_values_are_kept_in_their_order(me: Somebody) -> None:
    page = me.get("/settings/lists/")
    assert "Meeting" in words(page)
    assert re.search(r"Connected\nNo answer", page)
    me.client.post("/settings/lists/", {"list": "types", "values": "Lunch\nCoffee\nmeeting"})
    me.client.post("/settings/lists/", {"list": "stages", "values": "Lead\nCustomer"})
    me.client.post("/settings/lists/", {"list": "outcomes", "values": "Spoke\nNobody there"})
    with use(me.tenant):
        for record in ("contact", "account"):
            field = catalogue().get(record, "last_activity_type")
            assert field
            assert choices_of(field)[-3:] == ["Meeting", "Lunch", "Coffee"]
        assert call_outcomes() == ["Spoke", "Nobody there"]
    answer = me.client.post("/settings/lists/", {"list": "outcomes", "values": " \n"})
    assert answer.status_code == 422
    assert "One value is needed at least." in words(answer.content.decode())
    assert me.client.post("/settings/lists/", {"list": "x"}).status_code == 404


def test_an_index_is_asked_for_and_offered_no_more(
    me: Somebody, django_capture_on_commit_callbacks: Any
) -> None:
    field = make(me)
    page = words(me.get("/settings/fields/"))
    assert "Build index" in page and "Indexed" in page
    with django_capture_on_commit_callbacks() as bells:
        answer = me.client.post("/settings/fields/index/", {"field": f"contact.{field.key}"}, follow=True)
    assert "is being built" in answer.content.decode() and bells
    for wrong in ("contact.email", "contact.nonsense", "contact.last_sent_at", "x"):
        assert me.client.post("/settings/fields/index/", {"field": wrong}).status_code == 404


@pytest.mark.django_db(transaction=True)
def test_an_index_is_built_beside_the_work_of_others(client: Client) -> None:
    me = Somebody(client, make_tenant())
    field = make(me, label="Plan", type="text")
    with use(me.tenant):
        ContactFactory(**{field.column: "x" * 15_000})
        ContactFactory(**{field.column: "Gold"})
    column = f"{field.column}_norm"
    try:
        build_index("contact", column, True)
        build_index("contact", column, True)
        assert indexes.states("contact") == {column: indexes.READY}
        with use(me.tenant):
            ContactFactory(**{field.column: "ü" * 20_000})
        row = re.search(r"Plan</a>.*?</tr>", me.get("/settings/fields/"), re.DOTALL)
        assert row and "Indexed" in row[0]
    finally:
        with connection.cursor() as cursor:
            cursor.execute(f"DROP INDEX IF EXISTS {indexes.name_of('contact', column)}")


def test_there_is_an_end_to_indexes(me: Somebody) -> None:
    with connection.cursor() as cursor:
        for n in range(1, 13):
            cursor.execute(indexes.sql_of("contact", f"number_{n:02}", is_slot=True, how=""))
    page = me.client.post("/settings/fields/index/", {"field": "contact.city"}, follow=True).content.decode()
    assert "All 12 indexes on demand are in use" in page


def test_a_type_of_ones_own_is_kept_by_events_and_asked_for(me: Somebody) -> None:
    """F-62, F-63: on the contact and its company, in the builder and in lists."""
    me.client.post("/settings/lists/", {"list": "types", "values": "Lunch"})
    with use(me.tenant):
        ann = ContactFactory(first_name="Ann", last_name="A", account=AccountFactory(name="Acme"))
        ContactFactory()
        given = {"contact": ann, "kind": "task", "settings": {"type": "Lunch"}, "assignee": me.member}
        reminder = Reminder.objects.create(made_at=NOW, due_at=NOW, **given)
        assert reminders.complete(reminder=reminder, by=me.member, now=NOW)
    asked = "cond-match=all&cond-0-field=last_activity_type&cond-0-op=is&cond-0-value=lunch"
    asked += "&cond-1-field=last_contacted_mode&cond-1-op=is&cond-1-value=Sales+Activity"
    assert names(me.get(f"/contacts/?{asked}")) == ["Ann A"]
    assert names(me.get(f"/companies/?{asked}")) == ["Acme"]
    assert '<option value="Lunch"' in me.get(f"/contacts/?{asked.replace('lunch', 'Lunch')}&panel=filter")


def test_who_asks_for_a_value_that_is_taken_away_is_named(me: Somebody) -> None:
    with use(me.tenant):
        colour = make_custom(
            by=me.member,
            record="contact",
            label="Colour",
            type_=FieldType.CHOICE,
            at=NOW,
            choices=["Red", "Blue"],
        )
        asked = [{"field": "colour", "op": "in", "value": ["RED", "Green"]}]
        SavedView.objects.create(name="Reds", conditions=asked)
        made = create_sequence(name="Outbound", by=me.member, now=NOW, entry_conditions=asked)
        step = add_step(
            sequence=made, kind="call", by=me.member, now=NOW, settings={"outcomes": ["Busy", "Met"]}
        )
        by_outcome = [{"field": f"step.{step.key}.outcome", "op": "is", "value": "met"}]
        change_settings(sequence=made, by=me.member, now=NOW, exit_conditions=by_outcome)
        for n, value in enumerate(("Busy", "Met", "Never asked")):
            Choice.objects.create(record="activity", field="outcome", value=value, position=n)
    answer = me.client.post(
        f"/settings/fields/{colour.pk}/", {"label": "Colour", "choices": "Blue"}, follow=True
    )
    said = html.unescape(answer.text)
    assert "“Red” is taken away and still used by the sequence “Outbound” and the view “Reds”." in said
    assert "“Blue” is taken" not in said
    answer = me.client.post("/settings/lists/", {"list": "outcomes", "values": "Busy"}, follow=True)
    said = html.unescape(answer.text)
    assert "“Met” is taken away and still used by the sequence “Outbound”" in said
    assert "Never asked” is taken" not in said
