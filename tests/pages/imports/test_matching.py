"""Matching columns: by themselves, by hand, as a kept mapping says; what is the same in every row."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from audience.models import Contact, ContactTag, CustomField, ImportJob, ImportMapping
from tenants.wall import use
from tests.pages.imports.importing import FORM, upload, work
from tests.pages.somebody import Somebody, words

pytestmark = pytest.mark.django_db


def test_columns_match_themselves_and_can_be_matched_by_hand(me: Somebody) -> None:
    path = upload(me)
    html = me.get(path)
    assert '<option value="email" selected>' in html and '<option value="first_name" selected>' in html
    assert "a@x.example" in html and "=1+1" in html
    form = {
        "column-0": "email",
        "column-1": "first_name",
        "column-2": "new:tags",
        "column-3": "new:text",
        "on_duplicate": "update",
        "tags": "fair",
        "lifecycle_stage": "Lead",
        "owner": me.member.email,
    }
    assert me.client.post(f"{path}start/", form)["Location"] == path
    assert "Waiting for a worker." in words(me.get(path))
    work(me, path)
    with use(me.tenant):
        ann = Contact.objects.get(first_name="Ann")
        assert (ann.owner, ann.lifecycle_stage) == (me.member, "Lead")
        assert dict(CustomField.objects.values_list("key", "type")) == {"topics": "tags", "note": "text"}
        labels = ContactTag.objects.filter(record=ann).values_list("field__key", "label")
        assert sorted(labels, key=str) == [("topics", "Hot"), ("topics", "Sales"), (None, "fair")]


@pytest.mark.parametrize(
    ("form", "reason"),
    [
        ({"column-0": "score"}, "Choose the column that has the email or a name."),
        ({"column-0": "email", "column-1": "email"}, "Two columns are “email”; choose one."),
        (
            {"column-0": "nonsense", "column-1": "first_name"},
            "There is no field “nonsense” that a file can fill.",
        ),
        ({"column-0": "email", "on_duplicate": "eat"}, "Select a valid choice."),
        ({"column-0": "email", "owner": "x@us.example"}, "Select a valid choice."),
    ],
)
def test_what_is_wrong_with_the_columns_is_said_and_what_was_chosen_stays(
    me: Somebody, form: dict[str, str], reason: str
) -> None:
    path = upload(me)
    response = me.client.post(f"{path}start/", {"on_duplicate": "skip"} | form)
    html = response.content.decode()
    assert response.status_code == 422
    assert reason in words(html)
    with use(me.tenant):
        assert ImportJob.objects.get().state == "matching"
        assert not CustomField.objects.exists()


def test_the_file_can_be_read_anew_in_another_encoding(me: Somebody) -> None:
    path = upload(me, "email;name\na@x.example;Łukasz\n".encode("cp1250"))
    assert "Łukasz" not in me.get(path)
    me.client.post(f"{path}reread/", {"encoding": "cp1250", "delimiter": ";"})
    assert "Łukasz" in me.get(path)
    response = me.client.post(f"{path}reread/", {"encoding": "utf-8"}, follow=True)
    assert "The file is not in the encoding utf-8" in response.content.decode()
    assert "Łukasz" in me.get(path)


def test_what_was_chosen_stays_when_the_file_is_read_anew(me: Somebody) -> None:
    path = upload(me, "Kontakt;Straße;Ort;Größe\na@x.example;Łódzka;Łódź;4\n".encode("cp1250"))
    chosen = {
        "column-0": "email",
        "column-1": "",
        "column-2": "country",
        "column-3": "new:number",
        "tags": "fair",
    }
    answer = me.client.post(
        f"{path}reread/", chosen | {"encoding": "cp1250", "delimiter": ";", "on_duplicate": "skip"}
    )
    html = answer.content.decode()
    assert answer.status_code == 200 and "Łódzka" in html
    for option in ("email", "country", "new:number"):
        assert f'<option value="{option}" selected>' in html
    assert 'value="fair"' in html and re.search(r'value="skip"[^>]* checked', html)
    assert me.client.post(f"{path}reread/", chosen | {"delimiter": ","}).status_code == 302
    with use(me.tenant):
        assert not CustomField.objects.exists() and not ImportJob.objects.get().new_fields


def test_half_of_a_constant_is_asked_for(me: Somebody) -> None:
    path = upload(me)
    form = FORM | {"same_1_field": "country", "new_value": "Spring"}
    response = me.client.post(f"{path}check/", form)
    assert response.status_code == 422
    assert response.content.decode().count("Fill in both, or neither.") == 2


def test_only_who_may_make_fields_makes_them_on_the_way(me: Somebody) -> None:
    rep = Somebody(Client(), me.tenant, "sales_rep")
    path = upload(rep)
    html = rep.get(path)
    assert "New field" not in html and "new field" not in html
    assert rep.client.post(f"{path}start/", FORM | {"column-2": "new:tags"}).status_code == 403
    with use(me.tenant):
        assert not CustomField.objects.exists()
        assert ImportJob.objects.get().state == "matching"


def test_a_mapping_that_is_kept_is_taken_by_the_next_file_with_these_columns(me: Somebody) -> None:
    path = upload(me)
    form = FORM | {"column-2": "new:tags", "column-3": "city", "tags": "fair", "save_as": "Fair list"}
    me.client.post(f"{path}check/", form)
    me.client.post(f"{path}start/")
    again = upload(me, "Note,Topics,EMAIL,first  name\nBonn,x,a@x.example,Ann\n")
    html = me.get(again)
    assert "Matched as “Fair list”." in html
    for chosen in ('value="topics" selected', 'value="city" selected', 'value="fair"'):
        assert chosen in html
    me.client.post(f"{again}mapping/", {"mapping": ""})
    with use(me.tenant):
        job = ImportJob.objects.latest("pk")
        assert (job.columns, job.constants) == (["", "topics", "email", "first_name"], {})
        kept = ImportMapping.objects.get().pk
    me.client.post(f"{again}mapping/", {"mapping": kept})
    assert 'value="city" selected' in me.get(again)
    assert "Fair list" in words(me.get("/imports/"))
    me.client.post(f"/imports/mappings/{kept}/delete/")
    assert "Fair list" not in words(me.get("/imports/")).replace("“Fair list” is deleted", "")


def test_a_mapping_of_somebody_else_is_used_but_not_changed(me: Somebody) -> None:
    path = upload(me)
    me.client.post(f"{path}check/", FORM | {"column-3": "new:text", "save_as": "Fair list"})
    rep = Somebody(Client(), me.tenant, "sales_rep")
    theirs = upload(rep)
    said = rep.get(theirs)
    assert "Matched as “Fair list”." in said
    assert "“Note” went into a field that there is no more; it is left out." in said
    response = rep.client.post(f"{theirs}check/", FORM | {"save_as": "fair LIST"})
    assert response.status_code == 422
    assert "There is a mapping “Fair list” of somebody else" in response.content.decode()
    with use(me.tenant):
        kept = ImportMapping.objects.get().pk
    assert rep.client.post(f"/imports/mappings/{kept}/delete/").status_code == 403
