"""The builder of a condition group: audience.conditions.form."""

from collections.abc import Sequence

import pytest
from django.http import QueryDict

from audience.conditions.form import ConditionForm
from audience.conditions.parse import FieldRef, Scope
from audience.conditions.typed import Options
from audience.conditions.types import FieldType
from audience.fields import Catalogue, Field


class Stages:
    """Every field that one picks from has these values."""

    def options(self, ref: FieldRef) -> Options:
        return [("Lead", "Lead"), ("Customer", "Customer")]

    def named(self, ref: FieldRef, find: str, chosen: Sequence[str]) -> Options:
        names = {"1": "Acme", "2": "Ajax", "3": "Bolt"}
        picked = [(pk, names.get(pk, pk)) for pk in chosen]
        return picked + [
            (pk, name) for pk, name in names.items() if name.startswith(find) and pk not in chosen
        ]


SCOPE = Scope(steps={"intro": "email", "ring": "call", "todo": "task"})
LABELS = {"intro": "Step 1"}


def posted(query: str, scope: Scope = SCOPE) -> ConditionForm:
    return ConditionForm.posted(scope, Stages(), QueryDict(query), prefix="g", step_labels=LABELS)


def stored(*conditions: dict) -> ConditionForm:
    return ConditionForm.stored(SCOPE, Stages(), conditions, step_labels=LABELS)


@pytest.mark.parametrize(
    ("row", "condition"),
    [
        ("g-0-field=city&g-0-op=is&g-0-value=Bonn", {"field": "city", "op": "is", "value": "Bonn"}),
        ("g-0-field=city&g-0-op=empty&g-0-value=old", {"field": "city", "op": "empty"}),
        (
            "g-0-field=city&g-0-op=in&g-0-value=Bonn%0D%0AK%C3%B6ln",
            {"field": "city", "op": "in", "value": ["Bonn", "Köln"]},
        ),
        ("g-0-field=score&g-0-op=>&g-0-value=80", {"field": "score", "op": ">", "value": 80}),
        (
            "g-0-field=score&g-0-op=between&g-0-value=1&g-0-value2=2.5",
            {"field": "score", "op": "between", "value": [1, 2.5]},
        ),
        (
            "g-0-field=created_at&g-0-op=in_last_days&g-0-value=7",
            {"field": "created_at", "op": "in_last_days", "value": 7},
        ),
        (
            "g-0-field=lifecycle_stage&g-0-op=in&g-0-value=Lead&g-0-value=Customer",
            {"field": "lifecycle_stage", "op": "in", "value": ["Lead", "Customer"]},
        ),
        (
            "g-0-field=step.intro.opened&g-0-op=is&g-0-value=false",
            {"field": "step.intro.opened", "op": "is", "value": False},
        ),
    ],
)
def test_a_row_is_stored_with_the_type_of_its_field_and_shown_as_it_was_typed(
    row: str, condition: dict
) -> None:
    form = posted(row)
    assert form.raw == {"match": "all", "conditions": [condition]}
    assert form.is_valid()
    again = stored(condition)
    assert again.raw == form.raw


def test_a_fault_stands_at_its_row_and_what_was_typed_stays() -> None:
    form = posted(
        "g-match=any&g-0-field=city&g-0-op=is&g-0-value=Bonn&g-1-field=score&g-1-op=%3E&g-1-value=many"
    )
    assert not form.is_valid()
    first, second = form.rows
    assert (form.match, first.error) == ("any", "")
    assert second.error == "A number is wanted." and second.value == "many"


def test_rows_without_a_field_are_left_out_and_do_not_shift_the_faults() -> None:
    form = posted("g-0-field=&g-0-op=&g-1-field=score&g-1-op=%3D&g-1-value=x")
    assert not form.is_valid()
    assert [row.error for row in form.rows] == ["", "A number is wanted."]


def test_a_ninth_condition_is_a_fault_of_the_group() -> None:
    form = posted("&".join(f"g-{n}-field=city&g-{n}-op=not_empty" for n in range(9)))
    assert not form.is_valid()
    assert form.error == "At most 8 conditions are possible."


def test_an_unknown_field_is_refused_at_its_row() -> None:
    form = posted("g-0-field=salary&g-0-op=is&g-0-value=1")
    assert not form.is_valid()
    assert "no field “salary”" in form.rows[0].error


def test_an_operator_of_another_type_gives_way_to_the_first() -> None:
    form = posted("g-0-field=score&g-0-op=contains&g-0-value=8&g-refresh=1")
    row = form.rows[0]
    assert (row.op, row.input, row.error) == ("=", "number", "")
    assert not posted("g-0-field=score&g-0-op=contains&g-0-value=8").is_valid()


def test_the_buttons_add_and_remove_rows_and_show_no_faults_yet() -> None:
    form = posted("g-0-field=score&g-0-op=%3D&g-0-value=x&g-add=1")
    assert [row.field for row in form.rows] == ["score", ""]
    assert form.rows[0].error == ""
    form = posted("g-0-field=score&g-0-op=%3D&g-0-value=x&g-1-field=city&g-1-op=is&g-1-value=Bonn&g-remove=0")
    assert [row.field for row in form.rows] == ["city"]


