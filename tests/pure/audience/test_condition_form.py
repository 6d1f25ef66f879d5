"""The builder of a condition group: audience.conditions.form."""

import pytest
from django.http import QueryDict

from audience.conditions.form import ConditionForm
from audience.conditions.parse import FieldRef, Scope
from audience.conditions.typed import Options


class Stages:
    """Every field that one picks from has these values."""

    def options(self, ref: FieldRef) -> Options:
        return [("Lead", "Lead"), ("Customer", "Customer")]


SCOPE = Scope(steps={"intro": "email", "ring": "call", "todo": "task"})
LABELS = {"intro": "Step 1"}


def posted(query: str, scope: Scope = SCOPE) -> ConditionForm:
    return ConditionForm.posted(scope, Stages(), QueryDict(query), step_labels=LABELS)


def stored(*conditions: dict) -> ConditionForm:
    return ConditionForm.stored(SCOPE, Stages(), conditions, step_labels=LABELS)


@pytest.mark.parametrize(
    ("row", "condition"),
    [
        ("0-field=city&0-op=is&0-value=Bonn", {"field": "city", "op": "is", "value": "Bonn"}),
        ("0-field=city&0-op=empty&0-value=old", {"field": "city", "op": "empty"}),
        (
            "0-field=city&0-op=in&0-value=Bonn%0D%0AK%C3%B6ln",
            {"field": "city", "op": "in", "value": ["Bonn", "Köln"]},
        ),
        ("0-field=score&0-op=>&0-value=80", {"field": "score", "op": ">", "value": 80}),
        (
            "0-field=score&0-op=between&0-value=1&0-value=2.5",
            {"field": "score", "op": "between", "value": [1, 2.5]},
        ),
        (
            "0-field=created_at&0-op=in_last_days&0-value=7",
            {"field": "created_at", "op": "in_last_days", "value": 7},
        ),
        (
            "0-field=lifecycle_stage&0-op=in&0-value=Lead&0-value=Customer",
            {"field": "lifecycle_stage", "op": "in", "value": ["Lead", "Customer"]},
        ),
        (
            "0-field=step.intro.opened&0-op=is&0-value=false",
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
    form = posted("match=any&0-field=city&0-op=is&0-value=Bonn&1-field=score&1-op=%3E&1-value=many")
    assert not form.is_valid()
    first, second = form.rows
    assert (form.match, first.fault) == ("any", "")
    assert second.fault == "a number is wanted" and second.value == "many"


def test_rows_without_a_field_are_left_out_and_do_not_shift_the_faults() -> None:
    form = posted("0-field=&0-op=&1-field=score&1-op=%3D&1-value=x")
    assert not form.is_valid()
    assert [row.fault for row in form.rows] == ["", "a number is wanted"]


def test_a_ninth_condition_is_a_fault_of_the_group() -> None:
    form = posted("&".join(f"{n}-field=city&{n}-op=not_empty" for n in range(9)))
    assert not form.is_valid()
    assert form.faults == ["at most 8 conditions are possible"]


def test_an_unknown_field_is_refused_at_its_row() -> None:
    form = posted("0-field=salary&0-op=is&0-value=1")
    assert not form.is_valid()
    assert "no field “salary”" in form.rows[0].fault


def test_an_operator_of_another_type_gives_way_to_the_first() -> None:
    form = posted("0-field=score&0-op=contains&0-value=8&do=refresh")
    row = form.rows[0]
    assert (row.typed.op, row.widget, row.fault) == ("=", "number", "")
    assert not posted("0-field=score&0-op=contains&0-value=8").is_valid()


def test_the_buttons_add_and_remove_rows_and_show_no_faults_yet() -> None:
    form = posted("0-field=score&0-op=%3D&0-value=x&do=add")
    assert [row.typed.field for row in form.rows] == ["score", ""]
    assert form.rows[0].fault == ""
    form = posted("0-field=score&0-op=%3D&0-value=x&1-field=city&1-op=is&1-value=Bonn&do=remove:0")
    assert [row.typed.field for row in form.rows] == ["city"]


def test_there_is_no_room_for_a_ninth_row() -> None:
    form = posted("&".join(f"{n}-field=city&{n}-op=not_empty" for n in range(8)) + "&do=add")
    assert len(form.rows) == 8 and not form.has_room


@pytest.mark.parametrize(
    ("query", "widget"),
    [
        ("0-field=city&0-op=is", "text"),
        ("0-field=city&0-op=in", "lines"),
        ("0-field=score&0-op=between", "range"),
        ("0-field=score&0-op=%3D", "number"),
        ("0-field=created_at&0-op=on", "date"),
        ("0-field=created_at&0-op=in_last_days", "days"),
        ("0-field=lifecycle_stage&0-op=is", "select"),
        ("0-field=lifecycle_stage&0-op=in", "multi"),
        ("0-field=step.ring.outcome&0-op=is", "select"),
        ("0-field=city&0-op=empty", "none"),
    ],
)
def test_the_value_is_entered_as_its_type_wants(query: str, widget: str) -> None:
    assert posted(query).rows[0].widget == widget


def test_a_value_that_is_in_no_list_any_more_stays_to_be_seen() -> None:
    row = stored({"field": "lifecycle_stage", "op": "is", "value": "Gone"}).rows[0]
    assert ("Gone", "Gone") in row.options


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
    form = ConditionForm.posted(SCOPE, Stages(), data, prefix="b-")
    assert [row.typed.field for row in form.rows] == ["score"]


def test_a_stored_full_name_is_shown_bare() -> None:
    assert stored({"field": "contact.city", "op": "empty"}).rows[0].typed.field == "city"
