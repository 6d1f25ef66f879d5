"""Every operator on every type, on real rows, against the reference in ``people`` (semantics 6.3, 6.4)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import factory
import pytest
from django.db import connection
from django.db.models import Q
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from audience.conditions.compile import Context, compile_group
from audience.conditions.parse import Condition, Group, Scope, parse_group
from audience.conditions.types import OPERATORS, FieldType, Shape
from audience.fields import Field
from audience.models import Contact, Opportunity
from sequences.models import Enrollment
from tenants.models import Tenant
from tests.apps.audience.people import BERLIN, CATALOGUE, TODAY, World, holds, populate
from tests.factories import AccountFactory, ContactFactory

PREFIXES = {"contact": "contact__", "account": "contact__account__", "opportunity": ""}
FIELDS = [
    "contact.first_name",
    "contact.email",
    "contact.plan",
    "contact.never_filled",
    "account.name",
    "account.tier",
    "contact.lifecycle_stage",
    "opportunity.stage",
    "contact.owner",
    "contact.account",
    "opportunity.contact",
    "contact.score",
    "contact.seats",
    "account.employees",
    "opportunity.amount",
    "contact.vip",
    "contact.tags",
    "contact.topics",
    "account.tags",
    "account.segments",
    "opportunity.labels",
    "contact.renews_on",
    "opportunity.close_on",
    "contact.last_replied_at",
    "account.last_sent_at",
    "opportunity.created_at",
]
DAYS = [TODAY + timedelta(days=n) for n in (-1, 0, 1, 7, -30)] + [date(1, 1, 1), date.max]
VALUES: dict[FieldType, list[Any]] = {
    FieldType.TEXT: [
        "anna",
        "ANNA MARIA",
        "İ",
        "σοφος",
        "%",
        "_",
        "a_b",
        "\\",
        "n",
        "strasse",
        "straße",
        " ",
    ],
    FieldType.CHOICE: ["anna", "Ännchen", "ipek", "unknown"],
    FieldType.NUMBER: [-1.5, 0.0, 3.0, 79.5, 80.0],
    FieldType.MONEY: [0.0, 3.0, 1e12],
    FieldType.YES_NO: [True, False],
    FieldType.TAGS: ["hot", "NEW", "i", "none of these"],
    FieldType.DATE: DAYS,
    FieldType.DATE_TIME: DAYS,
}
UNHURRIED = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
EMAILS = ["ann@x.example", "ANN@X.EXAMPLE", "ben@bücher.example", "no address", "x.example", "ann", "bücher"]


@pytest.fixture
def world(tenant: Tenant) -> Iterator[World]:
    yield populate()


def context(world: World, **more: Any) -> Context:
    given_ = {"prefixes": PREFIXES, "today": TODAY, "zone": BERLIN, "record": "opportunity"}
    return Context(**(given_ | {"me": world.members[0].pk} | more))


def field_of(name: str) -> Field:
    found = CATALOGUE.get(*name.split("."))
    assert found
    return found


def values_of(field: Field, world: World) -> list[Any]:
    if field.type is FieldType.USER:
        return ["me", world.members[1].email, "nobody@us.example"]
    if field.type is FieldType.REFERENCE:
        rows = [row.get(field.name) for row in world.rows.values()]
        return [str(next(pk for pk in rows if pk)), "999999", "acme", "9" * 30]
    return EMAILS if field.key == "email" else VALUES[field.type]


def conditions(name: str, op: str, world: World) -> list[Condition]:
    """The field with the operator and each value that suits."""
    field = field_of(name)
    shape = OPERATORS[field.type][op]
    pool = values_of(field, world)
    by_shape: dict[Shape, list[Any]] = {
        Shape.NONE: [None],
        Shape.DAYS: [0, 1, 7, 30, 36_500],
        Shape.ONE: pool,
        Shape.LIST: [(value,) for value in pool] + [tuple(pool[:2]), tuple(pool)],
        Shape.RANGE: [(0.0, 3.0), (-5.0, 80.0), (4.0, 5.0)],
    }
    return [Condition(name, field, op, value) for value in by_shape[shape]]


def matching(q: Q) -> set[int]:
    return set(Opportunity.objects.filter(q).values_list("pk", flat=True))


def check(group: Group, world: World) -> None:
    expected = {pk for pk, row in world.rows.items() if holds(group, row, world, world.members[0].pk)}
    q = compile_group(group, context(world))
    assert matching(q) == expected, group
    assert matching(~q) == world.rows.keys() - expected, f"the opposite of {group}"


@pytest.mark.parametrize("name", FIELDS)
def test_each_operator_of_each_type_agrees_with_the_reference(name: str, world: World) -> None:
    for op in OPERATORS[field_of(name).type]:
        for condition in conditions(name, op, world):
            check(Group("all", (condition,)), world)


@settings(max_examples=60, deadline=None, suppress_health_check=UNHURRIED)
@given(data=st.data())
def test_groups_of_all_and_any_agree_with_the_reference(data: st.DataObject, world: World) -> None:
    rows = []
    for _ in range(data.draw(st.integers(1, 8))):
        name = data.draw(st.sampled_from(FIELDS))
        op = data.draw(st.sampled_from(sorted(OPERATORS[field_of(name).type])))
        rows.append(data.draw(st.sampled_from(conditions(name, op, world))))
    check(Group(data.draw(st.sampled_from(["all", "any"])), tuple(rows)), world)


@settings(max_examples=60, deadline=None, suppress_health_check=UNHURRIED)
@given(
    stored=st.text("aAbBİıΣςß%_\\'\" ;-", min_size=1, max_size=6),
    value=st.text("aAbBİıΣςß%_\\'\" ;-", min_size=1, max_size=3).filter(str.strip),
)
def test_text_is_compared_letter_by_letter_and_never_as_a_pattern(
    stored: str, value: str, world: World
) -> None:
    pk = next(pk for pk, row in world.rows.items() if "contact.first_name" in row)
    Contact.objects.filter(pk=Opportunity.objects.get(pk=pk).contact_id).update(first_name=stored)
    world.rows[pk]["contact.first_name"] = stored
    for op in ("is", "is_not", "contains", "not_contains", "starts_with", "ends_with"):
        check(Group("all", (Condition("x", field_of("contact.first_name"), op, value),)), world)


@pytest.mark.parametrize(
    "name", ["contact.first_name", "contact.email", "contact.tags", "contact.vip", "contact.score"]
)
def test_fields_of_a_record_that_is_missing_are_empty(name: str, world: World) -> None:
    missing = context(world, prefixes={"opportunity": "", "contact": None})
    for op in OPERATORS[field_of(name).type]:
        for condition in conditions(name, op, world):
            found = matching(compile_group(Group("all", (condition,)), missing))
            assert found == (set(world.rows) if condition.on_empty else set())


def test_a_group_without_conditions_is_always_true(world: World) -> None:
    assert compile_group(Group(), context(world)) == Q()


def test_what_is_always_true_makes_any_true_whatever_else_is_asked(world: World) -> None:
    always = Condition("x", field_of("contact.never_filled"), "empty", None)
    never = Condition("x", field_of("contact.score"), "=", 12345.0)
    assert matching(compile_group(Group("any", (never, always)), context(world))) == set(world.rows)
    assert matching(compile_group(Group("all", (never, always)), context(world))) == set()


def test_steps_and_membership_are_asked_of_the_floor_above(world: World) -> None:
    asked: list[Any] = []

    def membership(op: str, name: str) -> Q:
        asked.append((op, name))
        return Q()

    def step(key: str, fact: str, op: str, value: Any) -> Q:
        asked.append((key, fact, op, value))
        return Q(pk=min(world.rows))

    raw = {
        "conditions": [
            {"field": "sequence", "op": "not_in", "value": "Outbound"},
            {"field": "step.intro.opened", "op": "is", "value": True},
        ]
    }
    group = parse_group(raw, Scope(steps={"intro": "email"}))
    assert isinstance(group, Group)
    found = matching(compile_group(group, context(world, membership=membership, step=step)))
    assert found == {min(world.rows)}
    assert asked == [("not_in", "Outbound"), ("intro", "opened", "is", True)]


def test_a_reference_is_found_by_the_name_that_a_file_gives_it(world: World) -> None:
    condition = Condition("x", field_of("contact.account"), "is", "acme")
    named = context(world, reference=lambda record, name: world.accounts[0].pk)
    expected = {pk for pk, row in world.rows.items() if row.get("contact.account") == world.accounts[0].pk}
    assert matching(compile_group(Group("all", (condition,)), named)) == expected != set()


def test_a_group_can_be_asked_of_enrollments_and_of_contacts(tenant: Tenant) -> None:
    ContactFactory(first_name="Ann", account=AccountFactory(name="Acme"))
    ContactFactory(first_name="Ben")
    group = parse_group(
        {
            "conditions": [
                {"field": "first_name", "op": "starts_with", "value": "a"},
                {"field": "account.name", "op": "is", "value": "acme"},
            ]
        },
        Scope(),
    )
    assert isinstance(group, Group)
    ways = {"contact": "", "account": "account__", "opportunity": None}
    q = compile_group(group, Context(prefixes=ways, today=TODAY, zone=BERLIN))
    assert [contact.first_name for contact in Contact.objects.filter(q)] == ["Ann"]
    stays = {"contact": "contact__", "account": "contact__account__", "opportunity": "opportunity__"}
    q = compile_group(group, Context(prefixes=stays, today=TODAY, zone=BERLIN))
    assert not Enrollment.objects.filter(q).exists()


@pytest.mark.parametrize(
    ("field", "op", "value", "column"),
    [
        ("first_name", "is", "Ann", "first_name_norm"),
        ("first_name", "in", ["Ann", "Ben"], "first_name_norm"),
        ("last_name", "starts_with", "An", "last_name_norm"),
        ("email", "is", "ann@x.example", "email_norm"),
        ("email", "is", "no address", "email_lowered"),
        ("email", "starts_with", "ann", "email_lowered"),
        ("lifecycle_stage", "is", "Lead", "lifecycle_stage_norm"),
        ("lifecycle_stage", "in", ["Lead", "Lost"], "lifecycle_stage_norm"),
        ("owner", "is", "me", "owner_id"),
        ("account", "is", "17", "account_id"),
        ("tags", "has_any", ["hot"], "label_norm"),
    ],
)
def test_an_index_is_used_behind_the_wall(
    tenant: Tenant, field: str, op: str, value: Any, column: str
) -> None:
    """performance §3, trap 1: a comparison that is not leakproof would be a filter instead."""
    group = parse_group({"conditions": [{"field": field, "op": op, "value": value}]}, Scope())
    assert isinstance(group, Group)
    accounts = [AccountFactory() for _ in range(50)]
    stages = ["Lead", "Lost", *(f"Stage {n}" for n in range(30))]
    ContactFactory.create_batch(
        200, account=factory.Iterator(accounts), lifecycle_stage=factory.Iterator(stages)
    )
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("ANALYZE audience_contact")
    q = compile_group(
        group, Context(prefixes={"contact": "", "account": "account__"}, today=TODAY, zone=BERLIN, me=1)
    )
    plan = Contact.objects.filter(q).values("pk").explain()
    assert any(column in line for line in plan.splitlines() if "Index Cond" in line), plan
