"""Making records and setting fields (semantics 2.26, 5.9, 6.5)."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from audience import records
from audience.catalogue import CannotMakeField, catalogue, choices_of, make_field
from audience.conditions.compile import Context, compile_group
from audience.conditions.parse import Group, Scope, parse_group
from audience.conditions.types import FieldType
from audience.conditions.values import Refused
from audience.models import Account, Choice, Contact, ContactTag, CustomField, Opportunity
from tenants.models import Tenant
from tests.apps.audience.people import BERLIN, TODAY
from tests.factories import NOW, ContactFactory, make_member


def contact(**values: Any) -> Contact:
    made = records.create("contact", values, at=NOW)
    assert isinstance(made, Contact)
    return made


def labels(record: Contact, field: CustomField | None = None) -> list[str]:
    return sorted(ContactTag.objects.filter(record=record, field=field).values_list("label", flat=True))


def finds(record: Contact, field: str, op: str, value: Any = None) -> bool:
    """Whether a condition on the field is true of the contact: that what is stored is what is asked."""
    raw = {"conditions": [{"field": field, "op": op} | ({} if value is None else {"value": value})]}
    group = parse_group(raw, Scope(catalogue=catalogue()))
    assert isinstance(group, Group), group
    asked = compile_group(group, Context(prefixes={"contact": ""}, today=TODAY, zone=BERLIN))
    return Contact.objects.filter(asked, pk=record.pk).exists()


def test_a_record_arrives_with_its_standard_fields(tenant: Tenant) -> None:
    mia = make_member(email="mia@us.example")
    acme = records.create("account", {"name": "Acme", "employees": Decimal(40)}, at=NOW)
    ann = contact(
        email="Ann@Bücher.example",
        first_name="Ann",
        owner="MIA@us.example",
        account=acme.pk,
        tags=("Hot", "hot", " New "),
        score=Decimal("79.5"),
        lifecycle_stage="Lead",
        last_replied_at=datetime(2026, 1, 1, tzinfo=UTC),
    )
    ann.refresh_from_db()
    assert (ann.created_at, ann.last_contacted_mode) == (NOW, "Not yet contacted")
    assert (ann.email_norm, ann.owner, ann.account_id, ann.score) == (
        "ann@xn--bcher-kva.example",
        mia,
        acme.pk,
        79.5,
    )
    assert labels(ann) == ["Hot", "New"]
    assert isinstance(acme, Account)
    assert acme.employees == 40
    deal = records.create("opportunity", {"amount": 5000, "contact": ann, "close_on": TODAY}, at=NOW)
    assert isinstance(deal, Opportunity)
    assert (deal.contact_id, deal.amount, deal.close_on) == (ann.pk, 5000, TODAY)


@pytest.mark.parametrize(
    ("value", "type_", "op", "asked"),
    [
        ("Enterprise", "text", "is", "enterprise"),
        (Decimal("12.5"), "number", "=", 12.5),
        (True, "yes_no", "is", True),
        (date(2026, 9, 10), "date", "on", "2026-09-10"),
        (("a", "b"), "tags", "has_all", ["B", "A"]),
    ],
)
def test_a_custom_field_is_made_as_it_is_met_with_the_type_of_its_value(
    tenant: Tenant, value: Any, type_: str, op: str, asked: Any
) -> None:
    ann = contact(email="ann@x.example", thing=value)
    assert CustomField.objects.get().type == type_
    assert finds(ann, "thing", op, asked)
    ben = contact(email="ben@x.example")
    assert not finds(ben, "thing", op, asked)
    records.set_field(ben, "thing", value, at=NOW)
    assert finds(ben, "thing", op, asked)
    records.set_field(ben, "thing", None, at=NOW)
    assert not finds(ben, "thing", op, asked)
    assert CustomField.objects.count() == 1


def test_a_value_that_says_no_type_makes_no_field(tenant: Tenant) -> None:
    contact(email="ann@x.example", thing="  ", other=[], third=None)
    assert not CustomField.objects.exists()


def test_a_value_that_does_not_suit_is_refused_with_the_name_of_the_field(tenant: Tenant) -> None:
    ann = contact(email="ann@x.example", seats=3)
    with pytest.raises(Refused, match="seats: a number is wanted"):
        records.set_field(ann, "seats", "three", at=NOW)
    with pytest.raises(Refused, match="last contacted mode: “Phoned” is none of its values"):
        records.set_field(ann, "last_contacted_mode", "Phoned", at=NOW)
    with pytest.raises(Refused, match="there is no user “nobody"):
        records.set_field(ann, "owner", "nobody@us.example", at=NOW)


def test_fields_of_one_type_come_to_an_end(tenant: Tenant) -> None:
    for n in range(8):
        make_field("contact", f"day_{n}", FieldType.DATE)
    assert len(set(CustomField.objects.values_list("column", flat=True))) == 8
    with pytest.raises(CannotMakeField, match="contacts have 8 fields of this kind already"):
        make_field("contact", "day_8", FieldType.DATE)
    make_field("account", "day_8", FieldType.DATE)
    with pytest.raises(CannotMakeField, match="there is a field “day_8” of account already"):
        make_field("account", "day_8", FieldType.TEXT)
    with pytest.raises(CannotMakeField, match="cannot be the name"):
        make_field("account", "two words", FieldType.TEXT)


def test_an_open_list_grows_and_keeps_its_spelling(tenant: Tenant) -> None:
    ann = contact(lifecycle_stage="Lead")
    records.set_field(ann, "lifecycle_stage", "Nurtured", at=NOW)
    records.set_field(ann, "lifecycle_stage", "LEAD", at=NOW)
    assert ann.lifecycle_stage == "Lead"
    field = catalogue().get("contact", "lifecycle_stage")
    assert field
    assert choices_of(field) == ["Lead", "Nurtured"]
    assert not Choice.objects.filter(record="opportunity").exists()


def test_tags_are_replaced_as_a_whole(tenant: Tenant) -> None:
    ann = contact(tags=["Hot", "new"])
    records.set_field(ann, "tags", ["hot", "cold"], at=NOW)
    assert labels(ann) == ["Hot", "cold"]
    records.set_field(ann, "tags", [], at=NOW)
    assert labels(ann) == []


def test_one_value_is_set_for_many(tenant: Tenant) -> None:
    ann, ben, cas = (contact(first_name=name, tags=["old"]) for name in ("Ann", "Ben", "Cas"))
    some = Contact.objects.filter(first_name__in=["Ann", "Ben"])
    for key, value in {
        "email": "Both@X.example",
        "phone": "+49 30 901820",
        "score": 7,
        "tags": ["a", "b"],
        "vip": True,
    }.items():
        records.set_field_of(some, key, value, at=NOW)
    for record in (ann, ben):
        record.refresh_from_db()
        assert (record.email_norm, record.sms_number, record.score) == ("both@x.example", "+4930901820", 7)
        assert labels(record) == ["a", "b"]
        assert finds(record, "vip", "is", True)
    cas.refresh_from_db()
    assert (cas.email_norm, cas.sms_number, cas.score, labels(cas)) == (None, None, None, ["old"])


@pytest.mark.parametrize(
    ("mobile", "phone", "country", "home", "expected"),
    [
        ("", "", "Germany", "DE", None),
        ("0151 12345678", "030 901820", "Germany", "", "+4915112345678"),
        ("0151 12345678", "", "", "DE", "+4915112345678"),
        ("0151 12345678", "", "Österreich", "DE", "+4315112345678"),
        ("", "030 901820", "DE", "FR", "+4930901820"),
        ("nonsense", "+44 113 496 0948", "", "", "+441134960948"),
        ("0151 12345678", "", "", "", "015112345678"),
        ("n/a", "none", "", "", None),
    ],
)
def test_the_number_for_sms_is_the_mobile_one_else_the_phone(
    tenant: Tenant, mobile: str, phone: str, country: str, home: str, expected: str | None
) -> None:
    tenant.country = home
    tenant.save()
    assert contact(mobile=mobile, phone=phone, country=country).sms_number == expected


def test_derived_columns_follow_on_every_path(tenant: Tenant) -> None:
    one = ContactFactory(email="One@X.example", mobile="+4915112345678")
    assert (one.email_norm, one.sms_number) == ("one@x.example", "+4915112345678")
    one.email = "no address"
    one.save(update_fields=["email"])
    one.refresh_from_db()
    assert one.email_norm is None
    Contact.objects.bulk_create([Contact(email="Two@X.example", phone="+4930901820", created_at=NOW)])
    two = Contact.objects.get(email_norm="two@x.example")
    assert two.sms_number == "+4930901820"
    with pytest.raises(AssertionError, match="email_norm would be out of date"):
        Contact.objects.update(email="x@x.example")
