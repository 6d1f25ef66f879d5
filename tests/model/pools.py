"""The small pools from which random scenarios are drawn, so that things meet: addresses, times, days, values."""

from __future__ import annotations

from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from tenants.localtime import resolve, zone_named

Raw = dict[str, Any]

STARTS = [
    ("2026-05-04", "Europe/Berlin"),
    ("2026-05-07", "Asia/Kathmandu"),
    ("2026-03-27", "Europe/Berlin"),  # summer time begins on the 29th
    ("2026-10-23", "Europe/Berlin"),  # and ends on the 25th
    ("2026-03-06", "America/New_York"),
    ("2026-10-30", "America/New_York"),
    ("2026-04-22", "Africa/Cairo"),  # begins at midnight of the 24th
    ("2026-04-03", "Australia/Lord_Howe"),  # half an hour, on the 5th
    ("2026-03-26", "America/Nuuk"),  # the gap ends at midnight of the 29th
    ("2026-12-30", "Europe/Berlin"),
    ("2028-02-27", "UTC"),
]
"""First day and zone of a file."""

ZONES = ["Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Pacific/Auckland", "Pacific/Honolulu"]
CLOCKS = ["00:00", "01:30", "02:00", "02:30", "07:59", "09:00", "09:01", "11:00", "16:30", "23:30"]
RUN_TIMES = ["09:00", "09:00", "09:30", "02:30", "23:30", "00:15", "11:00"]
SHORT_HOURS = ["09:00-11:00", "02:15-03:10", "08:50-11:05", "22:30-24:00"]
HOURS = [*SHORT_HOURS, *SHORT_HOURS, "09:00-17:00", "09:00-17:00", "00:00-24:00"]
"""Each quarter inside them may be one more instant to work, so most are short."""

USERS = ["ada@us.example", "bo@us.example", "cy@us.example"]
EMAILS = ["ann@x.example", "Ann@X.Example", "ben@x.example", " ben@x.example ", "cem@bücher.example", ""]
EMAILS += ["cem@xn--bcher-kva.example", "dot@x.example", "eva@x.example"]
PHONES = ["+49 151 12345678", "+4915112345678", "+49 30 1234567", None]
STAGES = ["Lead", "lead", "LEAD", "Customer", "Lost"]
NAMES = ["Ann", " ", "İpek", None]
CITIES = ["Berlin", "BERLIN", "Bonn", "  ", None]
SCORES = [0, 50, 80, Decimal("80.5"), None]
TAGS: list[list[str]] = [[], ["Fair"], ["fair", "vip"], ["VIP"]]
INDUSTRIES = ["Paper", "paper", "Steel", None]
SIZES = [5, 50, 500, None]
DEALS = ["Talk", "Offer", "Won"]
MODES = ["Not yet contacted", "No reply", "Opened but no reply", "Replied", "Outgoing call"]
OUTCOMES = ["Connected", "connected", "busy"]

CONTACT_VALUES: dict[str, list[Any]] = {
    "email": EMAILS,
    "first_name": NAMES,
    "city": CITIES,
    "lifecycle_stage": STAGES,
    "score": SCORES,
    "tags": TAGS,
    "owner": [*USERS, None],
    "mobile": PHONES,
    "phone": PHONES,
    "vip": [True, False, None],
    "visits": [0, 3, None],
    "langs": TAGS,
    "met_on": [date(2026, 5, 5), date(2026, 3, 28), date(2026, 10, 24), None],
    "last_contacted_mode": MODES,
}
ACCOUNT_VALUES: dict[str, list[Any]] = {
    "name": ["Acme", "Dock"],
    "industry": INDUSTRIES,
    "employees": SIZES,
    "city": CITIES,
    "owner": [*USERS, None],
    "tags": TAGS,
    "tier": ["Gold", "gold", None],
}
OPPORTUNITY_VALUES: dict[str, list[Any]] = {
    "name": ["Fleet", None],
    "stage": DEALS,
    "amount": SIZES,
    "close_on": [date(2026, 5, 6), date(2026, 3, 29), None],
    "owner": [*USERS, None],
}

