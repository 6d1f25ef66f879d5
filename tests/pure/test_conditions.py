"""Reading, checking and saying condition groups (semantics 2.16, 2.30, 2.35, 6.3-6.5)."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from audience.conditions.english import sentence
from audience.conditions.faults import Fault, spelled
from audience.conditions.parse import Condition, Group, Scope, StepField, parse_group
from audience.conditions.types import OPERATORS, FieldType
from audience.fields import MODES, SEQUENCE, STANDARD, Catalogue, Field

CUSTOM = [
    Field("contact", "vip", "VIP", FieldType.YES_NO, is_custom=True),
    Field("contact", "seen_on", "seen", FieldType.DATE, is_custom=True),
]

SCOPE = Scope(
    catalogue=Catalogue(CUSTOM),
    steps={"intro": "email", "note": "email_reminder", "ring": "call", "think": "task"},
    users=frozenset({"mia@us.example"}),
    sequences=frozenset({"outbound"}),
    references={"account": frozenset({"acme"})},
)


def group(*conditions, match="all", scope=SCOPE):
    return parse_group({"match": match, "conditions": list(conditions)}, scope)


def one(field, op, value=None, scope=SCOPE):
    raw = {"field": field, "op": op} | ({} if value is None else {"value": value})
    found = group(raw, scope=scope)
    return found.conditions[0] if isinstance(found, Group) else str(found[0])


def test_every_standard_field_has_a_type_with_operators_and_one_name():
    names = [field.name for field in STANDARD]
    assert len(names) == len(set(names))
    assert all(OPERATORS[field.type] for field in STANDARD)
    assert {field.record for field in STANDARD} == {"contact", "account", "opportunity"}


def test_a_group_is_read_into_conditions_with_its_match():
    found = group(
        {"field": "lifecycle_stage", "op": "is", "value": "Lead"},
        {"field": "score", "op": ">=", "value": 80},
        match="any",
    )
    assert isinstance(found, Group)
    assert found.match == "any"
    assert [(c.name, c.op, c.value) for c in found.conditions] == [
        ("lifecycle_stage", "is", "Lead"),
        ("score", ">=", 80.0),
    ]


def test_2_35_the_default_match_is_the_callers():
    assert parse_group({}, SCOPE) == Group("all", ())
    assert parse_group({"conditions": None}, SCOPE, default_match="any") == Group("any", ())


@pytest.mark.parametrize(
    ("field", "op", "value", "expected"),
    [
        ("email", "is", "Ann@X.example", "Ann@X.example"),
        ("email", "in", ["a", "b"], ("a", "b")),
        ("email", "empty", None, None),
        ("lifecycle_stage", "is_not", "Lead", "Lead"),
        ("last_contacted_mode", "is", "no reply", "no reply"),
        ("owner", "is", "ME", "me"),
        ("owner", "in", ["Mia@us.example"], ("mia@us.example",)),
        ("account", "is", "acme", "acme"),
        ("score", "between", [1, Decimal("2.5")], (1.0, 2.5)),
        ("opportunity.amount", "!=", -3, -3.0),
        ("vip", "is", False, False),
        ("tags", "has_all", ["a", 5], ("a", "5")),
        ("seen_on", "before", date(2026, 5, 1), date(2026, 5, 1)),
        ("created_at", "on", "2026-05-01", date(2026, 5, 1)),
        ("created_at", "in_last_days", 0, 0),
        ("sequence", "never_in", "OUTBOUND", "OUTBOUND"),
        ("step.intro.opened", "is", True, True),
        ("step.note.sent", "is", False, False),
        ("step.ring.outcome", "in", ["busy"], ("busy",)),
        ("account.industry", "starts_with", "Soft", "Soft"),
    ],
)
def test_6_3_values_suit_the_type(field, op, value, expected):
    found = one(field, op, value)
    assert isinstance(found, Condition), found
    assert found.value == expected


@pytest.mark.parametrize(
    ("field", "op", "value", "fault"),
    [
        (
            "emial",
            "is",
            "x",
            "conditions[1].field: there is no field “emial” of contact; did you mean email?",
        ),
        ("lead.x", "is", "x", "“lead” is no record"),
        ("step.nope.sent", "is", True, "the plan has no step “nope”"),
        ("step.think.sent", "is", True, "only an email step is sent"),
        ("step.intro.outcome", "is", "busy", "only a call has an outcome"),
        ("step.intro.forwarded", "is", True, "step.KEY.sent|opened"),
        (
            "email",
            "matches",
            "x",
            "conditions[1].op: “matches” is no operator of email; possible: is, is_not",
        ),
        ("lifecycle_stage", "contains", "x", "no operator"),
        ("score", "is", 5, "no operator"),
        ("tags", "is", "x", "no operator"),
        ("vip", "is_not", True, "no operator"),
        ("vip", "empty", None, "no operator"),
        ("sequence", "empty", None, "no operator"),
        ("step.ring.outcome", "is_not", "busy", "no operator"),
        ("email", "is", 5, "conditions[1].value: a text is wanted"),
        ("email", "is", True, "a text is wanted"),
        ("email", "is", " ", "not blank"),
        ("email", "is", ["x"], "a text is wanted"),
        ("email", "in", "x", "a list"),
        ("email", "in", [], "a list"),
        ("email", "empty", "x", "takes no value"),
        ("email", "is", None, "a text is wanted"),
        ("score", ">", "80", "a number is wanted"),
        ("score", ">", True, "a number is wanted"),
        ("score", ">", float("nan"), "a number is wanted"),
        ("score", "between", [1], "two numbers"),
        ("score", "between", [2, 1], "greater"),
        ("score", "between", 5, "two numbers"),
        ("vip", "is", "true", "true or false"),
        ("vip", "is", 1, "true or false"),
        ("seen_on", "before", "1 May", "YYYY-MM-DD"),
        ("seen_on", "before", "20260501", "YYYY-MM-DD"),
        ("seen_on", "on", "2026-02-30", "YYYY-MM-DD"),
        ("seen_on", "in_last_days", -1, "0 or more"),
        ("seen_on", "in_last_days", 1.5, "0 or more"),
        ("seen_on", "in_next_days", True, "0 or more"),
        ("owner", "is", "mia", "the email of a user"),
        ("owner", "is", "eve@us.example", "there is no user “eve@us.example”"),
        ("account", "is", "nowhere", "there is no record “nowhere”"),
        ("sequence", "in", "Inbound", "there is no sequence “Inbound”"),
        ("last_contacted_mode", "is", "Replies", "“Replies” is none of its values: Not yet contacted,"),
    ],
)
def test_what_does_not_suit_is_refused_at_its_place(field, op, value, fault):
    found = one(field, op, value)
    assert isinstance(found, str)
    assert fault in found


def test_several_faults_come_together_and_a_ninth_condition_is_refused():
    good = {"field": "email", "op": "not_empty"}
    found = parse_group(
        {"match": "some", "conditions": [good, "x", {"field": "score"}, {**good, "not": 1}, *[good] * 5]},
        SCOPE,
        place=("exit",),
    )
    assert [str(fault) for fault in found] == [
        "exit.match: all or any is wanted",
        "exit.conditions[2]: a condition is wanted: {field, op, value}",
        "exit.conditions[3].op: an operator is wanted",
        "exit.conditions[4].not: unknown key",
        "exit.conditions[9]: at most 8 conditions are possible",
    ]
    assert isinstance(group(*[good] * 8), Group)
    assert parse_group({"conditions": "x"}, SCOPE) == [
        Fault(("conditions",), "a list of conditions is wanted")
    ]


def test_2_16_a_bare_field_is_one_of_the_record():
    scope = Scope(record="account", catalogue=Catalogue())
    assert one("employees", "=", 5, scope).field.record == "account"
    assert one("contact.score", "=", 5, scope).field.record == "contact"
    assert one("sequence", "in", "x", scope).field is SEQUENCE
    assert "there is no field “score” of account" in one("score", "=", 5, scope)
    assert "no step can be named here" in one("step.a.sent", "is", True, scope)


@pytest.mark.parametrize(
    ("op", "value", "type_"),
    [
        ("is", "x", FieldType.TEXT),
        ("is", True, FieldType.YES_NO),
        ("<", 1, FieldType.NUMBER),
        ("has_any", ["x"], FieldType.TAGS),
        ("before", date(2026, 1, 1), FieldType.DATE),
        ("empty", None, FieldType.TEXT),
        ("not_in", ["x"], FieldType.TEXT),
    ],
)
def test_6_5_in_a_file_an_unknown_field_is_empty_and_of_a_type_that_suits(op, value, type_):
    found = one("favourite", op, value, Scope(is_open=True))
    assert found.field == Field("contact", "favourite", "favourite", type_, is_custom=True, has_values=False)


@pytest.mark.parametrize(("op", "value"), [("likes", "x"), ("<", "x"), ("is", 5), ("has_any", "x")])
def test_6_5_also_of_an_unknown_field_operator_and_value_must_suit_each_other(op, value):
    assert isinstance(one("favourite", op, value, Scope(is_open=True)), str)


@pytest.mark.parametrize(
    ("field", "op", "value", "truth"),
    [
        ("email", "is", "x", False),
        ("email", "is_not", "x", True),
        ("email", "not_in", ["x"], True),
        ("email", "not_contains", "x", True),
        ("email", "empty", None, True),
        ("email", "not_empty", None, False),
        ("score", "!=", 0, True),
        ("score", "<", 5, False),
        ("tags", "has_none", ["x"], True),
        ("seen_on", "not_in_last_days", 3, True),
        ("seen_on", "before", date(2026, 1, 1), False),
        ("vip", "is", False, True),
        ("vip", "is", True, False),
    ],
)
def test_6_4_negatives_are_true_where_the_field_is_empty(field, op, value, truth):
    assert one(field, op, value).on_empty is truth


def test_a_step_field_knows_its_step():
    assert one("step.ring.outcome", "is", "busy").field == StepField("ring", "outcome")
    dotted = Scope(steps={"a.b": "email"})
    assert one("step.a.b.sent", "is", True, dotted).field == StepField("a.b", "sent")


@pytest.mark.parametrize(
    ("field", "op", "value", "english"),
    [
        ("lifecycle_stage", "is", "Lead", "lifecycle stage is Lead"),
        ("score", ">=", 80, "score is at least 80"),
        ("score", "between", [1, 1000.5], "score is from 1 to 1,000.5"),
        ("city", "not_in", ["Rome", "Oslo", "Bonn"], "city is not Rome, Oslo or Bonn"),
        ("account.industry", "empty", None, "the company’s industry is empty"),
        ("tags", "has_all", ["a", "b"], "tags include a and b"),
        ("tags", "not_empty", None, "tags are not empty"),
        ("seen_on", "after", date(2026, 5, 4), "seen is after 4 May 2026"),
        ("created_at", "in_last_days", 7, "created is within the last 7 days"),
        ("created_at", "in_last_days", 1, "created is within the last day"),
        ("created_at", "not_in_last_days", 0, "created is not today"),
        ("owner", "is", "me", "owner is the owner of the sequence"),
        ("vip", "is", False, "VIP is no"),
        ("sequence", "was_in", "Outbound", "the contact has left “Outbound” before"),
        ("step.intro.sent", "is", False, "step intro was not sent"),
        ("step.intro.opened", "is", False, "step intro was sent but not opened"),
        ("step.intro.replied", "is", True, "step intro was answered"),
        ("step.intro.bounced", "is", True, "step intro bounced"),
        ("step.ring.outcome", "in", ["busy", "no answer"], "the outcome of step ring is busy or no answer"),
    ],
)
def test_a_condition_reads_as_english(field, op, value, english):
    assert sentence(group({"field": field, "op": op, "value": value})) == english


def test_a_group_reads_as_one_sentence():
    two = [
        {"field": "lifecycle_stage", "op": "is", "value": "Lead"},
        {"field": "score", "op": ">", "value": 5},
    ]
    assert sentence(group(*two)) == "lifecycle stage is Lead and score is more than 5"
    three = [*two, {"field": "city", "op": "not_empty"}]
    assert sentence(group(*three, match="any")) == (
        "lifecycle stage is Lead, score is more than 5, or city is not empty"
    )
    assert sentence(Group()) == ""


def test_every_operator_of_every_type_has_its_words():
    samples = {"one": "x", "list": ("x",), "range": (1.0, 2.0), "days": 3, "none": None}
    for type_, operators in OPERATORS.items():
        if type_ in (FieldType.STEP_FACT, FieldType.STEP_OUTCOME):
            continue
        for op, shape in operators.items():
            field = SEQUENCE if type_ is FieldType.SEQUENCE else Field("contact", "f", "f", type_)
            assert sentence(Group("all", (Condition("f", field, op, samples[shape]),)))


def test_places_are_spelled_for_people():
    assert spelled(("steps", "bump", "conditions", 0, "op")) == "steps.bump.conditions[1].op"
    assert "Not yet contacted" in MODES
