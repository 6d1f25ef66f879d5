"""Every operator on every type that the compiler emits, explained behind the wall as the app's role (performance §3).

Where an index should be used it is; where none can be, it is said here why. A new operator fails until it stands here.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.models import QuerySet

from audience import indexes
from audience.catalogue import catalogue, column_of, make_field
from audience.columns import columns_of
from audience.conditions.parse import Group, Scope, parse_group
from audience.conditions.types import OPERATORS, FieldType
from audience.fields import Field
from audience.lists import context_for, matching
from audience.models import Account, Contact, Opportunity
from audience.ordering import Order, page_of
from sequences.commands.editing import create_sequence
from sequences.models import Enrollment
from tenants.wall import use
from tests.apps.audience.people import BERLIN, TODAY
from tests.factories import NOW, ContactFactory, make_member, make_tenant

ROWS = 20_000
T = FieldType

UNSELECTIVE = "nearly all rows match, a scan is the fastest way"
NOT_LEAKPROOF = "LIKE is not leakproof: behind the wall no index can serve it"
BOOLEAN = "half of the rows, or nearly all of them"

SCANS: dict[tuple[FieldType, str], str] = {
    **{(type_, "is_not"): UNSELECTIVE for type_ in (T.TEXT, T.CHOICE, T.USER, T.REFERENCE)},
    **{(type_, "not_in"): UNSELECTIVE for type_ in (T.TEXT, T.CHOICE, T.USER, T.REFERENCE, T.SEQUENCE)},
    **{(type_, "!="): UNSELECTIVE for type_ in (T.NUMBER, T.MONEY)},
    **{(type_, "not_in_last_days"): UNSELECTIVE for type_ in (T.DATE, T.DATE_TIME)},
    **{
        (type_, op): UNSELECTIVE
        for type_ in OPERATORS
        for op in ("empty", "not_empty")
        if op in OPERATORS[type_]
    },
    (T.TAGS, "has_none"): UNSELECTIVE,
    (T.SEQUENCE, "never_in"): UNSELECTIVE,
    (T.TEXT, "contains"): NOT_LEAKPROOF,
    (T.TEXT, "not_contains"): NOT_LEAKPROOF,
    (T.TEXT, "ends_with"): NOT_LEAKPROOF,
    (T.YES_NO, "is"): BOOLEAN,
}
"""What needs no index, and why."""

OF_STEPS = {T.STEP_FACT, T.STEP_OUTCOME}
"""Asked of stays, by the floor of sequences: tests/apps/sequences/test_plans_of_stays."""

VALUES: dict[str, Any] = {
    "is": "v17",
    "starts_with": "v1777",
    "in": ["v17", "v18"],
    "=": 17,
    ">": 19_990,
    ">=": 19_990,
    "<": 9,
    "<=": 9,
    "between": [17, 19],
    "before": "1970-03-01",
    "after": "2024-09-20",
    "on": "2001-05-04",
    "in_last_days": 3,
    "in_next_days": 3,
    "has_any": ["t17"],
    "has_all": ["t17", "u17"],
}


@pytest.fixture(scope="module")
def fields(django_db_setup: None, django_db_blocker: Any) -> Iterator[dict[FieldType, list[Field]]]:
    """A workspace among others with many contacts; for each type the fields to ask, indexes on demand built."""
    with django_db_blocker.unblock(), transaction.atomic():
        with use(make_tenant()):
            _fill()
        with use(make_tenant()):
            found = _made()
            _fill()
            _index(found)
            yield found
        transaction.set_rollback(True)


def _made() -> dict[FieldType, list[Field]]:
    own = {
        type_: make_field("contact", f"own_{type_}", type_)
        for type_ in (T.TEXT, T.CHOICE, T.NUMBER, T.MONEY, T.DATE, T.DATE_TIME, T.YES_NO, T.TAGS)
    }
    known = catalogue()
    standard = {
        T.TEXT: ["contact.last_name", "contact.email", "contact.city", "account.name"],
        T.CHOICE: ["contact.lifecycle_stage", "opportunity.stage"],
        T.USER: ["contact.owner", "account.owner", "opportunity.owner"],
        T.REFERENCE: ["contact.account", "opportunity.contact", "opportunity.account"],
        T.NUMBER: ["contact.score", "account.employees"],
        T.MONEY: ["opportunity.amount"],
        T.DATE: ["opportunity.close_on"],
        T.DATE_TIME: ["contact.created_at"],
        T.TAGS: ["contact.tags", "account.tags"],
        T.SEQUENCE: ["contact.sequence"],
        T.YES_NO: [],
    }
    found: dict[FieldType, list[Field]] = {}
    for type_, names in standard.items():
        listed = [known.get(*name.split(".")) for name in names]
        found[type_] = [field for field in listed if field]
        if type_ in own:
            mine = known.get("contact", own[type_].key)
            assert mine
            found[type_].append(mine)
    return found


DATE_OF = "date '1970-01-01' + n"
FILL = f"""
    INSERT INTO audience_{{table}} (created_at, {{columns}})
    SELECT now() - interval '60 years' + n * interval '1 day', {{values}} FROM generate_series(1, {ROWS}) AS n
