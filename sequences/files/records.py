"""Reading users, records and the custom fields that they bring along (semantics 6.5). Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from audience.conditions.parse import is_custom_key
from audience.conditions.types import FieldType as T
from audience.conditions.values import Refused
from audience.fields import ACCOUNT, CONTACT, OPPORTUNITY, RECORDS, Catalogue, Field
from sequences.files import reading
from sequences.files.reading import Keys, Names
from sequences.files.setting import Setting
from sequences.files.specs import RecordSpec, UserSpec

PLURALS = {ACCOUNT: "accounts", CONTACT: "contacts", OPPORTUNITY: "opportunities"}
MOST_A_DAY = 1_000_000
MOST_OF_A_NAME = 200
NOBODY = "owner@stepwise.example"

ROLES = {
    **{key: key for key in ("admin", "sales_manager", "sequence_manager", "sales_rep", "read_only")},
    "administrator": "admin",
    "owner": "admin",
    "owner/admin": "admin",
    "manager": "sales_manager",
    "rep": "sales_rep",
    "analyst": "read_only",
    "read_only/analyst": "read_only",
}
"""The words by which a file names the ready roles (without case; a blank or hyphen is ``_``), and their keys."""


def read_users(keys: Keys, limit: int, setting: Setting) -> tuple[UserSpec, ...]:
    """The users; where the file names none there is one all the same, who owns its sequences."""
    users = tuple(_user(Keys(raw, place, keys.faults), limit, setting) for raw, place in keys.items("users"))
    _once([user.email for user in users], keys, "users", "email")
    return users or (UserSpec(NOBODY, "Owner", "rep", setting.timezone, limit),)


def _user(keys: Keys, limit: int, setting: Setting) -> UserSpec:
    email = keys.need("email", _address, NOBODY)
    signature = keys.take("signature", reading.text, "")
    setting.template(signature, (*keys.place, "signature"), html=True)
    user = UserSpec(
        email=email,
        name=keys.take("name", reading.up_to(MOST_OF_A_NAME), email.partition("@")[0]),
        role=keys.take("role", _role, "rep"),
        timezone=keys.take("timezone", reading.zone, setting.timezone),
        emails_per_day=keys.take("emails_per_day", reading.whole(0, MOST_A_DAY), limit),
        signature=signature,
    )
    keys.done()
    return user


def _role(raw: Any) -> str:
    word = re.sub(r"[\s-]+", "_", reading.written(raw).strip().lower())
    if word not in ROLES:
        raise Refused(f"“{raw}” is no role; possible: admin, manager, sequence_manager, rep, analyst")
    return word


def _address(raw: Any) -> str:
    found = reading.written(raw).strip().lower()
    if "@" not in found:
        raise Refused("an email address is wanted")
    return found


def user_names(users: Iterable[UserSpec]) -> Names:
    """What may name a user."""
    return Names.of("user", [user.email for user in users])


def custom_fields(raw: Mapping[str, Any]) -> list[Field]:
    """The fields that the records, updates and events of a document make, typed by their first value."""
    made: dict[tuple[str, str], Field] = {}
    standard = Catalogue()
    for record, key, value in _met(raw):
        known = standard.get(record, key) or (record, key) in made
        if not known and is_custom_key(key) and (type_ := _type_of(value)):
            made[record, key] = Field(record, key, key.replace("_", " "), type_, is_custom=True)
    return list(made.values())


def _type_of(value: Any) -> T | None:
    """The type of a custom field from a value; None where the value says nothing."""
    if isinstance(value, bool):
        return T.YES_NO
    if isinstance(value, (int, Decimal)):
        return T.NUMBER
    if isinstance(value, list):
        return T.TAGS
    if type(value) is date:
        return T.DATE
    return T.TEXT if isinstance(value, str) and value.strip() else None


def _met(raw: Mapping[str, Any]) -> Iterator[tuple[str, str, Any]]:
    """Record, key and value of everything that gives a field a value, in the order of the file."""
    yield from _met_in_records(raw)
    for sequence in _mappings(raw.get("sequences")):
        yield from _met_in_steps(sequence.get("steps"), str(sequence.get("record", CONTACT)))
    for event in _mappings(raw.get("timeline")):
        yield from _met_in_records(event)
        for record in RECORDS:
            if record in event and event.get("do") == "set":
                yield record, str(event.get("field")), event.get("value")
        record = _record_of(raw, event.get("sequence"))
        yield from _met_in_steps(event.get("steps"), record)


def _met_in_records(raw: Mapping[str, Any]) -> Iterator[tuple[str, str, Any]]:
    for record, plural in PLURALS.items():
        for one in _mappings(raw.get(plural)):
            for key, value in one.items():
                yield record, key, value


def _met_in_steps(steps: Any, record: str) -> Iterator[tuple[str, str, Any]]:
    for step in _mappings(steps):
        if step.get("kind") == "update_field":
            prefix, dot, key = str(step.get("field")).partition(".")
            yield (prefix, key, step.get("value")) if dot else (record, prefix, step.get("value"))
        yield from _met_in_steps(step.get("yes"), record)
        yield from _met_in_steps(step.get("no"), record)


def _record_of(raw: Mapping[str, Any], name: Any) -> str:
    for sequence in _mappings(raw.get("sequences")):
        if str(sequence.get("name")).casefold() == str(name).casefold():
            return str(sequence.get("record", CONTACT))
    return CONTACT


def _mappings(raw: Any) -> Iterator[Mapping[str, Any]]:
    for item in raw if isinstance(raw, list) else []:
        if isinstance(item, Mapping):
            yield item


def read_records(keys: Keys, setting: Setting) -> dict[str, tuple[RecordSpec, ...]]:
    """Accounts, contacts and opportunities, in this order, since the later ones refer to the earlier."""
    return {record: _records(record, keys, setting) for record in PLURALS}


def _records(record: str, keys: Keys, setting: Setting) -> tuple[RecordSpec, ...]:
    known = setting.records.setdefault(record, set())
    return tuple(
        _record(record, Keys(raw, place, keys.faults), known, setting)
        for raw, place in keys.items(PLURALS[record])
    )


def _record(record: str, keys: Keys, known: set[str], setting: Setting) -> RecordSpec:
    id_ = keys.need("id", reading.identifier, "")
    if id_ in known:
        keys.fault(f"the {record} “{id_}” is there twice", "id")
    known.add(id_)
    found = {key: read_value(record, key, keys, setting) for key in list(keys.left)}
    keys.done()
    return RecordSpec(record, id_, {key: value for key, value in found.items() if value is not None})


def read_value(record: str, key: str, keys: Keys, setting: Setting) -> Any:
    """The value behind a field's key of a record; None where it is empty or a fault."""
    field = setting.catalogue.get(record, key)
    if field is None and not is_custom_key(key):
        return None
    raw = keys.raw(key)
    try:
        if field is None and isinstance(raw, Mapping):
            raise Refused("a text, number, date, yes/no or list is wanted")
        return setting.field_value(field, raw) if field else None
    except Refused as refused:
        keys.fault(str(refused), key)
        return None


def _once(names: list[str], keys: Keys, key: str, what: str) -> None:
    for n, name in enumerate(names):
        if name.casefold() in {earlier.casefold() for earlier in names[:n]}:
            keys.fault(f"the {what} “{name}” is there twice", key, n)


def names_once(names: list[str], keys: Keys, key: str) -> None:
    """Names of a list that stand twice, without case, are faults."""
    _once(names, keys, key, "name")