def test_there_is_no_room_for_a_ninth_row() -> None:
    form = posted("&".join(f"g-{n}-field=city&g-{n}-op=not_empty" for n in range(8)) + "&g-add=1")
    assert len(form.rows) == 8 and not form.has_room


@pytest.mark.parametrize(
    ("query", "widget"),
    [
        ("g-0-field=city&g-0-op=is", "text"),
        ("g-0-field=city&g-0-op=in", "lines"),
        ("g-0-field=score&g-0-op=between", "between"),
        ("g-0-field=score&g-0-op=%3D", "number"),
        ("g-0-field=created_at&g-0-op=on", "date"),
        ("g-0-field=created_at&g-0-op=in_last_days", "number"),
        ("g-0-field=lifecycle_stage&g-0-op=is", "choice"),
        ("g-0-field=lifecycle_stage&g-0-op=in", "choices"),
        ("g-0-field=step.ring.outcome&g-0-op=is", "choice"),
        ("g-0-field=city&g-0-op=empty", "none"),
    ],
)
def test_the_value_is_entered_as_its_type_wants(query: str, widget: str) -> None:
    assert posted(query).rows[0].input == widget


def test_a_value_that_is_in_no_list_any_more_stays_to_be_seen() -> None:
    row = stored({"field": "lifecycle_stage", "op": "is", "value": "Gone"}).rows[0]
    assert ("Gone", "Gone") in row.choices


def test_the_fields_come_in_groups_those_of_the_record_first_and_bare() -> None:
    form = ConditionForm(Scope("account"), Stages(), [])
    assert [name for name, _ in form.fields] == ["Company", "Contact", "Opportunity", "Sequences"]
    assert ("industry", "Industry") in form.fields[0][1]
    assert ("contact.city", "City") in form.fields[1][1]


def test_steps_are_offered_by_what_can_be_asked_of_them() -> None:
    offered = dict(dict(posted("").fields)["Steps of this sequence"])
    assert offered["step.intro.opened"] == "Step 1: opened"
    assert "step.ring.outcome" in offered
    assert not any("todo" in name for name in offered)


def test_the_sentence_calls_steps_as_the_screen_does() -> None:
    form = stored({"field": "step.intro.opened", "op": "is", "value": False})
    assert form.english == "step 1 was sent but not opened"


def test_a_prefix_keeps_two_builders_of_one_page_apart() -> None:
    data = QueryDict("a-0-field=city&a-0-op=empty&b-0-field=score&b-0-op=empty")
    form = ConditionForm.posted(SCOPE, Stages(), data, prefix="b")
    assert [row.field for row in form.rows] == ["score"]


def test_a_stored_full_name_is_shown_bare() -> None:
    assert stored({"field": "contact.city", "op": "empty"}).rows[0].field == "city"


def test_a_change_of_the_record_keeps_what_the_names_mean() -> None:
    data = QueryDict("g-record=contact&g-0-field=city&g-0-op=empty&g-1-field=account.industry&g-1-op=empty")
    form = ConditionForm.posted(Scope("account"), Stages(), data, prefix="g")
    assert [row.field for row in form.rows] == ["contact.city", "industry"]


@pytest.mark.parametrize("name", ["step.intro.opened", "contact.flag"])
def test_a_yes_or_no_begins_with_yes_as_soon_as_its_field_is_chosen(name: str) -> None:
    scope = Scope(
        catalogue=Catalogue([Field("contact", "flag", "flag", FieldType.YES_NO)]), steps=SCOPE.steps
    )
    form = posted(f"g-0-field={name.removeprefix('contact.')}&g-0-op=&g-0-value=Bonn&g-refresh=1", scope)
    (row,) = form.rows
    assert (row.input, row.value) == ("choice", "true") and form.english
    kept = posted(f"g-0-field={name.removeprefix('contact.')}&g-0-op=is&g-0-value=false&g-refresh=1", scope)
    assert kept.rows[0].value == "false"


def test_what_is_sent_to_be_kept_is_not_made_up() -> None:
    form = posted("g-0-field=step.intro.opened&g-0-op=is&g-0-value=")
    assert not form.is_valid() and form.rows[0].error


def test_a_record_is_searched_by_name_and_kept_by_its_id() -> None:
    form = posted("g-0-field=account&g-0-op=is&g-0-value=3&g-0-find=A")
    (row,) = form.rows
    assert row.is_searched and row.input == "choice"
    assert list(row.choices) == [("3", "Bolt"), ("1", "Acme"), ("2", "Ajax")]
    assert form.raw["conditions"] == [{"field": "account", "op": "is", "value": "3"}]
    assert form.english == "company is Bolt"
    several = posted("g-0-field=account&g-0-op=in&g-0-value=3&g-0-value=1&g-0-find=")
    assert several.rows[0].input == "choices" and several.english == "company is Bolt or Acme"
    assert not posted("g-0-field=account&g-0-op=empty").rows[0].is_searched