"""


def _fill() -> None:
    """Rows with values that differ, in the columns that are asked for; labels and stays of some."""
    own = {custom.name: custom.path for custom in columns_of("contact").values() if custom.field.is_custom}
    slots = {
        "own_text": "'v' || n",
        "own_choice": "'v' || n % 5000",
        "own_number": "n",
        "own_money": "n",
        "own_date": DATE_OF,
        "own_date_time": f"({DATE_OF})::timestamptz",
        "own_yes_no": "n % 2 = 0",
    }
    mine = {own[key]: value for key, value in slots.items() if own.get(key)}
    plain = {
        "last_name": "'v' || n",
        "email": "'v' || n",
        "city": "'v' || n",
        "lifecycle_stage": "'v' || n % 5000",
    }
    _insert("account", {"name": "'v' || n", "employees": "n"})
    with connection.cursor() as cursor:
        cursor.execute("SELECT min(id) - 1 FROM audience_account")
        (first,) = cursor.fetchone()
    _insert("contact", plain | {"score": "n", "account_id": f"{first} + n"} | mine)
    with connection.cursor() as cursor:
        cursor.execute("SELECT min(id) - 1 FROM audience_contact")
        (person,) = cursor.fetchone()
    deal = {"name": "'v' || n", "stage": "'v' || n % 5000", "amount": "n", "close_on": DATE_OF}
    _insert("opportunity", deal | {"contact_id": f"{person} + n", "account_id": f"{first} + n"})
    with connection.cursor() as cursor:
        for record in ("contact", "account"):
            for letter in "tu":
                cursor.execute(
                    f"INSERT INTO audience_{record}tag (record_id, label)"
                    f" SELECT id, '{letter}' || row_number() OVER () FROM audience_{record}"
                )
        if tags := catalogue().get("contact", "own_tags"):
            cursor.execute(
                "INSERT INTO audience_contacttag (record_id, field_id, label) SELECT c.id, f.id, 't' || row_number()"
                " OVER () FROM audience_contact c, audience_customfield f WHERE f.key = %s",
                [tags.key],
            )
        cursor.execute("ANALYZE audience_contact, audience_account, audience_opportunity")
        cursor.execute("ANALYZE audience_contacttag, audience_accounttag, sequences_enrollment")


def _insert(table: str, columns: dict[str, str]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            FILL.format(table=table, columns=", ".join(columns), values=", ".join(columns.values()))
        )


def _index(found: dict[FieldType, list[Field]]) -> None:
    """What an administrator asks for; here inside the transaction."""
    with connection.cursor() as cursor:
        for field in (field for listed in found.values() for field in listed):
            if field.key not in indexes.STANDING[field.record] and field.type not in (T.TAGS, T.SEQUENCE):
                column = indexes.column_of(field, column_of(field))
                if column:
                    cursor.execute(indexes.sql_of(field.record, column, is_slot=field.is_custom, how=""))
                    if field.is_custom and column.endswith("_norm"):
                        cursor.execute(indexes.long_sql_of(field.record, column, how=""))
        cursor.execute("ANALYZE audience_contact, audience_account, audience_opportunity")


def asked(field: Field, op: str, value: Any) -> QuerySet[Any]:
    record = field.record
    raw = {"field": field.name if field.type is not T.SEQUENCE else "sequence", "op": op}
    raw |= {} if value is None else {"value": value}
    group = parse_group({"conditions": [raw]}, Scope(record, catalogue()))
    assert isinstance(group, Group), group
    context = context_for(record, today=TODAY, zone=BERLIN)
    return matching(record, group, context).order_by()


def value_of(field: Field, op: str) -> Any:
    if op in ("empty", "not_empty"):
        return None
    if field.type is T.USER:
        member = make_member()
        model = {"contact": Contact, "account": Account, "opportunity": Opportunity}[field.record]
        model.objects.filter(pk=model.objects.first().pk).update(owner=member)  # type: ignore[union-attr, attr-defined]
        return [member.email] if op in ("in", "not_in") else member.email
    if field.type is T.REFERENCE:
        model = Contact if field.key == "contact" else Account
        ids = [str(pk) for pk in model.objects.values_list("pk", flat=True)[:2]]
        return ids if op in ("in", "not_in") else ids[0]
    if field.type is T.SEQUENCE:
        return "Outbound"
    if field.type is T.YES_NO:
        return True
    if field.type in (T.DATE, T.DATE_TIME) and op == "not_in_last_days":
        return 3
    negated = {
        "is_not": "is",
        "not_in": "in",
        "not_contains": "is",
        "contains": "is",
        "ends_with": "is",
        "!=": "=",
    }
    return VALUES[negated.get(op, "has_any" if op == "has_none" else op)]


def stored(field: Field) -> str:
    """What an index that serves the field has in its condition."""
    if field.type is T.TAGS:
        return "label_norm"
    if field.type is T.SEQUENCE:
        return "sequence_id"
    if field.key == "email":
        return "email_"
    column = column_of(field)
    return f"{column}_norm" if field.type in (T.TEXT, T.CHOICE) else column


CASES = [(type_, op) for type_ in OPERATORS if type_ not in OF_STEPS for op in OPERATORS[type_]]


@pytest.mark.parametrize(("type_", "op"), CASES, ids=lambda value: str(value))
def test_an_index_is_used_where_one_should_be(
    fields: dict[FieldType, list[Field]], type_: FieldType, op: str
) -> None:
    wrong = []
    if type_ is T.SEQUENCE:
        _members_of_outbound()
    for field in fields[type_]:
        plan = asked(field, op, value_of(field, op)).explain()
        conditions = [line for line in plan.splitlines() if "Index Cond" in line]
        is_by_index = any(stored(field) in line for line in conditions)
        if not is_by_index and (type_, op) not in SCANS:
            wrong.append(f"{field.name} {op}\n{plan}")
    assert not wrong, "\n".join(wrong)


def _members_of_outbound() -> None:
    if not Enrollment.objects.exists():
        sequence = create_sequence(name="Outbound", by=make_member("admin"), now=NOW)
        people = list(Contact.objects.order_by("pk")[:20])
        Enrollment.objects.bulk_create(
            Enrollment(
                sequence=sequence, contact=contact, entered_at=NOW, state="exited" if n % 2 else "active"
            )
            for n, contact in enumerate(people)
        )


def test_nothing_is_said_twice_or_of_operators_that_do_not_exist() -> None:
    assert set(SCANS) <= {(type_, op) for type_ in OPERATORS for op in OPERATORS[type_]}


@pytest.mark.parametrize("name", ["own_text", "own_number", "own_date"])
def test_any_of_several_indexed_fields_uses_them_all(fields: dict[FieldType, list[Field]], name: str) -> None:
    rows = [
        {"field": "last_name", "op": "is", "value": "v17"},
        {"field": "own_number", "op": ">", "value": 19_995},
        {"field": "own_text", "op": "in", "value": ["v18", "v19"]},
    ]
    group = parse_group({"match": "any", "conditions": rows}, Scope("contact", catalogue()))
    assert isinstance(group, Group)
    found = matching("contact", group, context_for("contact", today=TODAY, zone=BERLIN)).order_by()
    plan = found.explain()
    assert "BitmapOr" in plan and "Seq Scan" not in plan, plan
    assert found.count() == 8


@pytest.mark.parametrize("sort", ["own_number", "score", "own_date", "city", "lifecycle_stage", "last_name"])
@pytest.mark.parametrize("is_descending", [False, True])
def test_a_sorted_page_is_read_by_the_index_of_its_column(
    fields: dict[FieldType, list[Field]], sort: str, is_descending: bool, django_assert_num_queries: Any
) -> None:
    column = columns_of("contact")[sort].sort
    order, seen = Order(column, is_descending), []
    middle = Contact.objects.order_by("pk")[9_000]

    def look(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        with connection.cursor() as cursor:
            context["connection"].execute_wrappers.clear()
            cursor.execute(f"EXPLAIN {sql}", params)
            seen.append("\n".join(line for (line,) in cursor.fetchall()))
            context["connection"].execute_wrappers.append(look)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(look):
        page = page_of(Contact.objects.all(), order, before=middle.pk, after=None, size=50)
    assert len(page.rows) == 50
    assert not any("Seq Scan on audience_contact" in plan or "Sort" in plan for plan in seen), "\n\n".join(
        seen
    )


def test_a_long_text_of_ones_own_is_found_though_no_index_holds_it(
    fields: dict[FieldType, list[Field]],
) -> None:
    own = next(field for field in fields[T.TEXT] if field.is_custom)
    long = "x" * 9_000
    ContactFactory(**{column_of(own): long})
    assert asked(own, "is", long).count() == 1
    assert asked(own, "starts_with", "xxxx").count() == 1
    assert asked(own, "is_not", "v17").count() == ROWS
    plan = asked(own, "starts_with", "xxxx").explain()
    assert "BitmapOr" in plan and "Seq Scan" not in plan, plan
