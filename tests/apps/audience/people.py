"""A small population with every kind of value and emptiness, and what a condition means of it, told in plain Python.

The reference knows nothing of SQL: it walks the rows and compares (semantics 6.3, 6.4).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from audience.addresses import normalise_address
from audience.conditions.parse import Condition, Group
from audience.conditions.types import ME, FieldType
from audience.fields import Catalogue, Field
from audience.models import (
    Account,
    AccountTag,
    Contact,
    ContactTag,
    CustomField,
    Opportunity,
    OpportunityTag,
)
from tenants.models import Member
from tests.factories import make_member

BERLIN = ZoneInfo("Europe/Berlin")
TODAY = date(2026, 3, 30)  # the day after summer time begins

CUSTOM = [
    Field("contact", "plan", "plan", FieldType.TEXT, is_custom=True),
    Field("contact", "seats", "seats", FieldType.NUMBER, is_custom=True),
    Field("contact", "renews_on", "renews on", FieldType.DATE, is_custom=True),
    Field("contact", "vip", "vip", FieldType.YES_NO, is_custom=True),
    Field("contact", "topics", "topics", FieldType.TAGS, is_custom=True),
    Field("account", "tier", "tier", FieldType.TEXT, is_custom=True),
    Field("account", "segments", "segments", FieldType.TAGS, is_custom=True),
    Field("opportunity", "labels", "labels", FieldType.TAGS, is_custom=True),
    Field("contact", "never_filled", "never filled", FieldType.TEXT, is_custom=True, has_values=False),
]
SLOTS = {
    "plan": "text_01",
    "seats": "number_01",
    "renews_on": "date_01",
    "vip": "yesno_01",
    "tier": "text_01",
}
CATALOGUE = Catalogue(CUSTOM)

TEXTS = [
    None,
    "",
    "   ",
    "Anna",
    "ANNA",
    "anna maria",
    " Anna",
    "İpek",
    "ΣΟΦΟΣ",
    "50%_off\\",
    "a_b",
    "axb",
    "Straße",
    "Ännchen",
]
EMAILS = [
    "",
    "  ",
    "Ann@X.example",
    "ben@bücher.example",
    "ben@xn--bcher-kva.example",
    "no address",
    "zoe@y.example",
]
NUMBERS = [None, -1.5, 0.0, 3.0, 80.0, 1e12]
DAYS = [None, *(TODAY + timedelta(days=n) for n in (-400, -31, -30, -7, -1, 0, 1, 7, 30))]
INSTANTS = [
    None,
    datetime(2026, 3, 28, 23, 0, tzinfo=UTC),  # Berlin: the 29th begins
    datetime(2026, 3, 28, 22, 59, 59, 999999, tzinfo=UTC),
    datetime(2026, 3, 29, 21, 59, 59, tzinfo=UTC),  # the last of the 29th, which has 23 hours
    datetime(2026, 3, 29, 22, 0, tzinfo=UTC),
    datetime(2026, 3, 30, 12, 0, tzinfo=UTC),
    datetime(2026, 3, 30, 22, 0, tzinfo=UTC),
    datetime(2025, 1, 1, 0, 0, tzinfo=UTC),
    datetime(2026, 4, 6, 12, 0, tzinfo=UTC),
]
LABELS = [[], ["Hot"], ["HOT", "new"], ["new", "cold", "x"], ["İ"]]
FLAGS = [None, False, True]


@dataclass
class World:
    """The rows, by id, as plain values: {"contact.first_name": …}; a missing record has no keys."""

    rows: dict[int, dict[str, Any]] = field(default_factory=dict)
    members: list[Member] = field(default_factory=list)
    accounts: list[Account] = field(default_factory=list)


def populate() -> World:
    """Opportunities, of which some have no contact, and contacts, of which some have no account."""
    world = World(members=[make_member(), make_member()])
    ids = {
        custom.key: CustomField.objects.create(
            record=custom.record,
            key=custom.key,
            label=custom.label,
            type=custom.type,
            column=SLOTS.get(custom.key, ""),
        ).pk
        for custom in CUSTOM
        if custom.has_values
    }
    for n in range(5):
        labels = LABELS[n]
        account = Account.objects.create(
            name=TEXTS[n + 1] or "",
            employees=NUMBERS[n],
            text_01=TEXTS[n],
            created_at=INSTANTS[-1],
            last_sent_at=INSTANTS[n],
        )
        AccountTag.objects.bulk_create(AccountTag(record=account, label=label) for label in labels)
        AccountTag.objects.bulk_create(
            AccountTag(record=account, field_id=ids["segments"], label=label) for label in reversed(labels)
        )
        world.accounts.append(account)
    for n in range(28):
        opportunity, values = _opportunity(n, world, ids)
        world.rows[opportunity.pk] = values
    return world


def _opportunity(n: int, world: World, ids: dict[str, int]) -> tuple[Opportunity, dict[str, Any]]:
    values: dict[str, Any] = {}
    contact = None if n % 9 == 8 else _contact(n, world, ids, values)
    deal = {
        "amount": NUMBERS[n % 6],
        "close_on": DAYS[n % 10],
        "stage": TEXTS[n % 14] or "",
        "name": f"Deal {n}",
    }
    opportunity = Opportunity.objects.create(contact=contact, created_at=INSTANTS[1 + n % 8], **deal)
    labels = LABELS[(n + 2) % 5]
    OpportunityTag.objects.bulk_create(
        OpportunityTag(record=opportunity, field_id=ids["labels"], label=label) for label in labels
    )
    values |= {f"opportunity.{key}": value for key, value in deal.items()}
    values |= {"opportunity.contact": contact.pk if contact else None, "opportunity.labels": labels}
    values |= {"opportunity.created_at": opportunity.created_at}
    return opportunity, values


def _contact(n: int, world: World, ids: dict[str, int], values: dict[str, Any]) -> Contact:
    account = world.accounts[n % 7] if n % 7 < 5 else None
    owner = None if n % 3 == 0 else world.members[n % 2]
    email = EMAILS[n % 7]
    own: dict[str, Any] = {
        "email": email,
        "first_name": TEXTS[n % 14] or "",
        "lifecycle_stage": TEXTS[(n + 5) % 14] or "",
        "score": NUMBERS[n % 6],
        "last_replied_at": INSTANTS[n % 9],
    }
    custom = {
        "plan": TEXTS[(n + 3) % 14],
        "seats": NUMBERS[(n + 1) % 6],
        "renews_on": DAYS[n % 10],
        "vip": FLAGS[n % 3],
    }
    contact = Contact.objects.create(
        **own,
        **{SLOTS[key]: value for key, value in custom.items()},
        email_norm=normalise_address(email),
        owner=owner,
        account=account,
        created_at=INSTANTS[1],
    )
    labels, topics = LABELS[n % 5], LABELS[(n + 1) % 5]
    ContactTag.objects.bulk_create(ContactTag(record=contact, label=label) for label in labels)
    ContactTag.objects.bulk_create(
        ContactTag(record=contact, field_id=ids["topics"], label=label) for label in topics
    )
    values |= {f"contact.{key}": value for key, value in (own | custom).items()}
    values |= {"contact.tags": labels, "contact.topics": topics}
    values |= {
        "contact.owner": owner.pk if owner else None,
        "contact.account": account.pk if account else None,
    }
    if account:
        values |= {
            "account.name": account.name,
            "account.employees": account.employees,
            "account.tier": account.text_01,
            "account.tags": LABELS[world.accounts.index(account)],
            "account.segments": LABELS[world.accounts.index(account)],
            "account.last_sent_at": account.last_sent_at,
        }
    return contact


def holds(group: Group, row: dict[str, Any], world: World, me: int | None) -> bool:
    """Whether the group is true of the row."""
    answers = [condition_holds(condition, row, world, me) for condition in group.conditions]
    return all(answers) if group.match == "all" else any(answers)


def condition_holds(condition: Condition, row: dict[str, Any], world: World, me: int | None) -> bool:
    ref, op, wanted = condition.field, condition.op, condition.value
    assert isinstance(ref, Field)
    value = row.get(ref.name) if ref.has_values else None
    if ref.type is FieldType.YES_NO:
        return bool(value) is wanted
    is_empty = value is None or value == [] or (isinstance(value, str) and not value.strip())
    if is_empty or op in ("empty", "not_empty"):
        return condition.on_empty if is_empty else op == "not_empty"
    negated = {
        "is_not": "is",
        "not_in": "in",
        "not_contains": "contains",
        "!=": "=",
        "has_none": "has_any",
        "not_in_last_days": "in_last_days",
    }
    if op in negated:
        return not _positive(ref, negated[op], value, wanted, world, me)
    return _positive(ref, op, value, wanted, world, me)


def _positive(ref: Field, op: str, value: Any, wanted: Any, world: World, me: int | None) -> bool:
    if ref.type in (FieldType.DATE, FieldType.DATE_TIME):
        day = value.astimezone(BERLIN).date() if ref.type is FieldType.DATE_TIME else value
        return _day(op, day, wanted)
    if ref.type in (FieldType.NUMBER, FieldType.MONEY):
        low, high = wanted if op == "between" else (wanted, wanted)
        return {
            "=": value == wanted,
            ">": value > low,
            ">=": value >= low,
            "<": value < low,
            "<=": value <= low,
            "between": low <= value <= high,
        }[op]
    if ref.type is FieldType.TAGS:
        have, ask = {fold(label) for label in value}, {fold(label) for label in wanted}
        return bool(have & ask) if op == "has_any" else ask <= have
    many = wanted if isinstance(wanted, tuple) else (wanted,)
    if ref.type is FieldType.USER:
        ids = {member.email: member.pk for member in world.members} | {ME: me}
        return value in [ids.get(text) for text in many]
    if ref.type is FieldType.REFERENCE:
        return str(value) in many
    if ref.key == "email" and op in ("is", "in"):
        return (normalise_address(value) or fold(value)) in [normalise_address(t) or fold(t) for t in many]
    have, ask = fold(value), [fold(text) for text in many]
    tests = {
        "contains": ask[0] in have,
        "starts_with": have.startswith(ask[0]),
        "ends_with": have.endswith(ask[0]),
    }
    return have in ask if op in ("is", "in") else tests[op]


def _day(op: str, day: date, wanted: Any) -> bool:
    if op == "in_last_days":
        return 0 <= (TODAY - day).days <= wanted
    if op == "in_next_days":
        return 0 <= (day - TODAY).days <= wanted
    return {"before": day < wanted, "after": day > wanted, "on": day == wanted}[op]


def fold(text: str) -> str:
    """Letter by letter, as the database lowers: İ → i, Σ → σ also at the end of a word."""
    return "".join(letter.lower()[0] for letter in text)