TEMPLATES: dict[str, Raw] = {
    "plain": {"subject": "Hello", "body": "<p>A word.</p>"},
    "named": {"subject": "Hello", "body": "<p>{{ contact.first_name }}</p>"},
    "kind": {
        "subject": "{% if contact.city %}{{ city }}{% endif %}",
        "body": "<p>{{ first_name | default: 'you' | upcase }}</p>",
    },
    "firm": {"subject": "{{ account.industry | capitalize }}", "body": "<p>{{ sender.name }}</p>"},
    "owned": {"subject": "x", "body": "<p>{{ owner.name }} {{ contact.favourite | default: 'x' }}</p>"},
}


UPDATES: list[tuple[str, Any]] = [
    ("contact.lifecycle_stage", "Customer"),
    ("contact.first_name", "Ann"),
    ("account.industry", "Paper"),
    ("account.industry", "Steel"),
    ("opportunity.stage", "Won"),
    ("contact.score", 80),
    ("contact.tags", ["vip"]),
    ("contact.vip", True),
    ("contact.owner", USERS[1]),
    ("contact.city", None),
    ("contact.email", "ann@x.example"),
    ("contact.mobile", "+49 151 12345678"),
    ("contact.langs", ["vip"]),
    ("contact.met_on", date(2026, 5, 5)),
    ("account.employees", 500),
    ("account.tier", "Gold"),
    ("opportunity.amount", None),
    ("opportunity.close_on", date(2026, 5, 6)),
]
"""What adaptive steps write into fields."""


def condition(field: str, op: str, value: Any = None) -> Raw:
    return {"field": field, "op": op} | ({} if value is None else {"value": value})


def conditions_about(today: date) -> list[Raw]:
    """Conditions on properties that may stand anywhere."""
    return [
        condition("contact.lifecycle_stage", "is", "lead"),
        condition("contact.lifecycle_stage", "is_not", "Lead"),
        condition("contact.lifecycle_stage", "in", ["lead", "Customer"]),
        condition("contact.score", ">=", 50),
        condition("contact.score", "!=", 80),
        condition("contact.score", "between", [0, 80]),
        condition("contact.email", "not_empty"),
        condition("contact.email", "ends_with", "X.EXAMPLE"),
        condition("contact.city", "not_in", ["berlin"]),
        condition("contact.city", "empty"),
        condition("contact.first_name", "starts_with", "i"),
        condition("contact.tags", "has_any", ["fair", "expo"]),
        condition("contact.tags", "has_all", ["Fair", "VIP"]),
        condition("contact.tags", "has_none", ["vip"]),
        condition("contact.vip", "is", True),
        condition("contact.vip", "is", False),
        condition("contact.owner", "is", "me"),
        condition("contact.owner", "not_in", [USERS[1]]),
        condition("contact.account", "empty"),
        condition("contact.created_at", "in_last_days", 1),
        condition("contact.last_sent_at", "not_in_last_days", 2),
        condition("contact.last_opened_at", "on", today),
        condition("contact.last_contacted_mode", "in", ["no reply", "Opened but no reply"]),
        condition("contact.last_contacted_mode", "is_not", "Replied"),
        condition("contact.last_activity_type", "is", "call"),
        condition("contact.nothing", "is_not", "x"),
        condition("account.industry", "is", "PAPER"),
        condition("account.employees", "<", 100),
        condition("account.last_contacted_mode", "is", "No reply"),
        condition("account.name", "not_contains", "c"),
        condition("opportunity.stage", "is", "offer"),
        condition("opportunity.amount", "empty"),
    ]


BARE: dict[str, list[Raw]] = {
    "contact": [
        condition("lifecycle_stage", "is", "Lead"),
        condition("lifecycle_stage", "in", ["LEAD"]),
        condition("lifecycle_stage", "is_not", "Lost"),
        condition("score", "<", 81),
    ],
    "account": [condition("industry", "is_not", "Steel"), condition("employees", "!=", 50)],
    "opportunity": [
        condition("stage", "in", ["Offer", "Talk"]),
        condition("stage", "is", "Offer"),
        condition("amount", ">", 10),
    ],
}
"""Conditions on bare fields, by the record of the sequence."""


def moment(day: date, clock: str, own_zone: str, file_zone: str) -> str:
    """A local time of one zone as a file in another has it."""
    at = resolve(day, time.fromisoformat(clock), zone_named(own_zone))
    return f"{at.astimezone(zone_named(file_zone)):%Y-%m-%d %H:%M}"


def parsed(text: str, zone: str) -> datetime:
    """The instant of a moment as files have it."""
    at = datetime.fromisoformat(text)
    return resolve(at.date(), at.time(), zone_named(zone))
