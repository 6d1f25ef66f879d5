"""What the conditions of this tenant may name, and the values that one picks from: the database behind a builder."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from django.db.models import QuerySet

from audience.catalogue import catalogue, choices_of
from audience.conditions.parse import FieldRef, Scope, StepField
from audience.conditions.typed import Options
from audience.conditions.types import ME, FieldType
from audience.fields import ACCOUNT, Field
from audience.lists import companies_named, named
from audience.models import AccountTag, Contact, ContactTag, OpportunityTag
from audience.records import MODELS
from tenants.models import Member

TAGS = {"contact": ContactTag, "account": AccountTag, "opportunity": OpportunityTag}
MOST_TAGS = 300
MOST_FOUND = 20
Seen = Callable[[QuerySet[Any]], QuerySet[Any]]


def tenant_scope(
    record: str, *, steps: Mapping[str, str] | None = None, sequences: Iterable[str] | None = None
) -> Scope:
    """What conditions of this tenant may name. ``sequences`` are the names that exist; None: not looked at."""
    emails = Member.objects.filter(is_active=True).values_list("user__email", flat=True)
    names = None if sequences is None else frozenset(name.lower() for name in sequences)
    users = frozenset(email.lower() for email in emails)
    return Scope(record, catalogue(), steps=steps, users=users, sequences=names)


class TenantLists:
    """The values of fields that one picks from. Asks for each list once, and only when a row shows it.

    ``sequences`` gives the names of all sequences, ``outcomes`` those that each call step offers; ``me`` is what the
    value of that name is called; ``seen`` gives those of some records that who asks may see.
    """

    def __init__(
        self,
        sequences: Callable[[], Iterable[str]] = tuple,
        outcomes: Mapping[str, Sequence[str]] | None = None,
        me: str = "The owner of the sequence",
        seen: Seen = lambda records: records,
    ) -> None:
        self._sequences = sequences
        self._outcomes = outcomes or {}
        self._seen = seen
        self._me = me
        self._kept: dict[FieldRef, Options] = {}

    def options(self, ref: FieldRef) -> Options:
        """Pairs of value and label; none where the field has no list."""
        if ref not in self._kept:
            self._kept[ref] = self._asked(ref)
        return self._kept[ref]

    def named(self, ref: FieldRef, find: str, chosen: Sequence[str]) -> Options:
        """Companies or contacts to pick from: those chosen, then the first whose name begins so."""
        assert not isinstance(ref, StepField)
        records = self._seen(MODELS[ref.key].objects.order_by("pk"))
        ids = [int(text) for text in chosen if text.isascii() and text.isdigit() and len(text) < 19]
        known = {str(record.pk): _called(record) for record in records.filter(pk__in=ids)}
        picked = [(text, known.get(text, f"{text} (not found)")) for text in chosen]
        begin = companies_named if ref.key == ACCOUNT else named
        found = begin(records.exclude(pk__in=ids), find)[:MOST_FOUND]
        return [*picked, *((str(record.pk), _called(record)) for record in found)]

    def _asked(self, ref: FieldRef) -> Options:
        if isinstance(ref, StepField):
            return _plain(self._outcomes.get(ref.step, ()))
        if ref.type is FieldType.SEQUENCE:
            return _plain(self._sequences())
        if ref.type is FieldType.USER:
            return [(ME, self._me), *_members()]
        if ref.type is FieldType.TAGS:
            return _plain(_labels(ref))
        return _plain(choices_of(ref))


def _called(record: Any) -> str:
    """The name of a record; where several have it, the address or place tells them apart."""
    beside = record.email if isinstance(record, Contact) else record.city
    return f"{record.name} ({beside})" if beside and beside != record.name else record.name


def _plain(values: Iterable[str]) -> Options:
    return [(value, value) for value in values]


def _members() -> Options:
    rows = Member.objects.filter(is_active=True).order_by("user__name", "user__email")
    return [(email.lower(), name or email) for email, name in rows.values_list("user__email", "user__name")]


def _labels(field: Field) -> Iterable[str]:
    rows = TAGS[field.record]._default_manager.filter(field__key=field.key) if field.is_custom else None
    if rows is None:
        rows = TAGS[field.record]._default_manager.filter(field=None)
    return rows.order_by("label").values_list("label", flat=True).distinct()[:MOST_TAGS]
